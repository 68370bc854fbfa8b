"""The writer that needs no model: turns facts and snippets into candidate tips. Pure.

Wording is calm: it never counts days or items, never blames, never hurries. User text is not here;
`{title}` marks where the renderer puts it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from agents.library.base import EventFact, Inputs, Snippet, TaskFact, is_overdue
from agents.writing import insights, lint
from agents.writing.advices import Advice, end_of_moment, select
from agents.writing.draft import MODEL as MODEL
from agents.writing.draft import PROMPT_VERSION as PROMPT_VERSION
from agents.writing.draft import TipCandidate as TipCandidate
from agents.writing.draft import end_of_day

MOST_TASKS = 80
MOST_REMINDERS = 8  # of tasks, and of events: the nearest
ADVICES_AT_ONCE = 3  # one that is answered makes way for another at the next refresh
SOON = timedelta(hours=2)  # a task with a time is worth a reminder this long before it
EVENT_SOON = timedelta(minutes=90)
TASK_STAYS = timedelta(hours=24)
SETTLED_AFTER = timedelta(days=60)  # a task this old, without a date, is asked about, not offered


def write(inputs: Inputs, snippets: Mapping[str, Snippet]) -> list[TipCandidate]:
    """The candidates for one user now, at most about a hundred."""
    late, focus = _facts(snippets, "overdue-task"), _facts(snippets, "focus-area")
    let_go, soft = frozenset(late.get("let_go_ids", ())), frozenset(late.get("soft_ids", ()))
    areas = frozenset(focus.get("areas", ()))

    def rank(task: TaskFact) -> tuple[bool, int, bool, float]:
        passed = task.id in let_go or task.id in soft
        return _rank(task, inputs.now, passed=passed, in_area=task.project in areas)

    ranked = sorted(inputs.tasks, key=rank)
    candidates = [
        _task(task, inputs.now, let_go=task.id in let_go, soft=task.id in soft)
        for task in _once(ranked)[:MOST_TASKS]
    ]
    due = [r for task in _once(ranked, timed=True) if (r := _task_reminder(task, inputs.now))]
    coming = [r for event in inputs.events if (r := _event_reminder(event, inputs.now))]
    for reminders in (due, coming):
        candidates += sorted(reminders, key=lambda one: one.expires_at)[:MOST_REMINDERS]
    candidates += insights.write(inputs, snippets)
    candidates += _advices(inputs, snippets)
    return [one for one in candidates if _passes(one.content, one.kind)]


@lru_cache(maxsize=10_000)
def _passes(content: str, kind: str) -> bool:
    """Our own sentences are linted as anybody's. There are few, so each is looked at once."""
    return not lint.faults(content, kind)


def _once(tasks: Iterable[TaskFact], *, timed: bool = False) -> list[TaskFact]:
    """Of tasks that say the same only the first: the others come up when it is done. `timed`: only
    the first of each time.
    """
    first: dict[tuple[int, datetime | None], TaskFact] = {}
    for task in tasks:
        first.setdefault((task.twin or task.id, task.due_at if timed else None), task)
    return list(first.values())


def _facts(snippets: Mapping[str, Snippet], agent_id: str) -> Mapping[str, Any]:
    return snippets[agent_id].facts if agent_id in snippets else {}


def _rank(
    task: TaskFact, now: datetime, *, passed: bool, in_area: bool
) -> tuple[bool, int, bool, float]:
    """Which tasks get a place at all: dated ones up to tomorrow, unless their day has passed and means
    little, then urgent, then of the lists worked on most, then newest.
    """
    tomorrow = now.date() + timedelta(days=1)
    near = task.due_on is not None and task.due_on <= tomorrow and not passed
    return (not near, -task.priority, not in_area, -task.added_at.timestamp())


def _task(
    task: TaskFact, now: datetime, *, let_go: bool = False, soft: bool = False
) -> TipCandidate:
    """`let_go` is past its day by more than the user gives things, `soft` in a list where days give way."""
    today = now.date()
    passed = let_go or soft
    until = now + TASK_STAYS
    if let_go:
        content = "Still on your mind? {title}"
    elif soft:
        content = "{title}"
    elif is_overdue(task, now):
        content = "Would now be a good time? {title}"
    elif task.due_on == today:
        content, until = "Today: {title}", min(until, end_of_day(now))
    elif task.due_on is None and now - task.added_at > SETTLED_AFTER:
        content = "Still on your mind? {title}"
    else:
        content = "{title}"
    return TipCandidate(
        key=f"task:{task.id}",
        kind="task",
        content=content,
        source="tasks",
        confidence=0.9 if task.due_on and task.due_on <= today and not passed else 0.6,
        expires_at=until,
        task_id=task.id,
        cluster=task.cluster,
    )


def _task_reminder(task: TaskFact, now: datetime) -> TipCandidate | None:
    if task.due_at is None or not now < task.due_at <= now + SOON:
        return None
    return TipCandidate(
        key=f"due:{task.id}",
        kind="reminder",
        content=f"At {task.due_at.astimezone(now.tzinfo):%H:%M}: {{title}}",
        source="tasks",
        confidence=1.0,
        expires_at=task.due_at,
        task_id=task.id,
        cluster=task.cluster,
    )


def _event_reminder(event: EventFact, now: datetime) -> TipCandidate | None:
    starts = event.starts_at.astimezone(now.tzinfo)
    if event.all_day:
        if starts.date() != now.date():
            return None
        content, until = "Today is {title}.", min(event.ends_at, end_of_day(now))
    else:
        if not now < event.starts_at <= now + EVENT_SOON:
            return None
        content, until = f"{{title}} begins at {starts:%H:%M}.", event.starts_at
    return TipCandidate(
        key=f"event:{event.id}",
        kind="reminder",
        content=content,
        source="calendar",
        confidence=1.0,
        expires_at=until,
        event_id=event.id,
    )


def _advices(inputs: Inputs, snippets: Mapping[str, Snippet]) -> list[TipCandidate]:
    return [
        TipCandidate(
            key=advice.key,
            kind="advice",
            content=advice.text,
            source="oo",
            confidence=0.4,
            expires_at=end_of_moment(advice, inputs.now),
            topic=advice.topic,
            claims=_claims(advice, snippets),
        )
        for advice in select(inputs, snippets, ADVICES_AT_ONCE)
    ]


def _claims(advice: Advice, snippets: Mapping[str, Snippet]) -> Mapping[str, Any]:
    """What an advice rests on: one that fits only who is short of energy goes when nobody may know that."""
    if advice.moment.energy != "low":
        return {}
    return {"energy.level": snippets["energy"].facts["level"]}
