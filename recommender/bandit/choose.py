"""One action out of many, drawn from the distribution that is kept with it."""

from dataclasses import dataclass

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.policies.base import Policy

TOLERANCE = 1e-9


class PolicyError(RuntimeError):
    """A policy broke its contract. The caller may fall back to another."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """X's row `index`, drawn with probability `propensity` = pmf[index]. pmf and scores: (n,)."""

    index: int
    propensity: float
    pmf: Floats
    scores: Floats


def seeded(seed: int) -> np.random.Generator:
    """The generator of a decision. Names its algorithm, since numpy's default one may change."""
    return np.random.Generator(np.random.PCG64(seed))


def choose(policy: Policy, X: Floats, rng: np.random.Generator) -> Choice:
    """Draw one of X's rows (n, d) from exactly the distribution that is returned.

    With the same policy state, X and state of rng, the same choice: whoever records the seed can
    draw again. Raises ValueError for an X with no rows or unusable numbers, PolicyError if what
    the policy answered is no distribution.
    """
    scores = policy.scores(X)
    pmf = policy.explore(scores, X, rng)
    n = len(X)
    if scores.shape != (n,) or pmf.shape != (n,) or not np.isfinite(scores).all():
        raise PolicyError(f"{policy.id}: scores or distribution do not fit {n} actions")
    index = draw(pmf, rng)
    return Choice(index, float(pmf[index]), pmf, scores)


def draw(pmf: Floats, rng: np.random.Generator) -> int:
    """An index drawn from pmf (n,) with one uniform number: the inverse of the cumulative sum.

    Never one of probability 0. Raises PolicyError if pmf is no distribution within TOLERANCE.
    """
    cumulative = pmf.cumsum()
    # Written as "not <=" and "not >=" because a NaN fails every comparison.
    if not (abs(cumulative[-1] - 1.0) <= TOLERANCE and pmf.min() >= 0.0):
        raise PolicyError("the probabilities do not make a distribution")
    index = int(cumulative.searchsorted(rng.random(), side="right"))
    if index == pmf.size:  # the sum fell short of 1 by rounding, and the number lay in the gap
        index = int(np.flatnonzero(pmf)[-1])
    return index
