"""From scores to the distribution that the action is drawn from."""

import numpy as np

from recommender.bandit.arrays import Floats

# Equal vectors may get scores that differ in the last bit: a matrix product sums its rows in
# different orders. Far below any difference a reward can make.
TIE = 1e-9


def greedy(scores: Floats, floor: float = 0.0) -> Floats:
    """The distribution (n,): `floor` shared by all alike, the rest by the best alike.

    Every candidate gets at least floor / n, which keeps importance weights at most n / floor.
    Scores within TIE of the best are equal to it.
    """
    best = scores >= scores.max() - TIE
    pmf: Floats = best * ((1.0 - floor) / np.count_nonzero(best))
    if floor:
        pmf += floor / scores.size
    return pmf


def floored(pmf: Floats, floor: float) -> Floats:
    """`pmf` (n,), which may be written to, with `floor` of it shared by all alike."""
    pmf *= 1.0 - floor
    pmf += floor / pmf.size
    return pmf


def inverse_gap(scores: Floats, gamma: float) -> Floats:
    """The distribution (n,): 1 / (n + gamma * gap) for an action that falls short of the best by
    `gap`, the rest for the best, alike for equals (Foster & Rakhlin 2020, section 3).
    """
    gaps = scores.max() - scores
    best = gaps <= TIE
    gaps *= gamma
    gaps += scores.size
    pmf: Floats = 1.0 / gaps
    pmf[best] = 0.0
    pmf[best] = (1.0 - pmf.sum()) / np.count_nonzero(best)
    return pmf
