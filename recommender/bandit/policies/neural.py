"""Neural linear: Bayesian linear regression per person over the last layer of a net that all share
(Riquelme, Tucker & Snoek 2018, "Deep Bayesian bandits showdown", section 3, NeuralLinear)."""

import numpy as np

from recommender.bandit import population
from recommender.bandit.arrays import Floats
from recommender.bandit.explore import floored
from recommender.bandit.net import INPUTS, shipped_net
from recommender.bandit.policies.base import Read
from recommender.bandit.prior import Prior
from recommender.bandit.ridge import RidgePolicy
from recommender.bandit.sampling import best_shares


class Neural(RidgePolicy):
    """What the net sees of an action is learned offline from simulated people and never changes
    here; what a person makes of it is learned from their rewards, and the population's prior over
    that overnight. Explored by Thompson sampling with a small `width`.

    The version names the net: sums over another net's layer mean something else.
    """

    id = "neural"
    version = f"1-{shipped_net().version}"
    feature_set = INPUTS
    floor = 0.02
    width = 0.12
    has_population = True

    @classmethod
    def first_prior(cls) -> Prior:
        return shipped_net().prior

    @classmethod
    def estimate(
        cls,
        read: Read,
        start: Prior,
        *,
        epsilon: float | None = None,
        rng: np.random.Generator | None = None,
    ) -> Prior:
        return population.estimate(
            read, start, cls.first_prior(), label=cls.label(), epsilon=epsilon, rng=rng
        )

    @classmethod
    def model_width(cls) -> int:
        return shipped_net().prior.mean.size

    def represent(self, X: Floats) -> Floats:
        return shipped_net().represent(X)

    def scores(self, X: Floats) -> Floats:
        return self.expected(X)

    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        whitened = self.represent(X) @ self.posterior.whitener.T
        width = self.width * self.prior.noise**0.5
        return floored(best_shares(scores, whitened, width, rng), self.floor)
