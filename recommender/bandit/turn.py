"""Has a population turned: is what was learned of people no longer true of them?

A day's rewards are set against what was expected of the actions when they were chosen, and that
against the same of the week before: what is expected may always be too much, because the best
looking is chosen, or because the prior is a rule. And beside the same day of that week: at weekends
people may want less than was learned of all days. A day on which everyone falls short as they did
not before is no accident of one person, so that what was learned before that day had better be set
aside: it would speak against what is learned from then on.

The test is one-sided, on the difference of two means, with standard errors by person (people's
rewards of a day are not independent): Liang & Zeger 1986, "Longitudinal data analysis using
generalized linear models", equation 8, for a mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WEEK = 7  # days
LEAST_PEOPLE = 20
MARGIN = 0.05
"""In reward units: days differ by this much without a turn."""
LEAST = 0.08
"""A turn that costs less than this is left to be learned."""
STANDARD_ERRORS = 3.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`mean` is a day's reward less what was expected, less the same of the week before; `error` its
    standard error. Both in reward units, and 0 for too few people on any side."""

    turned: bool
    people: int
    mean: float = 0.0
    error: float = 0.0


@dataclass(frozen=True)
class Days:
    """Some days: per person the sum of reward less expectation, and of how many rewards.

    Raises ValueError for lengths that differ, numbers that are not finite, and counts below 1.
    """

    difference: Sequence[float]
    count: Sequence[int]

    def __post_init__(self) -> None:
        if len(self.difference) != len(self.count):
            raise ValueError(f"{len(self.difference)} and {len(self.count)} people do not fit")
        if not (np.isfinite(self.difference).all() and (np.asarray(self.count) >= 1).all()):
            raise ValueError("a difference is not finite or a count below 1")

    def __add__(self, other: "Days") -> "Days":
        """Both together. Who was there in both counts as two, which is a little too sure of itself;
        MARGIN makes more than up for it."""
        return Days([*self.difference, *other.difference], [*self.count, *other.count])

    def mean(self) -> tuple[float, float]:
        """The mean difference and its standard error."""
        difference = np.asarray(self.difference, dtype=np.float64)
        count = np.asarray(self.count, dtype=np.float64)
        mean = float(difference.sum() / count.sum())
        error = float(np.sqrt(((difference - mean * count) ** 2).sum()) / count.sum())
        return mean, error


def turned(day: Days, before: Days, same: Days) -> Verdict:
    """A verdict on a day, or on two, beside the week before and, of it, the same days of the week.
    What one day can't tell of a small population, two can: both are looked at, one first.
    """
    people = min(len(some.count) for some in (day, before, same))
    if people < LEAST_PEOPLE:
        return Verdict(False, people)
    fall, error = _against(day, before)
    sure = fall + MARGIN < -STANDARD_ERRORS * error
    # Against one day nothing is as sure as against a week: it need only not have been so then.
    anew = _against(day, same)[0] < -LEAST
    return Verdict(bool(fall < -LEAST and sure and anew), people, fall, error)


def _against(day: Days, before: Days) -> tuple[float, float]:
    (mean, error), (usual, error_of_usual) = day.mean(), before.mean()
    return mean - usual, float(np.hypot(error, error_of_usual))
