"""Policies that break their contract, for the tests of what stands behind them."""

import time

import numpy as np

from recommender.bandit.policies.uniform import Uniform


class Raises(Uniform):
    id = "broken"

    def scores(self, X):
        raise RuntimeError("no")


class Hangs(Uniform):
    id = "broken"

    def scores(self, X):
        time.sleep(0.5)
        return super().scores(X)


class Nonsense(Uniform):
    id = "broken"

    def explore(self, scores, X, rng):
        return np.full(len(X), np.nan)
