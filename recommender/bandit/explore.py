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
