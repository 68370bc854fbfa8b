"""Health checks, registered by the floors; the doctor and the console's health page show them all."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

log = logging.getLogger(__name__)

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """What one check saw: a plain sentence, and the command or step that mends it."""

    state: State
    says: str
    fix: str = ""


Check = Callable[[datetime], Finding]

_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    _checks[name] = check


def examine(now: datetime) -> dict[str, Finding]:
    """Runs every check, in the order of registration. A check that raises is a finding too."""
    found: dict[str, Finding] = {}
    for name, check in _checks.items():
        try:
            found[name] = check(now)
        except Exception as error:
            log.exception("health check %s", name)
            found[name] = Finding(
                "fail", f"The check itself failed: {type(error).__name__}: {error}"
            )
    return found
