"""One regression over everyone's rewards, as if they were one person's."""

import zlib
from collections.abc import Iterable

import numpy as np

from recommender.bandit.prior import Prior
from recommender.bandit.ridge import Posterior
from recommender.bandit.sums import REWARD_GRID, X_GRID, Sums

LEAST_NOISE, MOST_NOISE = 0.01, 1.0  # rewards lie within [-1, 1] and are never all explained


def pooled(people: Iterable[Sums], start: Prior) -> Prior:
    """The prior whose mean is the posterior mean under all people's rewards at once, starting from
    `start`. Its precision is that of `start`, its noise what the mean leaves unexplained.

    Nobody's rewards: `start` itself. In whatever order people come, the same prior to the last bit.
    """
    all_of_them = Sums(start.mean.size)
    for sums in people:
        all_of_them.count += sums.count
        all_of_them.gram += sums.gram
        all_of_them.moment += sums.moment
        all_of_them.square += sums.square
    if not all_of_them.count:
        return start
    mean = Posterior(start, all_of_them).theta
    left = (
        all_of_them.square / REWARD_GRID**2
        - 2.0 * (mean @ all_of_them.moment) / (X_GRID * REWARD_GRID)
        + mean @ all_of_them.gram @ mean / X_GRID**2
    )
    noise = float(np.clip(left / all_of_them.count, LEAST_NOISE, MOST_NOISE))
    return Prior(f"pooled-{zlib.crc32(mean.tobytes()):08x}", mean, start.precision, noise)
