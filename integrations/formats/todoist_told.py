"""What Todoist says besides the list itself: webhooks, completed tasks, the activity log. Pure."""

import json
from datetime import datetime
from typing import Any

from integrations.formats.facts import BadFormat, CompletedPage, CompletedTask, Told
from integrations.formats.todoist import (
    LONGEST_CURSOR,
    LONGEST_ID,
    is_opaque,
    parse_due,
    parse_instant,
    parse_uid,
)


def parse_webhook(body: bytes) -> Told:
    """What the body of a webhook says that no read of the list would: that an occurrence of a task
    that recurs was completed, by the user. Everything else in it is left where it is. Raises
    BadFormat.
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadFormat("The webhook is not JSON.") from error
    if not isinstance(told, dict):
        raise BadFormat("The webhook is not an object.")
    account = told.get("user_id")
    if not is_opaque(account, LONGEST_ID):
        raise BadFormat("The webhook does not say whose it is.")
    item, more = told.get("event_data"), told.get("event_data_extra")
    if told.get("event_name") != "item:updated" or not isinstance(item, dict):
        return Told(account)
    intent = more.get("update_intent") if isinstance(more, dict) else None
    task, at = item.get("id"), parse_instant(told.get("triggered_at"))
    initiator = told.get("initiator")
    by = parse_uid(initiator.get("id")) if isinstance(initiator, dict) else ""
    if by and by != account:
        return Told(account)  # in a shared project others' work is told to all
    if intent != "item_completed" or not is_opaque(task, LONGEST_ID) or at is None:
        return Told(account)
    return Told(account, completed=task, at=at)


def parse_completed(body: Any) -> CompletedPage:
    """A page of `GET /tasks/completed/by_completion_date`. Raises BadFormat."""
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise BadFormat("Todoist's answer has no completed tasks.")
    found = (_completed(item) for item in items)
    return CompletedPage([task for task in found if task is not None], _next(body))


def _completed(item: Any) -> CompletedTask | None:
    if not isinstance(item, dict) or item.get("is_deleted") is True:
        return None
    external_id, at = item.get("id"), parse_instant(item.get("completed_at"))
    if not is_opaque(external_id, LONGEST_ID) or at is None:
        return None
    project_id, priority = item.get("project_id"), item.get("priority")
    due_on, _, due_at, recurring = parse_due(item.get("due"))
    return CompletedTask(
        external_id=external_id,
        completed_at=at,
        project_id=project_id if is_opaque(project_id, LONGEST_ID) else "",
        priority=priority if priority in (2, 3, 4) else 1,
        due_on=due_on,
        due_at=due_at,
        recurring=recurring,
        added_at=parse_instant(item.get("added_at")),
        completed_by=parse_uid(item.get("completed_by_uid")),
    )


def parse_activities(body: Any) -> tuple[dict[str, dict[datetime, str]], str]:
    """When tasks were completed, each time, and by whom if it says so, from a page of
    `GET /activities`; and where the next one is.

    Unlike the list of completed tasks, the log knows of those that recur. Raises BadFormat.
    """
    events = body.get("results") if isinstance(body, dict) else None
    if not isinstance(events, list):
        raise BadFormat("Todoist's answer is not an activity log.")
    done: dict[str, dict[datetime, str]] = {}
    for event in events:
        if not isinstance(event, dict) or event.get("event_type") != "completed":
            continue
        task, at = event.get("object_id"), parse_instant(event.get("event_date"))
        if event.get("object_type") in ("item", "task") and is_opaque(task, LONGEST_ID) and at:
            done.setdefault(task, {})[at] = parse_uid(event.get("initiator_id"))
    return done, _next(body)


def _next(body: dict[str, Any]) -> str:
    cursor = body.get("next_cursor")
    return cursor if is_opaque(cursor, LONGEST_CURSOR) else ""
