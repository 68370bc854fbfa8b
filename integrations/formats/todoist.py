"""Todoist's API v1 objects into values. Pure, and distrustful: what makes no sense is left out."""

from datetime import UTC, date, datetime, tzinfo
from typing import Any, TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from integrations.formats.facts import BadFormat, Closed, SeenTask, TaskPull

LONGEST_TITLE = 500
LONGEST_ID = 64
LONGEST_CURSOR = 1000
# What is outside is a mistake or a joke, and no arithmetic with it is safe in every time zone.
FIRST_YEAR, LAST_YEAR = 1900, 2999


def parse_sync(body: Any, *, now: datetime) -> TaskPull:
    """The reply of `POST /sync` for items. Raises BadFormat when it isn't one.

    `now` dates completions that came without a date.
    """
    if not isinstance(body, dict) or not isinstance(body.get("items"), list):
        raise BadFormat("Todoist's answer is not a sync reply.")
    cursor = body.get("sync_token")
    if not is_opaque(cursor, LONGEST_CURSOR):
        raise BadFormat("Todoist's answer has no sync token.")
    open_tasks: list[SeenTask] = []
    closed: list[Closed] = []
    refused = 0
    for item in body["items"]:
        try:
            parsed = parse_item(item, now=now)
        except BadFormat:
            refused += 1
            continue
        if isinstance(parsed, Closed):
            closed.append(parsed)
        else:
            open_tasks.append(parsed)
    return TaskPull(
        open=open_tasks,
        closed=closed,
        complete=body.get("full_sync") is True,
        cursor=cursor,
        refused=refused,
        account=_account(body.get("user")),
    )


def _account(user: Any) -> str:
    """Whose account it is. The object holds a token and an address as well, which stay in it."""
    return parse_uid(user.get("id")) if isinstance(user, dict) else ""


def parse_uid(uid: Any) -> str:
    """The id of a person in Todoist; empty where there is none."""
    return uid if is_opaque(uid, LONGEST_ID) else ""


def due_day(due: Any, *, zone: tzinfo) -> date | None:
    """The day something is due: where its time is fixed, that of its own zone, else of `zone`."""
    day, _, fixed, _ = parse_due(due)
    return day if fixed is None else fixed.astimezone(_zone(due.get("timezone"), zone)).date()


def put_off(due: Any, day: date, *, zone: tzinfo) -> dict[str, Any]:
    """The due date, as a command sets it, moved to a day: its time of day and its zone stay (if it
    has none that we know, it is `zone`), and a task that recurs goes on to, which takes the words it
    was made with.
    """
    if not isinstance(due, dict) or not isinstance(due.get("date"), str):
        return {"date": day.isoformat()}
    _, local, fixed, recurring = parse_due(due)
    named, moved = due.get("timezone"), day.isoformat()
    if local is not None:
        moved = datetime.combine(day, local.time()).isoformat()
    elif fixed is not None:
        there = _zone(named, zone)
        at = datetime.combine(day, fixed.astimezone(there).time(), there).astimezone(UTC)
        moved = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    put = {"date": moved, "timezone": named, "is_recurring": recurring}
    if recurring:
        put["string"] = due.get("string")
    return {k: v for k, v in {**put, "lang": due.get("lang")}.items() if v is not None}


def _zone(name: Any, otherwise: tzinfo) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return otherwise


def parse_item(item: Any, *, now: datetime) -> SeenTask | Closed:
    """One task object. Raises BadFormat."""
    if not isinstance(item, dict):
        raise BadFormat("A task is not an object.")
    external_id = item.get("id")
    if not is_opaque(external_id, LONGEST_ID):
        raise BadFormat("A task has no usable id.")
    if item.get("is_deleted") is True:
        return Closed(external_id)
    # Completed rows have been seen with `checked` false, so the date counts as well.
    if item.get("checked") is True or item.get("completed_at"):
        when = parse_instant(item.get("completed_at")) or parse_instant(item.get("updated_at"))
        by = parse_uid(item.get("completed_by_uid"))
        return Closed(external_id, completed_at=when or now, completed_by=by)
    content = item.get("content")
    if not isinstance(content, str) or not content.strip():
        raise BadFormat("A task has no text.")
    if content.startswith("* "):
        return Closed(external_id)  # a header line, which is no task (any more)
    project_id = item.get("project_id")
    priority = item.get("priority")
    due_on, due_local, due_at, recurring = parse_due(item.get("due"))
    return SeenTask(
        external_id=external_id,
        # JSON can spell halves of characters, which nothing else can write.
        title=content.strip()[:LONGEST_TITLE].encode(errors="replace").decode(),
        project_id=project_id if is_opaque(project_id, LONGEST_ID) else "",
        priority=priority if priority in (2, 3, 4) else 1,
        due_on=due_on,
        due_local=due_local,
        due_at=due_at,
        recurring=recurring,
        added_at=parse_instant(item.get("added_at")),
        assigned_to=parse_uid(item.get("responsible_uid")),
    )


def parse_due(due: Any) -> tuple[date | None, datetime | None, datetime | None, bool]:
    """`(day, floating time, fixed time, recurring)` from the three shapes of a due date."""
    if not isinstance(due, dict) or not isinstance(due.get("date"), str):
        return None, None, None, False
    text, recurring = due["date"], due.get("is_recurring") is True
    try:
        day = date.fromisoformat(text[:10])
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            return None, None, None, recurring
        if len(text) == 10:
            return day, None, None, recurring
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None, None, None, recurring
    if moment.tzinfo is None:
        return day, moment, None, recurring
    return day, None, moment.astimezone(UTC), recurring


def parse_instant(text: Any) -> datetime | None:
    """A timestamp with or without fractions, as aware UTC; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def is_opaque(value: Any, longest: int) -> TypeGuard[str]:
    """Whether this can be an id or a token: short, and nothing that a database or a header refuses."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= longest
        and value.isascii()
        and value.isprintable()
    )
