"""What the live policy did and what another would have done, as arrays."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.evaluation.overlap import Overlap

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TOLERANCE = 1e-9


class TooLittleData(ValueError):
    """An answer would be a guess. Says what is needed and what there is."""

    def __init__(self, what: str, needed: float, there: float) -> None:
        super().__init__(f"too little data: {what}: {needed:g} needed, {there:.4g} there")
        self.what, self.needed, self.there = what, needed, there


@dataclass(frozen=True, slots=True)
class Floors:
    """The least that an interval is given for. Below them coverage was seen to fall (ADR 14).

    `decisions` and `people` are counts. `effective` is Kish's effective sample size of the weights,
    in decisions; `effective_people` the same of each person's share of the weight. `support` is the
    share of what the target would do that the log can tell of: what is missing widens the interval
    by as much on either side.
    """

    decisions: int = 200
    people: int = 30
    effective: float = 80.0
    effective_people: float = 20.0
    support: float = 0.95


FLOORS = Floors()


@dataclass(frozen=True, eq=False, slots=True)
class Log:
    """n decisions with their rewards, and what a target policy says of each. All arrays (n,).

    reward: within [-1, 1]. propensity: of the logged action, in (0, 1], by the live policy that
    drew it. person: whose decision it is, any integers; people are independent of each other,
    decisions of one person need not be. order: sorts decisions by time, no two alike within a
    person. pi_chosen: the probability, in [0, 1], that the target policy gives the logged action,
    in the state that it would have had then.

    For doubly robust estimates, in units of reward, from a model that has not seen this person's
    rewards (`regression.CrossFitted`): q_chosen, the expected reward of the logged action;
    v_target, that of a draw from the target policy, Σ pi(a) q(a); v_live, the same of the live
    policy, for paired differences.

    overlap: what the log can't tell of the target (`overlap.Overlap`), from all probabilities of
    every decision. Without it intervals are too narrow where the target does what the live policy
    hardly ever did, and the gate takes none.

    Raises ValueError if lengths differ, for NaN, and for numbers outside those ranges.
    """

    reward: Floats
    propensity: Floats
    person: Ints
    order: Floats
    pi_chosen: Floats
    q_chosen: Floats | None = None
    v_target: Floats | None = None
    v_live: Floats | None = None
    overlap: Overlap | None = None

    def __post_init__(self) -> None:
        for name in ("reward", "propensity", "order", "pi_chosen"):
            self._keep(name, _numbers(name, getattr(self, name)))
        for name in ("q_chosen", "v_target", "v_live"):
            if getattr(self, name) is not None:
                self._keep(name, _numbers(name, getattr(self, name)))
        self._keep("person", _whole("person", self.person))
        if len({field.shape for field in self._arrays()}) != 1:
            raise ValueError(f"lengths differ: {[field.size for field in self._arrays()]}")
        if self.overlap is not None and self.overlap.beyond.size != self.n:
            raise ValueError(f"lengths differ: {self.n}, in the overlap {self.overlap.beyond.size}")
        if (self.q_chosen is None) != (self.v_target is None):
            raise ValueError("q_chosen and v_target go together")
        _within("reward", self.reward, -1.0, 1.0)
        _within("pi_chosen", self.pi_chosen, 0.0, 1.0 + TOLERANCE)
        _within("propensity", self.propensity, 0.0, 1.0 + TOLERANCE)
        if self.n and self.propensity.min() <= 0.0:
            raise ValueError("propensity: an action of probability 0 can't have been drawn")
        moments = np.stack((self.person.astype(np.float64), self.order), axis=1)
        if len(np.unique(moments, axis=0)) != self.n:
            raise ValueError("order: two decisions of one person at the same place")

    @property
    def n(self) -> int:
        return self.reward.size

    @property
    def people(self) -> int:
        return np.unique(self.person).size

    @property
    def weights(self) -> Floats:
        """pi_chosen / propensity, (n,): how much more often the target would have done this."""
        return self.pi_chosen / self.propensity

    def _keep(self, name: str, value: npt.NDArray[np.generic]) -> None:
        value.flags.writeable = False
        object.__setattr__(self, name, value)

    def _arrays(self) -> list[npt.NDArray[np.generic]]:
        fields: list[npt.NDArray[np.generic] | None] = [
            self.reward, self.propensity, self.person, self.order, self.pi_chosen,
            self.q_chosen, self.v_target, self.v_live,
        ]  # fmt: skip
        return [field for field in fields if field is not None]


def _numbers(name: str, values: npt.ArrayLike) -> Floats:
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError(f"{name}: not a vector of finite numbers")
    return array


def _whole(name: str, values: npt.ArrayLike) -> Ints:
    array = np.array(values)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise ValueError(f"{name}: not a vector of whole numbers")
    return array.astype(np.int64)


def _within(name: str, values: Floats, low: float, high: float) -> None:
    if values.size and not (values.min() >= low and values.max() <= high):
        raise ValueError(f"{name}: not within [{low:g}, {high:g}]")
