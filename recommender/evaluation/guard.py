"""Did the promotion do harm? Looked at every few minutes, and still wrong at most alpha in all.

The bound is that of `anytime`, one-sided, with alpha shared by the two metrics.

Weeks before the promotion hold every weekday alike, the days since it need not: who is promoted on a
Friday night has only weekends at first. So the earlier decisions of each weekday are weighed until
both sides have the same mix (post-stratification: Holt & Smith 1979, "Post stratification").
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recommender.evaluation.anytime import LEAST_DECISIONS, LEAST_PEOPLE, one_sided
from recommender.evaluation.log import Floats, Ints
from recommender.evaluation.people import Ratio, Spread, spread


@dataclass(frozen=True, eq=False, slots=True)
class Stream:
    """n settled decisions of one policy, arrays (n,): reward within [-1, 1], whether the tip was
    dismissed, whose it was, and on which day of the week (any whole number that tells them apart).

    Only decisions whose reward can no longer change: quick answers are not like slow ones, so a
    stream with the latest hours' quick answers only would look worse than it is. Raises ValueError
    for unequal lengths and unusable numbers.
    """

    reward: Floats
    dismissed: npt.NDArray[np.bool_]
    person: Ints
    weekday: Ints

    def __post_init__(self) -> None:
        shapes = {array.shape for array in (self.dismissed, self.person, self.weekday)}
        if shapes != {self.reward.shape}:
            raise ValueError("reward, dismissed, person and weekday differ in length")
        # Written as "not <=" because a NaN fails every comparison.
        if self.reward.size and not np.abs(self.reward).max() <= 1.0:
            raise ValueError("reward: not within [-1, 1]")


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whether to roll back, why in plain words, and every number behind it."""

    roll_back: bool
    reasons: tuple[str, ...]
    numbers: Mapping[str, float]


def watch(
    earlier: Stream,
    promoted: Stream,
    *,
    alpha: float = 0.05,
    reward_tolerance: float = 0.0,
    dismiss_tolerance: float = 0.0,
) -> Alarm:
    """Whether the promoted policy is surely worse than the one it replaced, as of now.

    Worse: its mean reward lower by more than `reward_tolerance`, or its share of dismissed tips
    higher by more than `dismiss_tolerance`, than on like weekdays before. `earlier` are decisions
    of the policy before it, best of people who kept it, else of the weeks before (then a bad week
    is blamed on the policy). If it is not worse, the probability that any of all looks says so is
    at most alpha. With fewer than LEAST_PEOPLE people or LEAST_DECISIONS decisions on either side,
    on weekdays that both have, there is no alarm yet.
    """
    earlier, promoted = _on_weekdays_of(earlier, promoted), _on_weekdays_of(promoted, earlier)
    weight = _same_mix(earlier.weekday, promoted.weekday)
    numbers: dict[str, float] = {}
    for name, stream in (("earlier", earlier), ("promoted", promoted)):
        n, people = stream.reward.size, np.unique(stream.person).size
        numbers[f"{name}_decisions"], numbers[f"{name}_people"] = n, people
    for name in ("earlier", "promoted"):
        for what, needed in (("people", LEAST_PEOPLE), ("decisions", LEAST_DECISIONS)):
            there = numbers[f"{name}_{what}"]
            if there < needed:
                why = f"Too early: {there:.0f} {what} of the {name} policy, {needed} needed."
                return Alarm(False, (why,), numbers)
    metrics = (
        ("reward", "mean reward", earlier.reward, promoted.reward, 1.0, reward_tolerance),
        ("dismissed", "share of dismissed tips", earlier.dismissed.astype(np.float64),
         promoted.dismissed.astype(np.float64), -1.0, dismiss_tolerance),
    )  # fmt: skip
    reasons = []
    bad = False
    for key, called, before, after, good, tolerance in metrics:
        found = _change(before, earlier.person, weight, after, promoted.person)
        reach = one_sided(found, alpha / len(metrics))
        # The change in the good direction is surely below this.
        most = good * found.value + reach
        mean_before = float(weight @ before / weight.sum())
        numbers[f"{key}_earlier"] = mean_before
        numbers[f"{key}_promoted"] = float(after.mean())
        numbers[f"{key}_change"] = found.value
        numbers[f"{key}_change_bound"] = good * most
        worse = most < -tolerance
        bad = bad or worse
        reasons.append(
            f"{called[0].upper()}{called[1:]}: {'worse' if worse else 'not surely worse'}, "
            f"{mean_before:+.4f} before, {after.mean():+.4f} since; the change is "
            f"{'at most' if good > 0 else 'at least'} {good * most:+.4f}."
        )
    return Alarm(bad, tuple(reasons), numbers)


def _on_weekdays_of(stream: Stream, other: Stream) -> Stream:
    """What of a stream was on weekdays that the other one has as well: the rest has nothing like it."""
    both = np.isin(stream.weekday, other.weekday)
    return Stream(
        stream.reward[both], stream.dismissed[both], stream.person[both], stream.weekday[both]
    )


def _same_mix(earlier: Ints, promoted: Ints) -> Floats:
    """Weights (n,) of the earlier decisions, with which each weekday's share is that since."""
    if not earlier.size:
        return np.ones(0)
    days, codes = np.unique(earlier, return_inverse=True)
    before = np.bincount(codes, minlength=days.size)
    since = np.bincount(np.searchsorted(days, promoted), minlength=days.size)
    weight: Floats = (since / before)[codes] * (earlier.size / promoted.size)
    return weight


def _change(
    before: Floats, before_person: Ints, weight: Floats, after: Floats, after_person: Ints
) -> Spread:
    """Mean of `after` minus the weighted mean of `before`. Who is on both sides is one person, so
    what never changes about them cancels."""
    is_after = np.repeat((0.0, 1.0), (before.size, after.size))
    is_before = np.concatenate((weight, np.zeros(after.size)))
    values = np.concatenate((before, after))
    person = np.concatenate((before_person, after_person))
    return spread(
        [Ratio(values * is_after, is_after), Ratio(values * is_before, is_before, sign=-1.0)],
        person,
    )
