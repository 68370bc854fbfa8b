"""ε-greedy over a ridge regression of the person's rewards (Sutton & Barto 2018, section 2.2)."""

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.explore import greedy
from recommender.bandit.features import V1
from recommender.bandit.ridge import RidgePolicy


class EpsilonGreedy(RidgePolicy):
    """Mostly the best expected reward; one time in ten any candidate, all alike."""

    id = "egreedy-v1"
    version = "2"
    feature_set = V1
    floor = 0.10

    def scores(self, X: Floats) -> Floats:
        return self.expected(X)

    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        return greedy(scores, self.floor)
