"""Is oO well? The findings of all health checks, shared for a few seconds by all who ask."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from oo.lib.health import Finding, State, examine

SHARED_FOR = timedelta(seconds=10)
ASK_AGAIN_SECONDS = 15


@dataclass(frozen=True)
class Report:
    """What the checks found, and when they looked."""

    at: datetime
    findings: dict[str, Finding]

    @property
    def state(self) -> State:
        states = {finding.state for finding in self.findings.values()}
        return "fail" if "fail" in states else "warn" if "warn" in states else "ok"

    @property
    def troubles(self) -> dict[str, Finding]:
        """What is not well, the worst first."""
        bad = [(name, f) for name, f in self.findings.items() if f.state != "ok"]
        return dict(sorted(bad, key=lambda item: item[1].state != "fail"))

    @property
    def says(self) -> str:
        if self.state == "ok":
            return "oO is well."
        names = [name for name, f in self.findings.items() if f.state == self.state]
        listed = ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]
        return f"Look at {listed}."


_last: Report | None = None
_looking = threading.Lock()


def latest() -> Report | None:
    """The last report, however old, without looking."""
    return _last


def report(now: datetime) -> Report:
    """A report at most ten seconds old, or the last one while somebody else is just looking.

    Looking takes a second, and a few when the broker does not answer: each check is bounded.
    """
    global _last
    seen = _last
    if seen and timedelta(0) <= now - seen.at < SHARED_FOR:
        return seen
    if seen and _looking.locked():
        return seen
    with _looking:
        if _last is not seen and _last is not None:
            return _last  # the one we waited for has looked
        _last = Report(now, examine(now))
        return _last


def forget() -> None:
    """For tests: the next report looks anew."""
    global _last
    _last = None
