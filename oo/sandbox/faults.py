"""Faults on demand: what a service on a bad day answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

KINDS = frozenset(
    {"slow", "403", "429", "500", "revoked", "garbage", "truncated", "html", "hang", "wrong_types"}
)
# The request is carried out and only its answer is spoiled: the case where a client cannot know.
SPOILS_THE_ANSWER = frozenset({"truncated", "wrong_types"})
DEFAULT_SECONDS = {"slow": 2.0, "403": 30.0, "429": 30.0, "hang": 3600.0}


@dataclass
class Fault:
    """One kind of trouble for every path under a prefix, for some times or until removed."""

    path: str
    kind: str
    times: int | None = None
    seconds: float = 0.0

    @classmethod
    def parse(cls, body: Any) -> Fault:
        """Read a fault from a JSON body. Raises ValueError with a sentence for the caller."""
        if not isinstance(body, dict):
            raise ValueError("a fault is a JSON object")
        unknown = body.keys() - {"path", "kind", "times", "seconds"}
        if unknown:
            raise ValueError(f"unknown keys: {', '.join(sorted(unknown))}")
        path, kind, times = body.get("path"), str(body.get("kind")), body.get("times")
        if not isinstance(path, str) or not path.startswith("/"):
            raise ValueError("path is a prefix that begins with /")
        if kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(sorted(KINDS))}")
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError("times is a whole number from 1, or null for always")
        seconds = body.get("seconds")
        if seconds is None:
            seconds = DEFAULT_SECONDS.get(kind, 0.0)
        if type(seconds) not in (int, float) or not 0 <= seconds <= 86_400:
            raise ValueError("seconds is a number from 0 to 86400")
        return cls(path, kind, times, float(seconds))

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "kind": self.kind,
            "times": self.times,
            "seconds": self.seconds,
        }


class Faults:
    """The faults in force. Kept in memory: a restarted world has good days only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._stopping = threading.Event()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.as_json() for fault in self._faults]

    def strike(self, path: str) -> Fault | None:
        """The oldest fault that covers ``path``, one use of it spent."""
        with self._lock:
            for fault in self._faults:
                if path.startswith(fault.path):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times == 0:
                            self._faults.remove(fault)
                    return fault
        return None

    def wait(self, seconds: float) -> None:
        """Sleep, but not past the end of the world."""
        self._stopping.wait(seconds)

    def stop(self) -> None:
        self._stopping.set()


def wrong_types(value: Any) -> Any:
    """The same JSON with leaves of other types, as after a careless change on the other side."""
    if isinstance(value, dict):
        return {key: wrong_types(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return {str(index): wrong_types(inner) for index, inner in enumerate(value)}
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return [value]
    return 0
