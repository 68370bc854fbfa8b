"""The REST half of API v1: tasks, projects, sections, labels, the user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request

from ..clock import moment
from ..world import the_world
from . import fields, tasks
from .access import caller, identify
from .account import Body
from .errors import invalid_argument, missing_argument
from .user import described

rest = Blueprint("todoist_rest", __name__, url_prefix="/todoist/api/v1")
rest.before_request(identify)

PAGE = 50
LARGEST_PAGE = 200
LONGEST_WINDOW_DAYS = 92


@rest.get("/tasks")
def list_tasks() -> Response:
    asked = request.args
    with the_world().account(caller(scope="data:read")) as account:
        found = account.live("items")
    for name in ("project_id", "section_id", "parent_id"):
        if name in asked:
            found = [task for task in found if task[name] == asked[name]]
    if "label" in asked:
        found = [task for task in found if asked["label"] in task["labels"]]
    if "ids" in asked:
        ids = {part.strip() for part in asked["ids"].split(",")}
        found = [task for task in found if task["id"] in ids]
    return _page(found)


@rest.post("/tasks")
def add_task() -> Response:
    with the_world().account(caller(scope="task:add")) as account:
        return jsonify(tasks.add(account, fields.from_rest(_json())))


@rest.get("/tasks/<id>")
def show_task(id: str) -> Response:
    with the_world().account(caller(scope="data:read")) as account:
        return jsonify(account.get("items", _opaque(id)))


@rest.post("/tasks/<id>")
def update_task(id: str) -> Response:
    with the_world().account(caller(scope="data:read_write")) as account:
        return jsonify(tasks.update(account, _opaque(id), fields.from_rest(_json())))


@rest.post("/tasks/<id>/close")
def close_task(id: str) -> Response:
    with the_world().account(caller(scope="data:read_write")) as account:
        tasks.close(account, _opaque(id))
    return jsonify(None)


@rest.post("/tasks/<id>/reopen")
def reopen_task(id: str) -> Response:
    with the_world().account(caller(scope="data:read_write")) as account:
        tasks.reopen(account, _opaque(id))
    return jsonify(None)


@rest.delete("/tasks/<id>")
def delete_task(id: str) -> Response:
    with the_world().account(caller(scope="data:delete")) as account:
        tasks.delete(account, _opaque(id))
    return jsonify(None)


@rest.get("/tasks/completed/by_completion_date")
def list_completed() -> Response:
    since, until = _moment("since"), _moment("until")
    if until < since:
        raise invalid_argument("until", "until is before since")
    if (until - since).days > LONGEST_WINDOW_DAYS:
        raise invalid_argument("until", "The window is longer than 3 months")
    with the_world().account(caller(scope="data:read")) as account:
        found = account.completions(since, until)
    # As on the real service: a task that recurs and moved on was never completed for this list.
    return _page([row for row in found if tasks.OCCURRENCE not in row], name="items")


@rest.get("/activities")
def list_activities() -> Response:
    """The log, of completions only: nothing else is written down here."""
    since = _day("date_from", datetime(1970, 1, 1, tzinfo=UTC))
    until = _day("date_to", datetime(2999, 1, 1, tzinfo=UTC)) + timedelta(days=1)
    kinds = request.args.get("object_event_types", "item:completed")
    with the_world().account(caller(scope="data:read")) as account:
        found = account.completions(since, until) if "item:completed" in kinds else []
    events = [
        {
            "id": f"{index}",
            "object_type": "item",
            "object_id": row["id"],
            "event_type": "completed",
            "event_date": row["completed_at"],
            "parent_project_id": row["project_id"],
            "parent_item_id": row["parent_id"],
            "initiator_id": row["completed_by_uid"],
            "extra_data": {
                "content": row["content"],
                "is_recurring": bool(row["due"] and row["due"]["is_recurring"]),
            },
        }
        for index, row in enumerate(found)
    ]
    return _page(events)


def _lister(kind: str) -> Callable[[], Response]:
    def lister() -> Response:
        with the_world().account(caller(scope="data:read")) as account:
            found = account.live(kind)
        if kind == "sections" and "project_id" in request.args:
            found = [row for row in found if row["project_id"] == request.args["project_id"]]
        return _page(found)

    return lister


for _kind in ("projects", "sections", "labels"):
    rest.add_url_rule(f"/{_kind}", f"list_{_kind}", _lister(_kind), methods=["GET"])


@rest.get("/user")
def show_user() -> Response:
    with the_world().account(caller(scope="data:read")) as account:
        return jsonify(described(account))


def _page(found: Sequence[Body], *, name: str = "results") -> Response:
    """One page of ``found``. A cursor fits only the query that it came from."""
    limit = request.args.get("limit", str(PAGE))
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= LARGEST_PAGE:
        raise invalid_argument("limit")
    same = {key: value for key, value in request.args.items() if key not in ("cursor", "limit")}
    query = [caller(scope="data:read").id, request.path, sorted(same.items())]
    start = 0
    if request.args.get("cursor"):
        parts = the_world().opaque.unseal(request.args["cursor"])
        # JSON has no tuples, so compare what both sides look like after the round trip.
        if parts is None or parts[0] != [*query[:2], [list(pair) for pair in query[2]]]:
            raise invalid_argument("cursor")
        start = parts[1]
    end = start + int(limit)
    more = the_world().opaque.seal(query, end) if end < len(found) else None
    return jsonify({name: found[start:end], "next_cursor": more})


def _json() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise invalid_argument("body", "The body must be a JSON object")
    return body


def _opaque(id: str) -> str:
    """Numeric ids belong to the APIs that were shut down; the real service refuses them too."""
    if id.isdigit():
        raise invalid_argument("task_id", "Numeric ids are not accepted")
    return id


def _day(name: str, otherwise: datetime) -> datetime:
    if name not in request.args:
        return otherwise
    try:
        return datetime.fromisoformat(request.args[name][:10]).replace(tzinfo=UTC)
    except ValueError:
        raise invalid_argument(name) from None


def _moment(name: str) -> datetime:
    if name not in request.args:
        raise missing_argument(name)
    try:
        return moment(request.args[name])
    except ValueError:
        raise invalid_argument(name) from None
