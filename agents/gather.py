"""Collecting what agents may know, for many users in a handful of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from accounts import contexts, preferences
from accounts.models import Consent, User
from accounts.zones import zone_of
from agents.grounds import Grounds, grounds_of
from agents.library.base import (
    Agent,
    DoneFact,
    EventFact,
    HealthFact,
    History,
    Inputs,
    TaskFact,
)
from agents.models import Candidate, TaskCluster
from agents.registry import keys_by_consent
from integrations.models import CalendarEvent, HealthDay, Task
from integrations.signals import Signals, signals_of

Told = TypeVar("Told", Inputs, History)


class Known(NamedTuple):
    """What is known of one user, and on what ground agents may know of it."""

    inputs: Inputs
    grounds: Grounds


class Past(NamedTuple):
    """What a year told of one user, and on what ground agents may know of it."""

    history: History
    grounds: Grounds


def gather(user_ids: Iterable[int], *, now: datetime) -> dict[int, Known]:
    """For each active user: their inputs, and what they allow."""
    users = list(User.objects.filter(pk__in=list(user_ids), is_active=True))
    ids = [user.pk for user in users]
    told = signals_of(ids, now=now)
    wants = preferences.wishes(ids)
    grounds = grounds_of(ids, now=now)
    situations = contexts.holding(ids, now=now)
    alike = _alike(ids)
    resting = _resting(ids, now)
    return {
        user.pk: Known(
            Inputs(
                user_id=user.pk,
                now=now.astimezone(zone_of(user.time_zone)),
                zone=zone_of(user.time_zone),
                tasks=tuple(_task(task, alike) for task in told[user.pk].tasks),
                events=tuple(map(_event, told[user.pk].events)),
                done_at=told[user.pk].done_at,
                health=tuple(map(_health, told[user.pk].health)),
                contexts=situations.get(user.pk, frozenset()),
                preferences=wants[user.pk].values,
                said=frozenset(wants[user.pk].said),
                forgotten=wants[user.pk].forgotten,
                stale=_stale(told[user.pk]),
                resting=frozenset(resting[user.pk]),
            ),
            grounds[user.pk],
        )
        for user in users
    }


def histories(user_ids: Iterable[int], *, now: datetime, since: datetime) -> dict[int, Past]:
    """For each active user: what is known of them from after `since`, and what they allow.

    A task that recurs tells when it was last completed, not every time: it is no part of what was
    done until it is closed.
    """
    users = list(User.objects.filter(pk__in=list(user_ids), is_active=True))
    ids = [user.pk for user in users]
    grounds = grounds_of(ids, now=now)
    alike = _alike(ids)
    done: dict[int, list[DoneFact]] = defaultdict(list)
    open_: dict[int, list[TaskFact]] = defaultdict(list)
    for task in Task.objects.filter(user_id__in=ids, closed_at=None).order_by("pk"):
        open_[task.user_id].append(_task(task, alike))
    finished = Task.objects.filter(
        user_id__in=ids, closed_as=Task.Closed.DONE, closed_at__gt=since, closed_at__lte=now
    )
    # A year is long: as plain tuples it is read in half the time.
    for user_id, at, added_at, due_on, project, recurring in finished.order_by(
        "closed_at", "pk"
    ).values_list("user_id", "closed_at", "added_at", "due_on", "project_ref", "recurring"):
        assert at is not None, "the filter above asks for it"
        done[user_id].append(DoneFact(at, added_at, due_on, project, recurring))
    events: dict[int, list[EventFact]] = defaultdict(list)
    occurred = CalendarEvent.objects.filter(user_id__in=ids, ends_at__gt=since, starts_at__lte=now)
    for event in occurred.order_by("starts_at", "pk"):
        events[event.user_id].append(_event(event))
    health: dict[int, list[HealthFact]] = defaultdict(list)
    # The latest "today" there is: that of each user is looked at below.
    days = HealthDay.objects.filter(
        user_id__in=ids, day__gt=since.date(), day__lte=(now + timedelta(hours=14)).date()
    )
    today = {user.pk: now.astimezone(zone_of(user.time_zone)).date() for user in users}
    for day in days.order_by("day", "pk"):
        if day.day <= today[day.user_id]:
            health[day.user_id].append(_health(day))
    return {
        user.pk: Past(
            History(
                user_id=user.pk,
                now=now.astimezone(zone_of(user.time_zone)),
                zone=zone_of(user.time_zone),
                done=tuple(done[user.pk]),
                tasks=tuple(open_[user.pk]),
                events=tuple(events[user.pk]),
                health=tuple(health[user.pk]),
            ),
            grounds[user.pk],
        )
        for user in users
    }


def seen_by(agent: Agent, told: Told) -> Told:
    """What of it this agent gets to see: health, and what is usual of it, only if its manifest asks
    for that consent; and never what only the writer goes by.
    """
    less: dict[str, Any] = {}
    if isinstance(told, Inputs):
        less["resting"] = frozenset()
    if Consent.Document.HEALTH not in agent.manifest.consents:
        less["health"] = ()
        if isinstance(told, Inputs):
            usual = keys_by_consent(Consent.Document.HEALTH)
            less["preferences"] = {k: v for k, v in told.preferences.items() if k not in usual}
            less["said"] = told.said - usual
    return replace(told, **less)


def after(history: History, moment: datetime) -> History:
    """The history without anything from before a moment."""
    day = moment.astimezone(history.zone).date()
    return replace(
        history,
        done=tuple(fact for fact in history.done if fact.at > moment),
        tasks=tuple(fact for fact in history.tasks if fact.added_at > moment),
        events=tuple(fact for fact in history.events if fact.starts_at > moment),
        health=tuple(fact for fact in history.health if fact.day > day),
    )


def _resting(user_ids: Iterable[int], now: datetime) -> Mapping[int, set[str]]:
    """The keys of the advices that rest, by user."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = Candidate.objects.filter(
        user_id__in=user_ids, kind=Candidate.Kind.ADVICE, resting_until__gt=now
    )
    for user_id, key in rows.values_list("user_id", "key"):
        found[user_id].add(key)
    return found


class Alike(NamedTuple):
    """What an open task is alike to: see agents.cluster."""

    cluster: str = ""
    twin: int | None = None


def _alike(user_ids: Iterable[int]) -> Mapping[int, Alike]:
    """Which open tasks are alike, by the task's id."""
    rows = TaskCluster.objects.filter(task__user_id__in=user_ids, task__closed_at=None)
    told = rows.values_list("task_id", "cluster", "twin_id")
    return {pk: Alike(cluster, twin) for pk, cluster, twin in told}


def _task(task: Task, alike: Mapping[int, Alike]) -> TaskFact:
    like = alike.get(task.pk, Alike())
    return TaskFact(
        id=task.pk,
        priority=task.priority,
        added_at=task.added_at,
        due_on=task.due_on,
        due_at=task.due_at,
        recurring=task.recurring,
        project=task.project_ref,
        cluster=like.cluster,
        twin=like.twin,
    )


def _stale(told: Signals) -> frozenset[str]:
    """Of what an agent asks: how a calendar goes on is only known from a fresh one."""
    return frozenset(("calendar",)) if told.stale("calendar") else frozenset()


def _event(event: CalendarEvent) -> EventFact:
    return EventFact(event.pk, event.starts_at, event.ends_at, event.all_day, event.kind)


def _health(day: HealthDay) -> HealthFact:
    return HealthFact(day.day, day.measure, day.value)
