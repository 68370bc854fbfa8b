"""Collecting what agents may know, for many users in a handful of queries."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts import preferences
from accounts.models import User
from accounts.zones import zone_of
from agents.library.base import EventFact, Inputs, TaskFact
from integrations.models import CalendarEvent, Connection, Task

HISTORY = timedelta(days=28)
AHEAD = timedelta(days=2)


def gather(user_ids: Iterable[int], *, now: datetime) -> dict[int, tuple[Inputs, frozenset[str]]]:
    """For each active user: their inputs, and the sources that are connected."""
    users = list(User.objects.filter(pk__in=list(user_ids), is_active=True))
    ids = [user.pk for user in users]
    tasks: dict[int, list[TaskFact]] = defaultdict(list)
    for task in Task.objects.filter(user_id__in=ids, closed_at=None).order_by("pk"):
        tasks[task.user_id].append(
            TaskFact(
                id=task.pk,
                priority=task.priority,
                added_at=task.added_at,
                due_on=task.due_on,
                due_at=task.due_at,
                recurring=task.recurring,
            )
        )
    events: dict[int, list[EventFact]] = defaultdict(list)
    coming = CalendarEvent.objects.filter(
        user_id__in=ids, ends_at__gt=now, starts_at__lt=now + AHEAD
    )
    for event in coming.order_by("starts_at", "pk"):
        fact = EventFact(event.pk, event.starts_at, event.ends_at, event.all_day)
        events[event.user_id].append(fact)
    done: dict[int, list[datetime]] = defaultdict(list)
    completed = Task.objects.filter(
        user_id__in=ids, closed_as=Task.Closed.DONE, closed_at__gt=now - HISTORY
    )
    for user_id, closed_at in completed.order_by("closed_at").values_list("user_id", "closed_at"):
        assert closed_at is not None, "the filter above asks for it"
        done[user_id].append(closed_at)
    connected: dict[int, set[str]] = defaultdict(set)
    links = Connection.objects.filter(user_id__in=ids, status=Connection.Status.CONNECTED)
    for user_id, source in links.values_list("user_id", "source"):
        connected[user_id].add(source)
    wants = preferences.of_users(ids)
    return {
        user.pk: (
            Inputs(
                user_id=user.pk,
                now=now.astimezone(zone_of(user.time_zone)),
                zone=zone_of(user.time_zone),
                tasks=tuple(tasks[user.pk]),
                events=tuple(events[user.pk]),
                done_at=tuple(done[user.pk]),
                preferences=wants[user.pk],
            ),
            frozenset(connected[user.pk]),
        )
        for user in users
    }
