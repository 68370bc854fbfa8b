"""Reading task fields from what clients send: one reading for REST and for sync commands."""

from __future__ import annotations

from datetime import date
from typing import Any

from . import due as dues
from .account import Account, Body
from .errors import invalid_argument, not_found

CONTENT_LENGTH = 500
DESCRIPTION_LENGTH = 16_383
LABELS = 100


def from_rest(body: dict[str, Any]) -> dict[str, Any]:
    """REST arguments rewritten as the arguments of a sync command."""
    args = {key: value for key, value in body.items() if not key.startswith(("due", "deadline"))}
    if body.get("due_string") is not None:
        args["due"] = {"string": body["due_string"], "lang": body.get("due_lang")}
    for name in ("due_date", "due_datetime"):
        if body.get(name) is not None:
            args["due"] = {"date": body[name], "lang": body.get("due_lang")}
    if "deadline_date" in body:
        day = body["deadline_date"]
        args["deadline"] = None if day is None else {"date": day}
    if "duration" in body:
        amount = body["duration"]
        unit = body.get("duration_unit")
        args["duration"] = None if amount is None else {"amount": amount, "unit": unit}
    if "assignee_id" in body:
        args["responsible_uid"] = body["assignee_id"]
    if "order" in body:
        args["child_order"] = body["order"]
    return args


def changed_fields(account: Account, args: dict[str, Any]) -> Body:
    """The validated fields among ``args``; unknown arguments are ignored, as on the real service.

    Where a task lives (project, section, parent) is not a field to change: see ``placement``.
    """
    fields: Body = {}
    if "content" in args:
        fields["content"] = _text(args, "content", CONTENT_LENGTH)
        if not fields["content"].strip():
            raise invalid_argument("content")
    if "description" in args:
        fields["description"] = _text(args, "description", DESCRIPTION_LENGTH)
    if "labels" in args:
        fields["labels"] = _labels(args["labels"])
    if "priority" in args:
        fields["priority"] = _whole(args, "priority", 1, 4)
    for name in ("child_order", "day_order"):
        if name in args:
            fields[name] = _whole(args, name, -1, 100_000)
    if "is_collapsed" in args:
        fields["is_collapsed"] = bool(args["is_collapsed"])
    if "responsible_uid" in args:
        uid = args["responsible_uid"]
        if uid not in (None, account.persona.user_id):
            raise invalid_argument("assignee_id")
        fields["responsible_uid"] = uid
    if "due" in args:
        fields["due"] = dues.from_argument(args["due"], account.today, account.zone)
    if "deadline" in args:
        fields["deadline"] = _deadline(args["deadline"])
    if "duration" in args:
        fields["duration"] = _duration(args["duration"])
    return fields


def placement(account: Account, args: dict[str, Any]) -> Body:
    """Where a new task goes: beside its parent, in its section, in its project, or the inbox."""
    if args.get("parent_id") is not None:
        parent = _existing(account, "items", args["parent_id"], "parent_id")
        return {
            "parent_id": parent["id"],
            "project_id": parent["project_id"],
            "section_id": parent["section_id"],
        }
    if args.get("section_id") is not None:
        section = _existing(account, "sections", args["section_id"], "section_id")
        return {
            "parent_id": None,
            "project_id": section["project_id"],
            "section_id": section["id"],
        }
    if args.get("project_id") is not None:
        project = _existing(account, "projects", args["project_id"], "project_id")
    else:
        project = next(row for row in account.live("projects") if row["inbox_project"])
    return {"parent_id": None, "project_id": project["id"], "section_id": None}


def _existing(account: Account, kind: str, id: Any, argument: str) -> Body:
    # Numeric ids of the old APIs are refused, not looked up.
    if not isinstance(id, str) or id.isdigit():
        raise invalid_argument(argument)
    body = account.find(kind, id)
    if body is None or body.get("is_deleted") or body.get("checked"):
        raise not_found({"items": "Parent task", "sections": "Section"}.get(kind, "Project"))
    return body


def _text(args: dict[str, Any], name: str, length: int) -> str:
    value = args[name]
    if not isinstance(value, str) or len(value) > length:
        raise invalid_argument(name)
    return value


def _whole(args: dict[str, Any], name: str, low: int, high: int) -> int:
    value = args[name]
    if type(value) is not int or not low <= value <= high:
        raise invalid_argument(name)
    return value


def _labels(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > LABELS:
        raise invalid_argument("labels")
    if not all(isinstance(name, str) and name for name in value):
        raise invalid_argument("labels")
    return list(dict.fromkeys(value))


def _deadline(value: Any) -> Body | None:
    if value is None:
        return None
    try:
        return {"date": date.fromisoformat(value["date"]).isoformat(), "lang": "en"}
    except (TypeError, KeyError, ValueError):
        raise invalid_argument("deadline_date") from None


def _duration(value: Any) -> Body | None:
    if value is None:
        return None
    amount, unit = (value.get("amount"), value.get("unit")) if isinstance(value, dict) else (0, "")
    if type(amount) is not int or amount < 1 or unit not in ("minute", "day"):
        raise invalid_argument("duration")
    return {"amount": amount, "unit": unit}
