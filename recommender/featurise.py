"""From candidates to what a policy may know of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agents.models import Candidate
from recommender.bandit.features import Facts, Moment, named
from recommender.contenders import Contender

SECONDS_A_DAY = 86_400
# A reminder is about now, so it weighs like an urgent task; the user's own priority counts if higher.
REMINDER_PRIORITY = 3

Row = dict[str, float]


def facts_of(one: Contender, local: datetime) -> Facts:
    """What is known of one candidate at a local moment."""
    if one.added_at is None:
        age = (local - one.created_at).total_seconds() / SECONDS_A_DAY
        priority = REMINDER_PRIORITY if one.kind == Candidate.Kind.REMINDER else 1
        return Facts(one.kind, age_days=max(age, 0.0), priority=priority)
    if one.due_at is not None:
        overdue = one.due_at < local
    else:
        overdue = one.due_on is not None and one.due_on < local.date()
    priority = one.priority or 1
    if one.kind == Candidate.Kind.REMINDER:
        priority = max(priority, REMINDER_PRIORITY)
    age = (local - one.added_at).total_seconds() / SECONDS_A_DAY
    return Facts(one.kind, is_overdue=overdue, age_days=max(age, 0.0), priority=priority)


def rows_of(living: Sequence[Contender], local: datetime) -> list[Row]:
    """Raw named features, a dict for each candidate."""
    moment = Moment(local)
    return [named(facts_of(one, local), moment) for one in living]


def pack(rows: Sequence[Row]) -> dict[str, Any]:
    """Rows as columns; what is the same in every row becomes one number."""
    packed: dict[str, Any] = {}
    for name in sorted({name for row in rows for name in row}):
        column = [row.get(name) for row in rows]
        packed[name] = column[0] if len(set(column)) == 1 else column
    return packed


def unpack(packed: dict[str, Any], count: int) -> list[Row]:
    """What `pack` packed."""
    rows: list[Row] = [{} for _ in range(count)]
    for name, column in packed.items():
        values = column if isinstance(column, list) else [column] * count
        for row, value in zip(rows, values, strict=True):
            if value is not None:
                row[name] = value
    return rows
