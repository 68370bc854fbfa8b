"""The queue of connections to be read: whose turn it is, how long the next one waits, and why."""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import models
from django.db.models import Case, F, Q, Value, When

from integrations.formats.ical_reply import LONGEST_REST
from integrations.models import Connection
from integrations.source import sources
from oo.lib.claim import claim

LEASE = timedelta(minutes=3)
SHORTEST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
MOST_RETRY_AFTER = timedelta(days=1)
GONE_WAIT = timedelta(days=1)  # of people who may not sign in; their connections are not read
MOST_SPREAD = 0.1  # of a wait
MOST_PASSED = 200  # of those at once
# A source that answered nobody so many times in a row is left alone for a while: waiting for it, one
# connection after another, would take the workers from all that needs no source.
SILENT_AFTER = 5
SILENT_SECONDS = 60


def take_turns(*, now: datetime, limit: int) -> Iterator[Connection]:
    """Claims up to `limit` connections whose time has come, each only when its turn has come.

    The sources take turns, so that none with a long queue holds up the others. What one claim costs
    does not depend on how many connections there are or are due: each is one step in an index, past
    nothing but what is being read just now.
    """
    waiting = deque(sources.ids())
    # From another source each second, since a sweep may come for a single one.
    waiting.rotate(-(int(now.timestamp()) % max(len(waiting), 1)))
    taken = passed = 0
    while waiting and taken < limit and passed < MOST_PASSED:
        source_id = waiting.popleft()
        if is_silent(source_id):
            continue
        rows = next_of(source_id, now=now)
        for connection in claim(rows, now=now, lease=LEASE, limit=1):
            waiting.append(source_id)
            if connection.user.is_active:
                taken += 1
                yield connection
            else:
                passed += 1
                settle(connection, now=now, wait=GONE_WAIT)


def pull_in(*, now: datetime) -> int:
    """Makes due what waits for longer than anything may. Returns how many that were.

    A clock that was ahead for a while and was put back leaves such waits, and such leases.
    """
    longest = max(MOST_RETRY_AFTER, GONE_WAIT, LONGEST_REST, *map(interval, sources.ids()))
    longest += longest * MOST_SPREAD + LEASE
    queue = Connection.objects.filter(
        source__in=sources.ids(), status=Connection.Status.CONNECTED, due_at__isnull=False
    )
    count = queue.filter(due_at__gt=now + longest).update(due_at=now)
    # Only among what is due, so that the index finds them.
    queue.filter(due_at__lte=now, claimed_until__gt=now + 2 * LEASE).update(
        claim_token=None, claimed_until=None
    )
    return count


def next_of(source_id: str, *, now: datetime) -> "models.QuerySet[Connection]":
    """The connections of one source whose time has come, the longest due first."""
    return Connection.objects.filter(
        source=source_id, status=Connection.Status.CONNECTED, due_at__lte=now
    ).order_by("due_at")


def interval(source_id: str) -> timedelta:
    """How long a connection of this source rests after a read in which nothing went wrong."""
    own = sources.get(source_id).every_seconds if source_id in sources else 0
    return timedelta(seconds=own or settings.SYNC_EVERY_SECONDS)


def spend_a_read(user_id: int, *, now: datetime) -> timedelta | None:
    """Counts a read against its user's budget. How long to wait when that is used up, else None.

    Nobody's many connections take the workers from all others. Without a cache nothing is counted.
    """
    hour, past = divmod(int(now.timestamp()), 3600)
    key = f"reads:{user_id}:{hour}"
    cache.add(key, 0, timeout=7200)
    with suppress(ValueError):
        if cache.incr(key) > settings.READS_PER_HOUR:
            return timedelta(seconds=3600 - past)
    return None


def push_away(
    connection: Connection, code: str, *, retry_after: float | None = None, now: datetime
) -> None:
    """Notes trouble, and waits: longer each time, and at least as long as the source asks for."""
    wait = min(SHORTEST_WAIT * 2 ** min(connection.failures, 10), LONGEST_WAIT)
    if retry_after:
        asked = timedelta(seconds=min(retry_after, MOST_RETRY_AFTER.total_seconds()))
        wait = max(wait, asked)
    settle(connection, now=now, failures=connection.failures + 1, trouble=code, wait=wait)


def settle(
    connection: Connection,
    *,
    now: datetime,
    wait: timedelta,
    failures: int = 0,
    trouble: str = "",
    **more: datetime,
) -> None:
    """Ends a claim: the connection is next read after `wait`. Nothing is ever taken off the queue.

    One that was made due since it was claimed stays so, unless there was trouble: the read may have
    been past what it was made due for.
    """
    # Spread by the id, so that connections made in one minute don't stay in step for ever.
    spread = wait * MOST_SPREAD * (connection.pk.int % 100) / 100
    due_at = now + wait + spread
    made_due = ~Q(due_at=connection.due_at) & Q(due_at__lt=due_at)
    kept = Case(When(made_due, then=F("due_at")), default=Value(due_at, models.DateTimeField()))
    Connection.objects.filter(pk=connection.pk, claim_token=connection.claim_token).update(
        claim_token=None,
        claimed_until=None,
        failures=failures,
        trouble=trouble,
        due_at=due_at if trouble else kept,
        **more,
    )


def is_silent(source_id: str) -> bool:
    """Whether a source is to be left alone for now."""
    return (cache.get(_silence(source_id)) or 0) >= SILENT_AFTER


def note_silence(source_id: str) -> bool:
    """Counts that a source did not answer; whether it is to be left alone now."""
    key = _silence(source_id)
    cache.add(key, 0, timeout=SILENT_SECONDS)
    with suppress(ValueError):  # it ran out just now, or Redis is down
        return cache.incr(key) >= SILENT_AFTER
    return False


def note_answer(source_id: str) -> None:
    cache.delete(_silence(source_id))


def _silence(source_id: str) -> str:
    return f"silent:{source_id}"
