"""From candidates to what a policy may know of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from agents.models import Candidate
from recommender.bandit.features import Facts, Moment, all_named, silence
from recommender.contenders import Contender

SECONDS_A_DAY = 86_400
# A reminder is about now, so it weighs like an urgent task; the user's own priority counts if higher.
REMINDER_PRIORITY = 3

Row = dict[str, float]
Columns = dict[str, Any]
"""By name: a list of one value per action, None where it is not known; or one value for all."""


def moment_of(local: datetime, meeting: datetime | None) -> Moment:
    """The moment as a policy sees it. `meeting` is when the next meeting begins, or one began."""
    if meeting is None:
        return Moment(local)
    return Moment(local, (meeting - local).total_seconds() / 60)


def facts_of(one: Contender, local: datetime) -> Facts:
    """What is known of one candidate at a local moment."""
    if one.added_at is None:
        age = (local - one.created_at).total_seconds() / SECONDS_A_DAY
        priority = REMINDER_PRIORITY if one.kind == Candidate.Kind.REMINDER else 1
        return Facts(one.kind, age_days=max(age, 0.0), priority=priority)
    today = local.date()
    if one.due_at is not None:
        overdue = one.due_at < local
        due_today = not overdue and one.due_at.astimezone(local.tzinfo).date() == today
    else:
        overdue = one.due_on is not None and one.due_on < today
        due_today = one.due_on == today
    priority = one.priority or 1
    if one.kind == Candidate.Kind.REMINDER:
        priority = max(priority, REMINDER_PRIORITY)
    age = (local - one.added_at).total_seconds() / SECONDS_A_DAY
    return Facts(one.kind, overdue, max(age, 0.0), priority, due_today)


def rows_of(living: Sequence[Contender], moment: Moment) -> list[Row]:
    """Raw named features, a dict for each candidate."""
    return all_named((facts_of(one, moment.local) for one in living), moment)


def silent_row(moment: Moment) -> Row:
    """Raw named features of saying nothing."""
    return silence(moment)


def pack(rows: Sequence[Row]) -> Columns:
    """Rows as columns; what is the same in every row becomes one number."""
    packed: Columns = {}
    for name in sorted({name for row in rows for name in row}):
        packed[name] = alike([row.get(name) for row in rows])
    return packed


def alike(column: list[Any]) -> Any:
    """One value where all are the same."""
    return column[0] if len(set(column)) == 1 else column


def unpack(packed: Mapping[str, Any], count: int) -> list[Row]:
    """What `pack` packed."""
    rows: list[Row] = [{} for _ in range(count)]
    for name, column in packed.items():
        values = column if isinstance(column, list) else [column] * count
        for row, value in zip(rows, values, strict=True):
            if value is not None:
                row[name] = value
    return rows
