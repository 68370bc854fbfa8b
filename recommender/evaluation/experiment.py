"""Two or more policies live at once: who gets which, and what may be said of it at any time."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.evaluation.anytime import LEAST_DECISIONS, LEAST_PEOPLE, radius
from recommender.evaluation.log import TOLERANCE, Floats, Ints
from recommender.evaluation.people import Ratio, Spread, spread

# Draws behind a day's shares: their error is below one percent of traffic.
DRAWS = 4096


@dataclass(frozen=True, slots=True)
class Experiment:
    """arms: names, the first is what the others are compared with. split: shares, summing to 1.

    `bandit`: traffic moves between the arms from day to day, `split` is that of the first day, and
    no arm ever gets less than `minimum`. Raises ValueError for a split that is none.
    """

    name: str
    arms: tuple[str, ...]
    split: tuple[float, ...]
    bandit: bool = False
    minimum: float = 0.1

    def __post_init__(self) -> None:
        if len(self.arms) < 2 or len(set(self.arms)) != len(self.arms):
            raise ValueError(f"{self.name}: an experiment has two or more arms, all different")
        _check_shares(self, self.split)
        if self.bandit and not 0.0 < self.minimum <= 1.0 / len(self.arms):
            raise ValueError(f"{self.name}: the minimum lies within (0, 1 / arms]")
        if self.bandit and min(self.split) < self.minimum - TOLERANCE:
            raise ValueError(f"{self.name}: the split gives an arm less than the minimum")


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm, and the probability with which it came about: to be stored with the decision."""

    arm: str
    index: int
    propensity: float


@dataclass(frozen=True, eq=False, slots=True)
class Outcomes:
    """n decisions made in an experiment, arrays (n,): arm (index), propensity of that arm, person,
    reward within [-1, 1]. Raises ValueError for unequal lengths and unusable numbers."""

    arm: Ints
    propensity: Floats
    person: Ints
    reward: Floats

    def __post_init__(self) -> None:
        if not self.arm.shape == self.propensity.shape == self.person.shape == self.reward.shape:
            raise ValueError("arm, propensity, person and reward differ in length")
        # Written as "not" because a NaN fails every comparison.
        if self.reward.size and not (
            np.abs(self.reward).max() <= 1.0
            and self.propensity.min() > 0.0
            and self.propensity.max() <= 1.0 + TOLERANCE
        ):
            raise ValueError("a reward lies within [-1, 1], a propensity within (0, 1]")


@dataclass(frozen=True, slots=True)
class ArmResult:
    """An arm's mean reward a decision with its peeking-safe interval.

    While there is too little: value NaN and an interval without end.
    """

    arm: str
    value: float
    low: float
    high: float
    n: int
    people: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """An arm's mean reward minus the first arm's. `verdict`: "better", "worse" or "open"."""

    arm: str
    against: str
    value: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, slots=True)
class Report:
    experiment: str
    arms: tuple[ArmResult, ...]
    comparisons: tuple[Comparison, ...]
    alpha: float


def assign(
    experiment: Experiment, person: str, *, shares: Sequence[float] | None = None, day: str = ""
) -> Assignment:
    """The arm of a person: always the same for the same arguments, on any machine.

    Fixed split: leave `shares` and `day` out. Bandit: `shares` are those that `shares_of_day` gave
    for `day` (ISO date); who gets which arm is drawn anew each day, because only then is the
    propensity exact whatever was learned of the person before. Raises ValueError for shares that
    are none, and for a bandit without a day.
    """
    if experiment.bandit != bool(day):
        raise ValueError(f"{experiment.name}: a day belongs to a bandit, and only there")
    split = experiment.split if shares is None else tuple(shares)
    if not experiment.bandit and split != experiment.split:
        raise ValueError(f"{experiment.name}: its split is fixed")
    _check_shares(experiment, split)
    place = position(experiment.name, person, day)
    reached = 0.0
    for index, share in enumerate(split):
        reached += share
        if place < reached:
            return Assignment(experiment.arms[index], index, share)
    # The sum fell short of 1 by rounding, and the place lay in the gap.
    last = max(index for index, share in enumerate(split) if share > 0.0)
    return Assignment(experiment.arms[last], last, split[last])


def position(name: str, person: str, day: str = "") -> float:
    """Where a person stands in an experiment, [0, 1): uniform over people, days and experiments.

    The first 53 bits of SHA-256 of the three, each with its length before it so that no two
    triples are the same text.
    """
    return (int.from_bytes(_digest(name, person, day)[:8], "big") >> 11) / 2.0**53


def shares_of_day(experiment: Experiment, outcomes: Outcomes, day: str) -> tuple[float, ...]:
    """The shares of traffic of a day in bandit mode, from all outcomes before it.

    Thompson sampling over the arms' mean rewards (Thompson 1933): a share is the probability that
    the arm is best, what is left after `minimum` for each. While an arm has too little to be judged
    by, the first day's split. The same for the same outcomes and day.
    """
    means = [_mean(outcomes, arm) for arm in range(len(experiment.arms))]
    known = [mean for mean in means if mean is not None]
    if len(known) < len(means):
        return experiment.split
    seed = int.from_bytes(_digest(experiment.name, day), "big")
    normal = np.random.Generator(np.random.PCG64(seed)).standard_normal((DRAWS, len(known)))
    value = np.array([mean.value for mean in known])
    error = np.array([mean.standard_error for mean in known])
    best = np.bincount((value + error * normal).argmax(axis=1), minlength=len(known)) / DRAWS
    shares = experiment.minimum + (1.0 - len(known) * experiment.minimum) * best
    return tuple(float(share) for share in shares / shares.sum())


def report(experiment: Experiment, outcomes: Outcomes, *, alpha: float = 0.05) -> Report:
    """Where the experiment stands.

    The intervals hold however often one looks, and whenever one stops: those of the comparisons
    together miss with probability at most alpha over the whole experiment, and so do those of the
    arms. Raises ValueError for outcomes of an arm that does not exist.
    """
    count = len(experiment.arms)
    if outcomes.arm.size and not (outcomes.arm.min() >= 0 and outcomes.arm.max() < count):
        raise ValueError(f"{experiment.name}: outcomes of an arm that does not exist")
    arms = []
    for index, arm in enumerate(experiment.arms):
        mine = outcomes.arm == index
        value, low, high = _at_any_time(_mean(outcomes, index), alpha / count)
        people = np.unique(outcomes.person[mine]).size
        arms.append(ArmResult(arm, value, low, high, int(mine.sum()), people))
    comparisons = []
    for index in range(1, count):
        value, low, high = _at_any_time(_difference(outcomes, index), alpha / (count - 1))
        verdict = "better" if low > 0.0 else "worse" if high < 0.0 else "open"
        comparisons.append(
            Comparison(experiment.arms[index], experiment.arms[0], value, low, high, verdict)
        )
    return Report(experiment.name, tuple(arms), tuple(comparisons), alpha)


def _at_any_time(found: Spread | None, alpha: float) -> tuple[float, float, float]:
    if found is None:
        return math.nan, -math.inf, math.inf
    reach = radius(found, alpha)
    return found.value, found.value - reach, found.value + reach


def _mean(outcomes: Outcomes, arm: int) -> Spread | None:
    """An arm's mean reward over all decisions alike, None while there are too few.

    A decision counts as much as 1 / propensity: else, with traffic that moves, days on which the
    arm had little of it would count for less in its mean than in the other arm's.
    """
    mine = outcomes.arm == arm
    if not _enough(outcomes, mine):
        return None
    weight = 1.0 / outcomes.propensity[mine]
    return spread([Ratio(weight * outcomes.reward[mine], weight)], outcomes.person[mine])


def _difference(outcomes: Outcomes, arm: int) -> Spread | None:
    """The arm's mean minus the first arm's, by people: who was in both is one person."""
    mine, first = outcomes.arm == arm, outcomes.arm == 0
    if not (_enough(outcomes, mine) and _enough(outcomes, first)):
        return None
    ours, theirs = mine / outcomes.propensity, first / outcomes.propensity
    return spread(
        [Ratio(ours * outcomes.reward, ours), Ratio(theirs * outcomes.reward, theirs, sign=-1.0)],
        outcomes.person,
    )


def _enough(outcomes: Outcomes, chosen: npt.NDArray[np.bool_]) -> bool:
    people = np.unique(outcomes.person[chosen]).size
    return people >= LEAST_PEOPLE and int(chosen.sum()) >= LEAST_DECISIONS


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).digest()


def _check_shares(experiment: Experiment, shares: Sequence[float]) -> None:
    if len(shares) != len(experiment.arms) or not (
        min(shares) >= 0.0 and abs(sum(shares) - 1.0) <= TOLERANCE
    ):
        raise ValueError(f"{experiment.name}: {tuple(shares)} is no split over its arms")
