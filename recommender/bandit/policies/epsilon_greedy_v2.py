"""ε-greedy over twelve features, silence among them (Sutton & Barto 2018, section 2.2)."""

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.explore import greedy
from recommender.bandit.features import V2
from recommender.bandit.ridge import RidgePolicy


class EpsilonGreedyV2(RidgePolicy):
    """Mostly the best expected reward; one time in ten any action, all alike."""

    id = "egreedy-v2"
    version = "1"
    feature_set = V2
    floor = 0.10

    def scores(self, X: Floats) -> Floats:
        return self.expected(X)

    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        return greedy(scores, self.floor)
