"""What may be posted to an endpoint of the user's: a strict schema, and every fault named. Pure."""

import json
import re
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from integrations.formats.facts import BadFormat, Closed, SeenTask, TaskPull

MOST_TASKS = 100
LONGEST_ID = 64
LONGEST_TITLE = 500
# What is outside is a mistake or a joke, and no arithmetic with it is safe in every time zone.
FIRST_YEAR, LAST_YEAR = 1900, 2999
MOST_FAULTS = 10
FORM = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)

# As JSON Schema 2020-12. It is shown to the user, and a test holds the parser below to it.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["tasks"],
    "additionalProperties": False,
    "properties": {
        "tasks": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_TASKS,
            "items": {
                "oneOf": [
                    {"$ref": "#/$defs/upsert"}, {"$ref": "#/$defs/done"}, {"$ref": "#/$defs/removed"},
                ]
            },
        }
    },
    "$defs": {
        "id": {"type": "string", "pattern": r"^[\x21-\x7e]+$", "maxLength": LONGEST_ID},
        "upsert": {
            "type": "object",
            "required": ["op", "id", "title"],
            "additionalProperties": False,
            "properties": {
                "op": {"const": "upsert"},
                "id": {"$ref": "#/$defs/id"},
                "title": {"type": "string", "minLength": 1, "maxLength": LONGEST_TITLE},
                "due": {
                    "type": ["string", "null"],
                    "description": "A day (2026-11-24), a time of day wherever you are "
                    "(2026-11-24T17:30) or an instant (2026-11-24T17:30:00+01:00).",
                },
                "priority": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1,
                             "description": "4 is the most urgent."},
            },
        },
        "done": {
            "type": "object",
            "required": ["op", "id"],
            "additionalProperties": False,
            "properties": {
                "op": {"const": "done"},
                "id": {"$ref": "#/$defs/id"},
                "at": {"type": "string", "format": "date-time"},
            },
        },
        "removed": {
            "type": "object",
            "required": ["op", "id"],
            "additionalProperties": False,
            "properties": {"op": {"const": "removed"}, "id": {"$ref": "#/$defs/id"}},
        },
    },
}  # fmt: skip

FIELDS = {
    "upsert": ({"op", "id", "title"}, {"due", "priority"}),
    "done": ({"op", "id"}, {"at"}),
    "removed": ({"op", "id"}, set()),
}


KNOWN = {"tasks"}.union(*(needed | optional for needed, optional in FIELDS.values()))


class BadBody(BadFormat):
    """The body breaks the schema. `faults` says where (a JSON pointer) and what is wrong.

    The message is for keeping: a field that is none of ours is a word of the sender's, and only the
    faults, which are the answer to them, have it.
    """

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        self.faults = faults
        where, says = faults[0]
        more = f" There are {len(faults) - 1} more." if len(faults) > 1 else ""
        # What is all digits is our number of a task: no field is named so, see _named.
        ours = [part if part in KNOWN or part.isdigit() else "…" for part in where.split("/")[1:]]
        super().__init__(f"{'/' + '/'.join(ours) if ours else 'The body'}: {says}{more}")


def parse_posted(body: bytes, *, now: datetime) -> TaskPull:
    """All of a body or nothing of it. Raises BadBody. `now` dates what was done without a date."""
    told = _json(body)
    if not isinstance(told, dict):
        raise BadBody([("", "It should be a JSON object.")])
    faults = [(f"/{key}", "There is no such field.") for key in _named(told) if key != "tasks"]
    tasks = told.get("tasks")
    if not isinstance(tasks, list) or not 0 < len(tasks) <= MOST_TASKS:
        faults.append(("/tasks", f"It should be a list of 1 to {MOST_TASKS} tasks."))
        raise BadBody(faults[:MOST_FAULTS])
    found: dict[str, SeenTask | Closed] = {}
    for index, task in enumerate(tasks):
        try:
            parsed = _task(task, f"/tasks/{index}", now)
        except BadBody as error:
            faults += error.faults
            continue
        if parsed.external_id in found:
            faults.append((f"/tasks/{index}/id", "A task can be in one delivery once."))
        found[parsed.external_id] = parsed
    if faults:
        raise BadBody(faults[:MOST_FAULTS])
    return TaskPull(
        open=[one for one in found.values() if isinstance(one, SeenTask)],
        closed=[one for one in found.values() if isinstance(one, Closed)],
        complete=False,
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_number
        )
    except UnicodeDecodeError:
        raise BadBody([("", "It is not UTF-8.")]) from None
    except RecursionError:
        raise BadBody([("", "It is nested too deeply.")]) from None
    except BadBody:
        raise
    except ValueError as error:
        # Where, and not what: the message of json's own error quotes nothing of the body.
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadBody([("", f"It is not JSON{where}.")]) from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadBody([("", "A field is given twice.")])
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _named(told: dict[str, Any]) -> list[str]:
    """The names of the fields, as they can be shown and kept: a stranger's may be anything."""
    return [key if key.isidentifier() and key.isascii() and len(key) <= 40 else "…" for key in told]


def _task(task: Any, where: str, now: datetime) -> SeenTask | Closed:
    if not isinstance(task, dict):
        raise BadBody([(where, "It should be an object.")])
    op = task.get("op")
    if not isinstance(op, str) or op not in FIELDS:
        raise BadBody([(f"{where}/op", "It should be upsert, done or removed.")])
    needed, optional = FIELDS[op]
    faults = [
        (f"{where}/{key}", f"There is no such field with {op}.")
        for key in _named(task)
        if key not in needed | optional
    ]
    faults += [(f"{where}/{key}", "It is missing.") for key in sorted(needed - task.keys())]
    if "id" in task and not _is_id(task["id"]):
        faults.append(
            (f"{where}/id", f"It should be text of 1 to {LONGEST_ID} characters, ASCII, no spaces.")
        )
    if faults:
        raise BadBody(faults)
    if op == "removed":
        return Closed(task["id"])
    if op == "done":
        return Closed(task["id"], completed_at=_at(task, where, now))
    return _upsert(task, where)


def _is_id(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_ID
        and all("!" <= character <= "~" for character in value)
    )


def _at(task: dict[str, Any], where: str, now: datetime) -> datetime:
    if "at" not in task:
        return now
    moment = _moment(task["at"])
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise BadBody([(f"{where}/at", "It should be an instant, as 2026-11-24T17:30:00Z.")])
    return moment.astimezone(UTC)


def _upsert(task: dict[str, Any], where: str) -> SeenTask:
    faults = []
    title = task["title"]
    if not isinstance(title, str) or not title.strip() or len(title) > LONGEST_TITLE:
        faults.append((f"{where}/title", f"It should be text of 1 to {LONGEST_TITLE} characters."))
    elif "\0" in title or not _is_whole(title):
        faults.append((f"{where}/title", "It holds half a character, or a NUL."))
    priority = task.get("priority", 1)
    if type(priority) is not int or not 1 <= priority <= 4:
        faults.append((f"{where}/priority", "It should be 1, 2, 3 or 4; 4 is the most urgent."))
    due = task.get("due")
    moment = None if due is None else _moment(due)
    if due is not None and moment is None:
        faults.append(
            (
                f"{where}/due",
                "It should be as 2026-11-24, 2026-11-24T17:30 or 2026-11-24T17:30:00Z.",
            )
        )
    if faults:
        raise BadBody(faults)
    on, local, at = _placed(moment)
    return SeenTask(
        external_id=task["id"],
        title=title.strip(),
        priority=priority,
        due_on=on,
        due_local=local,
        due_at=at,
    )


def _placed(moment: date | None) -> tuple[date | None, datetime | None, datetime | None]:
    """`(day, floating time, instant)`, as a task has them."""
    if not isinstance(moment, datetime):
        return moment, None, None
    if moment.tzinfo is None:
        return moment.date(), moment, None
    return moment.date(), None, moment.astimezone(UTC)


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _moment(text: Any) -> date | None:
    """A date, or a datetime with or without a zone, of a text in the one form that is taken."""
    if not isinstance(text, str) or not FORM.fullmatch(text):
        return None
    try:
        moment = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return moment if FIRST_YEAR <= moment.year <= LAST_YEAR else None
