"""The first day of a persona's task list: the outline, moved to today."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from ..clock import stamp
from ..todoist import due as dues
from ..todoist import tasks
from ..todoist.account import ID_ALPHABET, Account, Body, new_id
from ..todoist.recurrence import Rule
from .outline import Entry, Outline

COLORS = ("charcoal", "teal", "berry_red", "olive_green", "lavender", "sky_blue", "yellow", "taupe")
HISTORY_DAYS = 60
# How often somebody really does what they planned to do again and again.
DILIGENCE = 0.8


def plant(account: Account, outline: Outline, rng: Random) -> None:
    """Write projects, labels, open tasks and sixty days of history.

    The same persona on the same date grows the same list, ids included.
    """
    _projects(account, outline, rng)
    for entry in outline.open:
        task = _open_task(account, entry, rng)
        for child in entry.subtasks:
            _open_task(account, child, rng, parent=task["id"])
        if task["due"] and task["due"]["is_recurring"]:
            _past_occurrences(account, task, rng)
    for entry in outline.done:
        _done_task(account, entry, rng)


def arguments(account: Account, entry: Entry, today: date) -> dict[str, Any]:
    """The arguments of ``tasks.add`` for an entry, with its days counted from ``today``."""
    args: dict[str, Any] = {
        "content": entry.title,
        "description": entry.description,
        "labels": entry.labels,
        "priority": entry.priority,
        "due": _due(account, entry, today),
    }
    args |= _place(account, entry)
    if entry.deadline is not None:
        args["deadline"] = {"date": (today + timedelta(days=entry.deadline)).isoformat()}
    if entry.duration:
        args["duration"] = dict(zip(("amount", "unit"), entry.duration, strict=True))
    return args


def drawn_id(rng: Random) -> str:
    return new_id(rng.choices(ID_ALPHABET, k=14))


def local_moment(account: Account, day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=account.zone)


def waking_hour(rng: Random) -> time:
    """A time of day at which people tick things off: mornings and, more often, evenings."""
    hour = rng.gauss(9.5, 1.5) if rng.random() < 0.4 else rng.gauss(18, 2.5)
    minutes = round(min(max(hour, 6.0), 23.5) * 60)
    return time(minutes // 60, minutes % 60, rng.randrange(60))


def _projects(account: Account, outline: Outline, rng: Random) -> None:
    entries = outline.every()
    born = stamp(account.now - timedelta(days=HISTORY_DAYS * 3))
    # dict.fromkeys, not a set: the order of the list is the order of the projects.
    names = dict.fromkeys(entry.project for entry in entries if entry.project)
    for order, name in enumerate(["Inbox", *names]):
        project = _project(drawn_id(rng), name, order, born)
        account.put("projects", project)
        sections = dict.fromkeys(e.section for e in entries if e.project == name and e.section)
        for place, title in enumerate(sections, start=1):
            account.put("sections", _section(account, drawn_id(rng), project["id"], title, place))
    labels = dict.fromkeys(label for entry in entries for label in entry.labels)
    for order, name in enumerate(labels, start=1):
        label = {
            "id": str(2_170_000_000 + rng.randrange(9_999_999)),
            "name": name,
            "color": COLORS[order % len(COLORS)],
            "order": order,
            "is_favorite": order == 1,
            "is_deleted": False,
        }
        account.put("labels", label)


def _open_task(account: Account, entry: Entry, rng: Random, parent: str | None = None) -> Body:
    # Something due long ago was written down before that.
    age = rng.randint(1, 20) + max(0, -(entry.day or 0))
    added = local_moment(account, account.today - timedelta(days=age), waking_hour(rng))
    args = arguments(account, entry, account.today)
    if parent:
        args["parent_id"] = parent
    return tasks.add(account.at(added), args, id=drawn_id(rng))


def _done_task(account: Account, entry: Entry, rng: Random) -> None:
    assert entry.done is not None, f"{entry.title!r} does not say when it was done"
    day = account.today + timedelta(days=entry.done)
    done = local_moment(account, day, entry.at or waking_hour(rng))
    added = done - timedelta(days=rng.randint(1, 12), minutes=rng.randrange(300))
    args = {"content": entry.title, "labels": entry.labels, "priority": entry.priority}
    task = tasks.add(account.at(added), args | _place(account, entry), id=drawn_id(rng))
    tasks.complete(account.at(done), task["id"])


def _past_occurrences(account: Account, task: Body, rng: Random) -> None:
    """The occurrences of the last sixty days, most of them completed."""
    when = dues.read_phrase(task["due"]["string"], account.today)
    assert when is not None
    assert when.rule is not None
    last = dues.local_day(task["due"], account.zone)
    day = when.rule.first(last - timedelta(days=_stride(when.rule)))
    while day < min(last, account.today):
        if rng.random() < DILIGENCE:
            done = _near(account, day, when.at, rng)
            due = {**task["due"], "date": day.isoformat() + task["due"]["date"][10:]}
            moment = {"completed_at": stamp(done), "completed_by_uid": task["user_id"]}
            account.record_completion(
                task | {"due": due, "checked": True, tasks.OCCURRENCE: True} | moment
            )
        day = when.rule.after(day)


def _stride(rule: Rule) -> int:
    """About sixty days, in whole steps of the rule so that the series meets its next date."""
    step = rule.every * {"day": 1, "week": 7, "month": 30, "year": 365}[rule.unit]
    return step * (HISTORY_DAYS // step)


def _near(account: Account, day: date, at: time | None, rng: Random) -> datetime:
    planned = local_moment(account, day, at or waking_hour(rng))
    return planned + timedelta(minutes=rng.randint(-10, 90)) if at else planned


def _due(account: Account, entry: Entry, today: date) -> dict[str, Any] | None:
    if entry.phrase:
        when = dues.read_phrase(entry.phrase, today)
        if when is None or when.rule is None:
            raise ValueError(f"{entry.title!r}: {entry.phrase!r} is not a repetition")
        day = when.day if entry.day is None else today + timedelta(days=entry.day)
        at, string = when.at, entry.phrase
    elif entry.day is not None:
        day, at = today + timedelta(days=entry.day), entry.at
        string = f"{day:%b} {day.day}" + (f" {at:%H:%M}" if at else "")
    else:
        return None
    shown = day.isoformat() + (f"T{at:%H:%M:%S}" if at else "")
    due = {"date": shown, "string": string, "lang": "en"}
    return dues.fixed_in(due, account.zone) if entry.fixed else due


def _place(account: Account, entry: Entry) -> dict[str, str]:
    if entry.project is None:
        return {}
    project = next(row for row in account.live("projects") if row["name"] == entry.project)
    if entry.section is None:
        return {"project_id": project["id"]}
    section = next(
        row
        for row in account.live("sections")
        if (row["project_id"], row["name"]) == (project["id"], entry.section)
    )
    return {"section_id": section["id"]}


def _project(id: str, name: str, order: int, born: str) -> Body:
    return {
        "id": id,
        "name": name,
        "description": "",
        "parent_id": None,
        "folder_id": None,
        "workspace_id": None,
        "child_order": order,
        "default_order": order,
        "color": COLORS[order % len(COLORS)],
        "can_assign_tasks": False,
        "inbox_project": order == 0,
        "is_archived": False,
        "is_collapsed": False,
        "is_deleted": False,
        "is_favorite": order == 1,
        "is_frozen": False,
        "is_shared": False,
        "view_style": "list",
        "created_at": born,
        "updated_at": born,
    }


def _section(account: Account, id: str, project: str, name: str, order: int) -> Body:
    now = stamp(account.now)
    return {
        "id": id,
        "user_id": account.persona.user_id,
        "project_id": project,
        "name": name,
        "section_order": order,
        "is_archived": False,
        "is_collapsed": False,
        "is_deleted": False,
        "added_at": now,
        "updated_at": now,
        "archived_at": None,
    }
