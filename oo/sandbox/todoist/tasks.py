"""What can be done with a task. REST, sync commands and the control page all come through here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..clock import stamp
from . import due as dues
from .account import Account, Body, Change, is_live, new_id
from .errors import missing_argument
from .fields import changed_fields, placement

# On a completion in the log that ended no task, so that the list of completed tasks leaves it out.
OCCURRENCE = "_occurrence"


def add(account: Account, args: dict[str, Any], *, id: str | None = None) -> Body:
    """A new task. Seeding brings its own ``id``."""
    if args.get("content") is None:
        raise missing_argument("content")
    place = placement(account, args)
    now, uid = stamp(account.now), account.persona.user_id
    siblings = [row for row in account.live("items") if row["project_id"] == place["project_id"]]
    task: Body = {
        "id": id or new_id(),
        "user_id": uid,
        **place,
        "content": "",
        "description": "",
        "labels": [],
        "priority": 1,
        "due": None,
        "deadline": None,
        "duration": None,
        "checked": False,
        "is_deleted": False,
        "is_collapsed": False,
        "added_at": now,
        "updated_at": now,
        "completed_at": None,
        "added_by_uid": uid,
        "assigned_by_uid": None,
        "responsible_uid": None,
        "completed_by_uid": None,
        "child_order": len(siblings) + 1,
        "day_order": -1,
        "note_count": 0,
        "goal_ids": [],
    }
    task |= changed_fields(account, args)
    account.put("items", task)
    account.announce(Change("item:added", task))
    return task


def update(account: Account, id: Any, args: dict[str, Any]) -> Body:
    """Change what ``args`` names; the rest stays."""
    return _change(account, account.get("items", id), changed_fields(account, args), "item_updated")


def assign(account: Account, id: Any, to: str | None) -> Body:
    """In a shared project: whose task it is to do. None is anybody's."""
    fields = {"responsible_uid": to, "assigned_by_uid": account.persona.user_id if to else None}
    return _change(account, account.get("items", id), fields, "responsible_uid_changed")


def close(account: Account, id: Any, *, by: str | None = None) -> None:
    """Tick a task off as a person would: a recurring one moves on and stays open.

    ``by`` is somebody with whom its project is shared.
    """
    task = account.get("items", id)
    if not (task["due"] and task["due"]["is_recurring"]):
        complete(account, id, by=by)
        return
    now, uid = stamp(account.now), by or task["user_id"]
    done = {**task, "checked": True, "completed_at": now, "completed_by_uid": uid}
    account.record_completion(done | {OCCURRENCE: True})
    due = dues.advanced(task["due"], account.today)
    _change(account, task, {"due": due}, "item_completed", by=by)


def complete(
    account: Account, id: Any, *, at: datetime | None = None, by: str | None = None
) -> None:
    """End a task for good, a recurring one too, and its subtasks with it."""
    task = account.get("items", id)
    moment = stamp(at or account.now)
    for one in [task, *_descendants(account, task)]:
        done = one | {
            "checked": True,
            "completed_at": moment,
            "completed_by_uid": by or one["user_id"],
            "updated_at": stamp(account.now),
        }
        account.put("items", done)
        account.record_completion(done)
        account.announce(Change("item:completed", done, by=by))


def reopen(account: Account, id: Any) -> None:
    """Bring a completed task back, and the completed tasks it sits under."""
    task: Body | None = account.get("items", id, completed=True)
    while task is not None and not task["is_deleted"]:
        if task["checked"]:
            back = task | {
                "checked": False,
                "completed_at": None,
                "completed_by_uid": None,
                "updated_at": stamp(account.now),
            }
            account.put("items", back)
            account.erase_last_completion(task["id"])
            account.announce(Change("item:uncompleted", back))
        task = account.find("items", task["parent_id"]) if task["parent_id"] else None


def delete(account: Account, id: Any) -> None:
    """Remove a task and its subtasks; what is left is a tombstone for incremental syncs."""
    task = account.get("items", id, completed=True)
    for one in [task, *_descendants(account, task)]:
        gone = one | {"is_deleted": True, "updated_at": stamp(account.now)}
        account.put("items", gone)
        account.announce(Change("item:deleted", gone))


def _change(
    account: Account, task: Body, fields: Body, intent: str, *, by: str | None = None
) -> Body:
    changed = task | fields | {"updated_at": stamp(account.now)}
    account.put("items", changed)
    account.announce(Change("item:updated", changed, old=task, intent=intent, by=by))
    return changed


def _descendants(account: Account, task: Body) -> list[Body]:
    open_tasks = [row for row in account.rows("items") if is_live(row)]
    found: list[Body] = []
    parents = {task["id"]}
    while parents:
        children = [row for row in open_tasks if row["parent_id"] in parents]
        found += children
        parents = {row["id"] for row in children}
    return found
