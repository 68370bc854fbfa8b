"""The one list of features: what each is, where it comes from, and how old that may be.

Training, serving, docs/features.md (`manage.py features_doc`) and the console all read this list.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Literal

KINDS = ("task", "advice", "insight", "reminder")

# What a feature is worked out from: a task of the user's, their calendar, the candidate itself, or
# the clock in their own zone.
Input = Literal["tasks", "calendar", "candidate", "clock"]
# How old that may be when a decision is made. A test holds it to what integrations/freshness.py
# promises; what is worked out at the moment of the decision has no age.
WITHIN: dict[Input, timedelta] = {
    "tasks": timedelta(minutes=15),
    "calendar": timedelta(minutes=30),
}


class Scale(Enum):
    """How a clipped raw value becomes a number of about unit size."""

    PLAIN = "v"
    UNIT = "(v - low) / (high - low)"
    LOG = "log1p(v - low) / log1p(high - low)"


@dataclass(frozen=True, slots=True)
class Feature:
    """One named number: clipped to [low, high], then scaled; `missing` when it is unknown.

    What is missing is read as the end which the urgency rule ranks last, so that knowing nothing
    of a candidate never wins it a place.
    """

    name: str
    low: float
    high: float
    meaning: str
    scale: Scale = Scale.PLAIN
    missing: float = 0.0
    input: Input = "candidate"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"{self.name}: low and high must be finite, low below high")
        if not self.low <= self.missing <= self.high:
            raise ValueError(f"{self.name}: missing must lie within [low, high]")

    @property
    def type(self) -> Literal["yes or no", "number"]:
        plain = (self.low, self.high, self.scale) == (0, 1, Scale.PLAIN)
        return "yes or no" if plain else "number"

    @property
    def within(self) -> timedelta | None:
        """How old what it is worked out from may be; None when that has no age."""
        return WITHIN.get(self.input)


def _by_name(*features: Feature) -> dict[str, Feature]:
    return {feature.name: feature for feature in features}


FEATURES = _by_name(
    Feature("is_overdue", 0, 1, "1 when the task's due date has passed", input="tasks"),
    Feature(
        "task_age_days",
        0,
        365,
        "days since the task was made, beyond a year all alike",
        # A day matters much to a new task and nothing to one of half a year.
        Scale.LOG,
        missing=365,
        input="tasks",
    ),
    Feature(
        "priority", 1, 4, "4 = most urgent, 1 = none given", Scale.UNIT, missing=1, input="tasks"
    ),
    Feature(
        "hour_sin", -1, 1, "sine of the local time of day, one turn in 24 hours", input="clock"
    ),
    Feature("hour_cos", -1, 1, "cosine of the local time of day", input="clock"),
    Feature(
        "weekday_sin",
        -1,
        1,
        "sine of the local weekday, Monday = 0, one turn in 7 days",
        input="clock",
    ),
    Feature("weekday_cos", -1, 1, "cosine of the local weekday", input="clock"),
    *(Feature(f"kind_{kind}", 0, 1, f"1 when the candidate is of kind {kind}") for kind in KINDS),
    Feature("is_tip", 0, 1, "1 for every candidate, 0 for silence: the intercept", missing=1),
    Feature("is_silence", 0, 1, "1 for saying nothing, 0 for every candidate"),
    Feature("is_due_today", 0, 1, "1 when the task is due later today", input="tasks"),
    Feature("is_weekend", 0, 1, "1 on Saturday and Sunday", input="clock"),
    Feature(
        "meeting_soon",
        0,
        1,
        "1 when a meeting is under way or begins within 15 minutes",
        input="calendar",
    ),
    # In no feature set: it is kept to tell people why.
    Feature(
        "meeting_in_minutes",
        -1440,
        1440,
        "to the next meeting, 0 or less during one",
        input="calendar",
    ),
)
