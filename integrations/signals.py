"""One view over all sources: what is known of people's worlds now, and how old it is."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from integrations.freshness import input_of, is_stale
from integrations.models import CalendarEvent, Connection, HealthDay, Task
from integrations.source import Input

Row = TypeVar("Row", Task, CalendarEvent, HealthDay)

AHEAD = timedelta(days=2)
HISTORY = timedelta(days=28)
HEALTH_DAYS = 14


@dataclass(frozen=True)
class Age:
    """One connection: when it was last read, and whether that is longer ago than promised."""

    source: str
    input: Input | None
    read_at: datetime | None
    stale: bool


@dataclass(frozen=True)
class Signals:
    """All that the sources told of one user, without a word of theirs."""

    tasks: tuple[Task, ...] = ()
    events: tuple[CalendarEvent, ...] = ()
    done_at: tuple[datetime, ...] = ()  # completions of the last 28 days, oldest first
    health: tuple[HealthDay, ...] = ()  # of the last 14 days, oldest first
    ages: tuple[Age, ...] = ()
    connected: frozenset[str] = frozenset()

    def age(self, input: Input, *, now: datetime) -> timedelta | None:
        """How old the oldest of a kind of input is; None when there is none, or none was read."""
        read = [one.read_at for one in self.ages if one.input == input and one.read_at]
        return now - min(read) if read else None

    def stale(self, input: Input) -> bool:
        """Whether some of a kind of input is older than promised."""
        return any(one.stale for one in self.ages if one.input == input)


def signals_of(
    user_ids: Iterable[int], *, now: datetime, ahead: timedelta = AHEAD
) -> dict[int, Signals]:
    """For each of these users, in five queries for however many."""
    ids = list(user_ids)
    tasks = _by_user(Task.objects.filter(user_id__in=ids, closed_at=None).order_by("pk"))
    events = _by_user(
        CalendarEvent.objects.filter(
            user_id__in=ids, ends_at__gt=now, starts_at__lt=now + ahead
        ).order_by("starts_at", "pk")
    )
    since = (now - timedelta(days=HEALTH_DAYS)).date()
    health = _by_user(
        HealthDay.objects.filter(user_id__in=ids, day__gte=since).order_by("day", "pk")
    )
    done: dict[int, list[datetime]] = defaultdict(list)
    completed = Task.objects.filter(
        user_id__in=ids, closed_as=Task.Closed.DONE, closed_at__gt=now - HISTORY
    )
    for user_id, closed_at in completed.order_by("closed_at").values_list("user_id", "closed_at"):
        assert closed_at is not None, "the filter above asks for it"
        done[user_id].append(closed_at)
    ages: dict[int, list[Age]] = defaultdict(list)
    connected: dict[int, set[str]] = defaultdict(set)
    links = Connection.objects.filter(user_id__in=ids).order_by("created_at", "pk")
    for link in links.only("user_id", "source", "status", "synced_at"):
        ages[link.user_id].append(
            Age(
                source=link.source,
                input=input_of(link.source),
                read_at=link.synced_at,
                stale=is_stale(link.source, link.synced_at, now=now),
            )
        )
        if link.status == Connection.Status.CONNECTED:
            connected[link.user_id].add(link.source)
    return {
        user_id: Signals(
            tasks=tuple(tasks[user_id]),
            events=tuple(events[user_id]),
            done_at=tuple(done[user_id]),
            health=tuple(health[user_id]),
            ages=tuple(ages[user_id]),
            connected=frozenset(connected[user_id]),
        )
        for user_id in ids
    }


def _by_user(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.user_id].append(row)
    return found
