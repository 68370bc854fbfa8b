"""What was asked of the world lately, with every secret struck out. Kept in memory."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Iterable
from typing import Any

LENGTH = 1000

SECRET_HEADERS = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization"})
# In a query string: anything that could be used again by whoever reads the log.
SECRET_PARAMETERS = re.compile(r"(?i)\b([a-z_]*(?:token|secret|code|code_verifier))=[^&]*")


class Journal:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[dict[str, Any]] = deque(maxlen=LENGTH)

    def write(
        self,
        *,
        at: str,
        method: str,
        path: str,
        query: str,
        headers: Iterable[tuple[str, str]],
        status: int | None,
        fault: str | None,
        milliseconds: int,
    ) -> None:
        """``status`` is None when the fault left the request without an answer."""
        entry = {
            "at": at,
            "method": method,
            "path": path,
            "query": SECRET_PARAMETERS.sub(r"\1=[hidden]", query),
            "headers": {name: _shown(name, value) for name, value in headers},
            "status": status,
            "fault": fault,
            "milliseconds": milliseconds,
        }
        with self._lock:
            self._entries.append(entry)

    def entries(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def _shown(name: str, value: str) -> str:
    if name.lower() not in SECRET_HEADERS:
        return value
    scheme, _, rest = value.partition(" ")
    return f"{scheme} [hidden]" if rest and name.lower() == "authorization" else "[hidden]"
