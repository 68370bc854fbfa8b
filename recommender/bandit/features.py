"""What a policy may know of a candidate and of the moment, by name.

A decision stores the *raw* values that `named` gives. Vectors are derived from them by a
FeatureSet, so a feature's scaling is part of the set's version: to scale differently, add a new
feature set (with a new feature name if the old one is still in use), never edit one that decisions
refer to.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.feature_list import FEATURES as FEATURES
from recommender.bandit.feature_list import KINDS as KINDS
from recommender.bandit.feature_list import Feature as Feature
from recommender.bandit.feature_list import Scale

MEETING_SOON_MINUTES = 15.0


@dataclass(frozen=True)
class FeatureSet:
    """Which features a policy sees, in which order. The version is stored with every decision.

    Columns are `names`, then one for each pair of `products`: the two scaled values multiplied. A
    moment is the same for all candidates, so without products it can't change their order.
    Raises ValueError for no names, for one that is not in FEATURES or is given twice, and for a
    product that is given twice or of what is not in FEATURES.
    """

    version: str
    names: tuple[str, ...]
    products: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        unknown = [name for name in self.names if name not in FEATURES]
        if unknown or not self.names or len(set(self.names)) != len(self.names):
            raise ValueError(f"feature set {self.version}: empty, repeated or unknown {unknown}")
        if len(set(self.products)) != len(self.products) or any(
            name not in FEATURES for pair in self.products for name in pair
        ):
            raise ValueError(
                f"feature set {self.version}: a product is repeated or of unknown name"
            )

    @cached_property
    def width(self) -> int:
        """The number d of columns that `vectorise` gives."""
        return len(self.names) + len(self.products)

    @property
    def labels(self) -> tuple[str, ...]:
        """What each column is: a name, or two with a "*" between."""
        return self.names + tuple("*".join(pair) for pair in self.products)

    @property
    def silence(self) -> bool:
        """Whether a policy that sees these features can tell silence, and so may choose it."""
        return "is_silence" in self.names

    @cached_property
    def read(self) -> tuple[str, ...]:
        """Every feature that is looked up: `names`, and what only products use."""
        more = dict.fromkeys(name for pair in self.products for name in pair)
        return self.names + tuple(name for name in more if name not in self.names)

    @cached_property
    def _columns(self) -> "_Columns":
        features = [FEATURES[name] for name in self.read]
        low = np.array([f.low for f in features], dtype=np.float64)
        high = np.array([f.high for f in features], dtype=np.float64)
        plain = np.array([f.scale is Scale.PLAIN for f in features])
        log = np.array([f.scale is Scale.LOG for f in features])
        span = high - low
        where = {name: index for index, name in enumerate(self.read)}
        return _Columns(
            low=low,
            high=high,
            missing=np.array([f.missing for f in features], dtype=np.float64),
            shift=np.where(plain, 0.0, low),
            divide=np.where(plain, 1.0, np.where(log, np.log1p(span), span)),
            log=np.flatnonzero(log),
            left=np.array([where[a] for a, _ in self.products], dtype=np.intp),
            right=np.array([where[b] for _, b in self.products], dtype=np.intp),
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    """A feature set's numbers as arrays over `read`; `log`, `left` and `right` are indices."""

    low: Floats
    high: Floats
    missing: Floats
    shift: Floats
    divide: Floats
    log: np.ndarray
    left: np.ndarray
    right: np.ndarray


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
V2 = FeatureSet(
    "v2",
    (
        "is_tip",
        "is_silence",
        "is_overdue",
        "is_due_today",
        "task_age_days",
        "priority",
        "kind_advice",
        "kind_reminder",
        "hour_sin",
        "hour_cos",
        "is_weekend",
        "meeting_soon",
    ),
)


def _with(moment: tuple[str, ...], *names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, when) for name in names for when in moment)


_HOUR = ("hour_sin", "hour_cos")
V3 = FeatureSet(
    "v3",
    (
        "is_tip",
        "is_silence",
        "is_overdue",
        "is_due_today",
        "task_age_days",
        "priority",
        "kind_advice",
        "kind_insight",
        "kind_reminder",
    ),
    # 27 products, so d = 36: more would not fit the 3 kB that a person's state may take. What a
    # moment does to everything said alike weighs against silence only.
    _with((*_HOUR, "is_weekend", "meeting_soon"), "is_tip", "is_silence", "priority", "kind_advice")
    + _with((*_HOUR, "is_weekend"), "is_overdue", "is_due_today")
    + _with(_HOUR, "task_age_days", "kind_reminder")
    + (("kind_reminder", "meeting_soon"),),
)
FEATURE_SETS = {feature_set.version: feature_set for feature_set in (V1, V1_SMALL, V2, V3)}


@dataclass(frozen=True, slots=True)
class Moment:
    """When a decision is made: a datetime in the user's own zone, and how busy they are.

    `meeting_in_minutes` is the time to the next meeting, 0 or less when one is under way, None
    when none is known of. Raises ValueError for a naive datetime.
    """

    local: datetime
    meeting_in_minutes: float | None = None

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
    is_due_today: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}, got {self.kind!r}")


def named(facts: Facts, moment: Moment) -> dict[str, float]:
    """The raw features to store with a decision: finite floats, in natural units, not clipped.

    What is unknown is left out, as are the three kinds that the candidate is not of.
    """
    return all_named([facts], moment)[0]


def all_named(all_facts: Iterable[Facts], moment: Moment) -> list[dict[str, float]]:
    """`named` of each of several candidates at one moment, which is the same in all of them."""
    same = _of_moment(moment)
    return [_of_candidate(facts) | same for facts in all_facts]


def _of_candidate(facts: Facts) -> dict[str, float]:
    raw = {
        "is_tip": 1.0,
        "is_overdue": 1.0 if facts.is_overdue else 0.0,
        "is_due_today": 1.0 if facts.is_due_today else 0.0,
        "task_age_days": _number(facts.age_days),
        "priority": _number(facts.priority),
        f"kind_{facts.kind}": 1.0,
    }
    return {name: value for name, value in raw.items() if math.isfinite(value)}


def silence(moment: Moment) -> dict[str, float]:
    """The raw features of saying nothing: those of the moment, and none of any candidate."""
    nothing = {"is_tip": 0.0, "is_silence": 1.0, "task_age_days": 0.0, "priority": 1.0}
    return {**nothing, **_of_moment(moment)}


def _of_moment(moment: Moment) -> dict[str, float]:
    local, minutes = moment.local, moment.meeting_in_minutes
    turn = 2.0 * math.pi
    hours = local.hour + local.minute / 60.0 + local.second / 3600.0
    meeting = {} if minutes is None else {"meeting_in_minutes": _number(minutes)}
    return {
        **{name: number for name, number in meeting.items() if math.isfinite(number)},
        "hour_sin": math.sin(turn * hours / 24.0),
        "hour_cos": math.cos(turn * hours / 24.0),
        "weekday_sin": math.sin(turn * local.weekday() / 7.0),
        "weekday_cos": math.cos(turn * local.weekday() / 7.0),
        "is_weekend": 1.0 if local.weekday() >= 5 else 0.0,
        "meeting_soon": 0.0 if minutes is None else float(minutes <= MEETING_SOON_MINUTES),
    }


def vectorise(rows: Sequence[Mapping[str, object]], feature_set: FeatureSet) -> Floats:
    """Raw named values -> X (n, d), float64, always finite and within [-1, 1].

    Never raises on a row's content: a name that is absent, None, NaN or not a number takes the
    feature's `missing` value; infinities and huge numbers are clipped to [low, high]; names that
    the set does not list are ignored. No rows give shape (0, d).
    """
    if not rows:
        return np.empty((0, feature_set.width))
    nan = math.nan
    cells = [[row.get(name, nan) for name in feature_set.read] for row in rows]
    return _scaled(_matrix(cells), feature_set)


def vectorise_columns(columns: Mapping[str, object], count: int, feature_set: FeatureSet) -> Floats:
    """`vectorise` of `count` rows that come as columns: a sequence of `count` values, or one value
    that is the same in every row. Raises ValueError for a column of another length.
    """
    if not count:
        return np.empty((0, feature_set.width))
    raw = np.empty((len(feature_set.read), count))
    for index, name in enumerate(feature_set.read):
        column = columns.get(name, math.nan)
        if isinstance(column, (list, tuple, np.ndarray)):
            if len(column) != count:
                raise ValueError(f"{name} has {len(column)} values for {count} rows")
            try:
                raw[index] = column
            except (TypeError, ValueError, OverflowError):
                raw[index] = [_number(cell) for cell in column]
        else:
            raw[index] = _number(column)
    return _scaled(np.ascontiguousarray(raw.T), feature_set)


def _matrix(cells: list[list[object]]) -> Floats:
    try:
        matrix = np.array(cells, dtype=np.float64)
        if matrix.ndim == 2:  # where each cell is a list, numpy makes a cube
            return matrix
    except (TypeError, ValueError, OverflowError):
        pass
    return np.array([[_number(cell) for cell in row] for row in cells], dtype=np.float64)


def _scaled(raw: Floats, feature_set: FeatureSet) -> Floats:
    """Raw values (n, len(read)), which may be anything, -> X (n, d)."""
    columns = feature_set._columns
    X = np.where(np.isnan(raw), columns.missing, raw)
    np.minimum(np.maximum(X, columns.low, out=X), columns.high, out=X)
    X -= columns.shift
    if columns.log.size:
        X[:, columns.log] = np.log1p(X[:, columns.log])
    X /= columns.divide
    if not feature_set.products:
        return X
    plain = X[:, : len(feature_set.names)]
    return np.hstack((plain, X[:, columns.left] * X[:, columns.right]))


def _number(value: object) -> float:
    """A float of anything: NaN for what is not a number, an infinity for what is too large."""
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.copysign(math.inf, 1 if value > 0 else -1)  # type: ignore[operator]
    except (TypeError, ValueError):
        return math.nan
