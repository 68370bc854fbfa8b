"""Any candidate, all alike: what every other policy is measured against."""

import numpy as np

from recommender.bandit.arrays import Floats, checked_actions
from recommender.bandit.features import V1
from recommender.bandit.policies.base import FixedPolicy


class Uniform(FixedPolicy):
    """Draws each of n candidates with probability 1/n."""

    id = "random"
    version = "1"
    feature_set = V1
    floor = 1.0

    def scores(self, X: Floats) -> Floats:
        return np.zeros(len(checked_actions(X, self.feature_set.width)))

    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        return np.full(scores.size, 1.0 / scores.size)
