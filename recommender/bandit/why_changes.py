"""Changes of one named fact that a person can imagine, and what they make of stored columns.

Nearest first, by `COSTS`: what might as well have been otherwise a minute later, before what would
take another day. Moments change for all actions alike, facts for one candidate.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

Columns = Mapping[str, object]

# Hours (local) that a part of the day is told by: it begins, and its middle stands for it.
PARTS = {"morning": (5, 9.0), "midday": (11, 12.5), "afternoon": (14, 16.0), "evening": (18, 20.0)}
NIGHT = 23
NIGHT_MIDDLE = 2.0

COSTS = {
    "meeting": 1.0,
    "priority": 2.0,  # one step; 2 more for every further one
    "hour": 3.0,  # to the next part of the day; 2 more for every further one
    "is_due_today": 4.0,
    "is_overdue": 4.5,
    "weekend": 6.0,
}
_FURTHER = 2.0
PRIORITIES = (4.0, 3.0, 2.0, 1.0)  # urgent, important, some, none
_MONDAY, _SATURDAY = 0, 5


@dataclass(frozen=True, slots=True)
class Change:
    """One fact named `what` becomes `to`. `of` is the candidate it is a fact of, None for moments.

    `to` is a raw value; for `what` = "hour" it is an hour of the day, for "weekend" a weekday. These
    stand for the part of the day and of the week that they lie in; `exactly` says that they do not.
    """

    what: str
    to: float
    cost: float
    of: int | None = None
    exactly: bool = False


def changes(columns: Columns, chosen: int, others: Iterable[int]) -> list[Change]:
    """Every change there is for a decision, the nearest first.

    The chosen candidate may lose what is pressing about it. Where silence was chosen, one of
    `others` may become pressing instead.
    """
    found = [*_of_moment(columns)]
    if value(columns, "is_silence", chosen):
        for index in others:
            found += _gains(columns, index)
    else:
        found += _losses(columns, chosen)
    return sorted(found, key=lambda change: change.cost)


def changed(columns: Columns, count: int, change: Change) -> dict[str, object]:
    """The columns after a change; every other value is as it was."""
    now = dict(columns)
    turn = 2.0 * math.pi
    if change.what == "meeting":
        now["meeting_soon"] = change.to
        now.pop("meeting_in_minutes", None)
    elif change.what == "hour":
        now["hour_sin"] = math.sin(turn * change.to / 24.0)
        now["hour_cos"] = math.cos(turn * change.to / 24.0)
    elif change.what == "weekend":
        now["is_weekend"] = float(change.to >= _SATURDAY)
        now["weekday_sin"] = math.sin(turn * change.to / 7.0)
        now["weekday_cos"] = math.cos(turn * change.to / 7.0)
    else:
        column = [cell(columns.get(change.what), index) for index in range(count)]
        assert change.of is not None
        column[change.of] = change.to
        now[change.what] = column
    return now


def throughout(change: Change) -> list[Change]:
    """The change for every half hour, or every day, that its own stands for; none for other facts."""
    if change.what == "weekend":
        week = range(_SATURDAY, 7) if change.to >= _SATURDAY else range(_MONDAY, _SATURDAY)
        return [replace(change, to=float(day)) for day in week]
    if change.what != "hour":
        return []
    begins = [first for first, _ in PARTS.values()] + [NIGHT]
    first, last = next(span for span in pairwise(begins) if span[0] <= change.to < span[1])
    return [replace(change, to=half / 2.0) for half in range(2 * first, 2 * last)]


def part_of_day(columns: Columns) -> str | None:
    """ "morning", "midday", "afternoon", "evening", "night"; None where no hour was stored."""
    sine, cosine = value(columns, "hour_sin", 0), value(columns, "hour_cos", 0)
    if sine is None or cosine is None:
        return None
    # Half a minute's rounding keeps 11:00:00, as its sine and cosine tell it, out of the morning.
    hour = (math.atan2(sine, cosine) / (2.0 * math.pi) * 24.0 + 1 / 120) % 24.0
    if hour >= NIGHT or hour < PARTS["morning"][0]:
        return "night"
    return [name for name, (begins, _) in PARTS.items() if hour >= begins][-1]


def value(columns: Columns, name: str, index: int) -> float | None:
    """A stored value as a finite number, None where there is none."""
    number = cell(columns.get(name), index)
    if not isinstance(number, (int, float, np.floating)) or not math.isfinite(number):
        return None
    return float(number)


def kind(columns: Columns, index: int) -> str:
    """The kind that was stored of a candidate, "" for silence and where none was."""
    names = (name for name in columns if name.startswith("kind_") and value(columns, name, index))
    return next(names, "").removeprefix("kind_")


def _of_moment(columns: Columns) -> Iterator[Change]:
    soon = value(columns, "meeting_soon", 0)
    if soon is not None:
        yield Change("meeting", 0.0 if soon else 1.0, COSTS["meeting"])
    part = part_of_day(columns)
    if part is not None:
        ring = [*PARTS, "night"]
        for name, (_, middle) in PARTS.items():
            apart = abs(ring.index(name) - ring.index(part))
            apart = min(apart, len(ring) - apart)
            if apart:
                yield Change("hour", middle, COSTS["hour"] + _FURTHER * (apart - 1))
    weekend = value(columns, "is_weekend", 0)
    if weekend is not None:
        yield Change("weekend", _MONDAY if weekend else _SATURDAY, COSTS["weekend"])


def _losses(columns: Columns, index: int) -> Iterator[Change]:
    for name in ("is_due_today", "is_overdue"):
        if value(columns, name, index):
            yield Change(name, 0.0, COSTS[name], index)
    # What is not a task has its priority from oO, which nobody can imagine otherwise.
    priority = value(columns, "priority", index) if kind(columns, index) == "task" else None
    lower = [to for to in PRIORITIES if priority is not None and to < priority]
    for steps, to in enumerate(lower):
        yield Change("priority", to, COSTS["priority"] + _FURTHER * steps, index)


def _gains(columns: Columns, index: int) -> Iterator[Change]:
    if kind(columns, index) != "task" or value(columns, "is_overdue", index):
        return
    if value(columns, "is_due_today", index) == 0.0:
        yield Change("is_due_today", 1.0, COSTS["is_due_today"], index)
    if (value(columns, "priority", index) or PRIORITIES[-1]) < PRIORITIES[0]:
        yield Change("priority", PRIORITIES[0], COSTS["priority"] + _FURTHER, index)


def cell(column: object, index: int) -> object:
    """One action's entry of a column, or the one value that is the same for all."""
    return column[index] if isinstance(column, (list, tuple, np.ndarray)) else column
