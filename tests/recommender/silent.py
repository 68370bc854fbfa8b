"""Policies that are fond of silence, for the tests of what the product makes of it."""

import numpy as np

from recommender.bandit.features import V2
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy

SILENCE = V2.names.index("is_silence")


SURE = 1 - 1e-9  # one time in a thousand came up, in some run of all tests


class Mute(EpsilonGreedy):
    """Says nothing whenever it is offered silence, all but surely."""

    id = "mute"
    feature_set = V2

    def explore(self, scores, X, rng):
        silent = X[:, SILENCE] == 1
        if not silent.any():
            return np.full(len(X), 1 / len(X))
        return np.where(silent, SURE, (1 - SURE) / (len(X) - 1))


class Choking(Mute):
    """Can't."""

    def scores(self, X):
        raise RuntimeError("no")
