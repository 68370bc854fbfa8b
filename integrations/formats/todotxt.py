"""A todo.txt file into values. Pure.

Each line is a task: `(A) 2026-11-01 Call Zoë +home @phone due:2026-11-20 rec:1w`, or, once it is done,
`x 2026-11-19 2026-11-01 Call Zoë ...`. A line has no id, so what it says is its id: all of it but its
priority and its dates, and which one it is of several that say the same.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from integrations.formats.facts import BadFormat, Closed, SeenTask, TaskPull

MOST_LINES = 20_000
LONGEST_TITLE = 500
PRIORITIES = {"A": 4, "B": 3, "C": 2}  # D and all others are normal, as are those without
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2200, 1, 1)

NOT_ONE = "This is not a todo.txt file: it should be plain text in UTF-8, a task on each line."
TOO_MANY = f"This file has more than {MOST_LINES:,} lines. Archive what is done, then try again."
NO_TASK = "There is no task in this file. It should have one on each line."

_DATE = r"\d{4}-\d\d-\d\d"
_DONE = re.compile(rf"x (?:({_DATE}) )?(?:({_DATE}) )?")
_OPEN = re.compile(rf"(?:\(([A-Z])\) )?(?:({_DATE}) )?")
_TAG = re.compile(r"(?:^|(?<=\s))(due|rec|t|pri):(\S+)")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_PROJECT = re.compile(r"(?:^|(?<=\s))\+(\S+)")


@dataclass(frozen=True)
class _Line:
    says: str  # without priority, dates and tags: also what tells it from others
    done: bool
    priority: int = 1
    due_on: date | None = None
    recurring: bool = False
    project: str = ""
    added_on: date | None = None
    done_on: date | None = None


def parse(data: bytes, *, zone: tzinfo, now: datetime) -> TaskPull:
    """All of a file. What was done in it, and what isn't in it any more, is closed.

    Ids and projects are the words themselves: whoever keeps them hashes them first. Raises BadFormat.
    """
    lines = _lines(data)
    found = [line for line in map(_understand, lines) if line is not None]
    if not found:
        raise BadFormat(NO_TASK)
    # The open ones are counted first: of a task that recurs, the one ahead stays the same task.
    numbers: Counter[str] = Counter()
    opened, closed = [], []
    done: dict[str, datetime] = {}
    for line in sorted(found, key=lambda line: line.done):
        external_id = f"{line.says}\n{numbers[line.says]}"
        numbers[line.says] += 1
        if not line.done:
            opened.append(_seen(line, external_id, zone))
            continue
        at = min(_noon(line.done_on, zone), now) if line.done_on else now
        closed.append(Closed(external_id=external_id, completed_at=at))
        if line.recurring:
            ahead = f"{line.says}\n0"
            done[ahead] = max(at, done.get(ahead, at))
    still = {task.external_id for task in opened}
    return TaskPull(
        open=opened,
        closed=closed,
        done={ahead: [at] for ahead, at in done.items() if ahead in still},
    )


def _lines(data: bytes) -> list[str]:
    if b"\0" in data:
        raise BadFormat(NOT_ONE)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFormat(NOT_ONE) from None
    if (
        text.lstrip()[:15]
        .upper()
        .startswith(("BEGIN:VCALENDAR", "<!DOCTYPE", "<HTML", "<?XML", "{\\RTF"))
    ):
        raise BadFormat(NOT_ONE)
    # Not splitlines(): it splits at characters that may be inside a task.
    lines = [line.strip() for line in re.split(r"\r\n|\n|\r", text)]
    lines = [line for line in lines if line]
    if len(lines) > MOST_LINES:
        raise BadFormat(TOO_MANY)
    return lines


def _understand(line: str) -> _Line | None:
    """None for a line that says nothing: a rule between others, a mark."""
    done = _DONE.match(line)
    head = done or _OPEN.match(line)
    assert head is not None, "all of it is optional"
    rest = line[head.end() :]
    tags = dict(_TAG.findall(rest))
    says = " ".join(_UNPRINTABLE.sub("", _TAG.sub("", rest)).split())
    if not re.search(r"\w", says):
        return None
    project = _PROJECT.search(rest)
    letter = "" if done else head[1] or ""
    days = [_day(head[1]), _day(head[2])] if done else [None, _day(head[2])]
    return _Line(
        says=says[:LONGEST_TITLE],
        done=done is not None,
        priority=PRIORITIES.get(letter, 1),
        due_on=_day(tags.get("due")),
        recurring="rec" in tags,
        project=project[1] if project else "",
        added_on=days[1],
        done_on=days[0],
    )


def _seen(line: _Line, external_id: str, zone: tzinfo) -> SeenTask:
    return SeenTask(
        external_id=external_id,
        title=line.says,
        project_id=line.project,
        priority=line.priority,
        due_on=line.due_on,
        recurring=line.recurring,
        added_at=_noon(line.added_on, zone) if line.added_on else None,
    )


def _day(text: str | None) -> date | None:
    """None for a date that there isn't: the task is there all the same."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if FIRST_DAY <= day < LAST_DAY else None


def _noon(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(12), zone).astimezone(UTC)
