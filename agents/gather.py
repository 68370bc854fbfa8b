"""Collecting what agents may know, for many users in a handful of queries."""

from collections.abc import Iterable
from datetime import datetime

from accounts import preferences
from accounts.models import User
from accounts.zones import zone_of
from agents.library.base import EventFact, Inputs, TaskFact
from integrations.models import CalendarEvent, Task
from integrations.signals import signals_of


def gather(user_ids: Iterable[int], *, now: datetime) -> dict[int, tuple[Inputs, frozenset[str]]]:
    """For each active user: their inputs, and the sources that are connected."""
    users = list(User.objects.filter(pk__in=list(user_ids), is_active=True))
    ids = [user.pk for user in users]
    told = signals_of(ids, now=now)
    wants = preferences.of_users(ids)
    return {
        user.pk: (
            Inputs(
                user_id=user.pk,
                now=now.astimezone(zone_of(user.time_zone)),
                zone=zone_of(user.time_zone),
                tasks=tuple(map(_task, told[user.pk].tasks)),
                events=tuple(map(_event, told[user.pk].events)),
                done_at=told[user.pk].done_at,
                preferences=wants[user.pk],
            ),
            told[user.pk].connected,
        )
        for user in users
    }


def _task(task: Task) -> TaskFact:
    return TaskFact(
        id=task.pk,
        priority=task.priority,
        added_at=task.added_at,
        due_on=task.due_on,
        due_at=task.due_at,
        recurring=task.recurring,
    )


def _event(event: CalendarEvent) -> EventFact:
    return EventFact(event.pk, event.starts_at, event.ends_at, event.all_day)
