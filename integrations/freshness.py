"""How old what we know may be; and reading a user's sources because they look now.

What is too old is asked for on the request path and read off it: nobody who looks waits for another
company. Until then it is used as it is, with its age known (integrations/signals.py).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache

from integrations.jobs import sync_connections
from integrations.source import Input, sources
from oo.lib.jobs import wake


@dataclass(frozen=True)
class Sla:
    """A kind of input: how old it may be, and the subjects that say what was made of it is old."""

    within: timedelta
    invalidated_by: tuple[str, ...]


_CUT = "signals.connection.changed"
SLAS: dict[Input, Sla] = {
    "tasks": Sla(timedelta(minutes=15), ("signals.task.synced", "signals.task.completed", _CUT)),
    "calendar": Sla(timedelta(minutes=30), ("signals.calendar.changed", _CUT)),
    "health": Sla(timedelta(days=2), ("signals.health.sampled", _CUT)),
}
# Where a source can't keep what its kind of input promises.
OF_SOURCE: dict[str, timedelta] = {
    # A feed is published anew every few hours by most who publish one, and read every half hour.
    "ical_feed": timedelta(hours=1),
    # A file is as old as its user lets it get; two weeks is the window it was read for.
    "ical": timedelta(days=14),
    "todotxt": timedelta(days=14),
}


def input_of(source_id: str) -> Input | None:
    """What a source tells of; None for one that is not installed (any more)."""
    return sources.get(source_id).gives if source_id in sources else None


def within(source_id: str) -> timedelta | None:
    """How old what this source told may be."""
    kind = input_of(source_id)
    return OF_SOURCE.get(source_id, SLAS[kind].within) if kind else None


def is_stale(source_id: str, read_at: datetime | None, *, now: datetime) -> bool:
    """Whether it is older than promised. What was never read is; what is posted to us never is.

    What was read in the future was read by a clock that was ahead: nobody knows how old it is.
    """
    if source_id not in sources:
        return True
    if sources.get(source_id).kind == "endpoint":
        return False
    allowed = within(source_id)
    if read_at is None or allowed is None:
        return True
    return not timedelta(0) <= now - read_at <= allowed


def freshen(user_id: int) -> None:
    """Has the user's sources read, at most once in FRESH_SECONDS. No query, no waiting."""
    if cache.add(f"fresh:{user_id}", 1, timeout=settings.FRESH_SECONDS):
        wake(sync_connections, user_id)
