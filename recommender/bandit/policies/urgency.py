"""Overdue first, then priority, then newest: the fallback when nothing else can decide."""

import numpy as np

from recommender.bandit.arrays import Floats, checked_actions
from recommender.bandit.explore import greedy
from recommender.bandit.features import V1
from recommender.bandit.policies.base import FixedPolicy
from recommender.bandit.rule import rule_prior


class Urgency(FixedPolicy):
    """The rule of recommender.bandit.rule as a policy: no state, no chance but among equals."""

    id = "urgency"
    version = "1"
    feature_set = V1

    def scores(self, X: Floats) -> Floats:
        actions = checked_actions(X, self.feature_set.width)
        return actions @ rule_prior(self.feature_set).mean

    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        return greedy(scores)
