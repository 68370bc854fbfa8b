"""What a policy may know of a candidate and of the moment, by name.

A decision stores the *raw* values that `named` gives. Vectors are derived from them by a
FeatureSet, so a feature's scaling is part of the set's version: to scale differently, add a new
feature set (with a new feature name if the old one is still in use), never edit one that decisions
refer to.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property

import numpy as np

from recommender.bandit.arrays import Floats

KINDS = ("task", "advice", "insight", "reminder")


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

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"{self.name}: low and high must be finite, low below high")
        if not self.low <= self.missing <= self.high:
            raise ValueError(f"{self.name}: missing must lie within [low, high]")


def _by_name(*features: Feature) -> dict[str, Feature]:
    return {feature.name: feature for feature in features}


FEATURES = _by_name(
    Feature("is_overdue", 0, 1, "1 when the task's due date has passed"),
    Feature(
        "task_age_days",
        0,
        365,
        "days since the task was made, beyond a year all alike",
        # A day matters much to a new task and nothing to one of half a year.
        Scale.LOG,
        missing=365,
    ),
    Feature("priority", 1, 4, "4 = most urgent, 1 = none given", Scale.UNIT, missing=1),
    Feature("hour_sin", -1, 1, "sine of the local time of day, one turn in 24 hours"),
    Feature("hour_cos", -1, 1, "cosine of the local time of day"),
    Feature("weekday_sin", -1, 1, "sine of the local weekday, Monday = 0, one turn in 7 days"),
    Feature("weekday_cos", -1, 1, "cosine of the local weekday"),
    # In no feature set yet. They are logged so that a later set can replay today's decisions.
    *(Feature(f"kind_{kind}", 0, 1, f"1 when the candidate is of kind {kind}") for kind in KINDS),
)


@dataclass(frozen=True)
class FeatureSet:
    """Which features a policy sees, in which order. The version is stored with every decision.

    A vector's width is `width`, not `len(names)`: a later set may add an intercept or products.
    Raises ValueError for a name that is not in FEATURES or is given twice.
    """

    version: str
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        unknown = [name for name in self.names if name not in FEATURES]
        if unknown or not self.names or len(set(self.names)) != len(self.names):
            raise ValueError(f"feature set {self.version}: empty, repeated or unknown {unknown}")

    @property
    def width(self) -> int:
        """The number d of columns that `vectorise` gives."""
        return len(self.names)

    @cached_property
    def _columns(self) -> "_Columns":
        features = [FEATURES[name] for name in self.names]
        low = np.array([f.low for f in features], dtype=np.float64)
        high = np.array([f.high for f in features], dtype=np.float64)
        plain = np.array([f.scale is Scale.PLAIN for f in features])
        log = np.array([f.scale is Scale.LOG for f in features])
        span = high - low
        return _Columns(
            low=low,
            high=high,
            missing=np.array([f.missing for f in features], dtype=np.float64),
            shift=np.where(plain, 0.0, low),
            divide=np.where(plain, 1.0, np.where(log, np.log1p(span), span)),
            log=np.flatnonzero(log),
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    """A feature set's numbers as arrays (d,), `log` as column indices."""

    low: Floats
    high: Floats
    missing: Floats
    shift: Floats
    divide: Floats
    log: np.ndarray


V1 = FeatureSet(
    "v1",
    (
        "is_overdue",
        "task_age_days",
        "priority",
        "hour_sin",
        "hour_cos",
        "weekday_sin",
        "weekday_cos",
    ),
)
V1_SMALL = FeatureSet(
    "v1-small", ("is_overdue", "task_age_days", "priority", "hour_sin", "hour_cos")
)
FEATURE_SETS = {feature_set.version: feature_set for feature_set in (V1, V1_SMALL)}


@dataclass(frozen=True, slots=True)
class Moment:
    """When a decision is made: a datetime in the user's own zone. Raises ValueError if naive."""

    local: datetime

    def __post_init__(self) -> None:
        if self.local.utcoffset() is None:
            raise ValueError("a moment needs an aware datetime in the user's zone")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one candidate. None means unknown. Raises ValueError for an unknown kind."""

    kind: str
    is_overdue: bool = False
    age_days: float | None = None
    priority: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}, got {self.kind!r}")


def named(facts: Facts, moment: Moment) -> dict[str, float]:
    """The raw features to store with a decision: finite floats, in natural units, not clipped.

    What is unknown is left out, as are the three kinds that the candidate is not of.
    """
    local = moment.local
    turn = 2.0 * math.pi
    hours = local.hour + local.minute / 60.0 + local.second / 3600.0
    raw = {
        "is_overdue": 1.0 if facts.is_overdue else 0.0,
        "task_age_days": _number(facts.age_days),
        "priority": _number(facts.priority),
        "hour_sin": math.sin(turn * hours / 24.0),
        "hour_cos": math.cos(turn * hours / 24.0),
        "weekday_sin": math.sin(turn * local.weekday() / 7.0),
        "weekday_cos": math.cos(turn * local.weekday() / 7.0),
        f"kind_{facts.kind}": 1.0,
    }
    return {name: value for name, value in raw.items() if math.isfinite(value)}


def vectorise(rows: Sequence[Mapping[str, object]], feature_set: FeatureSet) -> Floats:
    """Raw named values -> X (n, d), float64, always finite and within [-1, 1].

    Never raises on a row's content: a name that is absent, None, NaN or not a number takes the
    feature's `missing` value; infinities and huge numbers are clipped to [low, high]; names that
    the set does not list are ignored. No rows give shape (0, d).
    """
    names = feature_set.names
    if not rows:
        return np.empty((0, feature_set.width))
    nan = math.nan
    cells = [[row.get(name, nan) for name in names] for row in rows]
    try:
        X = np.array(cells, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        X = np.array([[_number(cell) for cell in row] for row in cells], dtype=np.float64)
    columns = feature_set._columns
    X = np.where(np.isnan(X), columns.missing, X)
    np.minimum(np.maximum(X, columns.low, out=X), columns.high, out=X)
    X -= columns.shift
    if columns.log.size:
        X[:, columns.log] = np.log1p(X[:, columns.log])
    X /= columns.divide
    return X


def _number(value: object) -> float:
    """A float of anything: NaN for what is not a number, an infinity for what is too large."""
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.copysign(math.inf, 1 if value > 0 else -1)  # type: ignore[operator]
    except (TypeError, ValueError):
        return math.nan
