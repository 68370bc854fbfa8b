"""The hierarchical policy: a person is someone of a population, and becomes themselves.

A Bayesian linear mixed-effects model (Laird & Ware 1982) with products of candidate and moment. The
population's prior, mean and covariance, is estimated overnight (recommender.bandit.population); a
person's posterior follows from it and their own rewards in closed form, so what the population
taught counts in full for a newcomer and fades as their own evidence grows. Explores by Thompson
sampling with a small width (Chapelle & Li 2011, section 3, found the same), as a distribution.
"""

from functools import cache
from typing import ClassVar

import numpy as np

from recommender.bandit import population
from recommender.bandit.arrays import Floats, checked_actions
from recommender.bandit.features import V3
from recommender.bandit.policies.base import Read
from recommender.bandit.prior import Prior
from recommender.bandit.ridge import RidgePolicy
from recommender.bandit.rule import rule_prior
from recommender.bandit.sampling import best_shares

SILENCE = V3.labels.index("is_silence")


@cache
def _anchor(spread: float) -> Prior:
    """The rule, with people's weights about √spread around it."""
    rule = rule_prior(V3)
    precision = rule.noise / spread * np.eye(V3.width)
    return Prior(f"{rule.version}-hierarchical", rule.mean, precision, rule.noise)


class Hierarchical(RidgePolicy):
    """Posterior mean, explored by Thompson sampling of `width` times the posterior's width.

    width: people give few reactions, and moments differ enough to show most of what there is to
    learn, so full-width sampling costs more than it finds. floor: shared by all candidates alike.
    """

    id = "hierarchical"
    version = "1"
    feature_set = V3
    floor = 0.004
    has_population = True
    width: ClassVar[float] = 0.12
    spread: ClassVar[float] = 0.06

    @classmethod
    def first_prior(cls) -> Prior:
        return _anchor(cls.spread)

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
            read,
            start,
            cls.first_prior(),
            label=cls.label(),
            sure=SILENCE,
            epsilon=epsilon,
            rng=rng,
        )

    def scores(self, X: Floats) -> Floats:
        return self.expected(X)

    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        whitened = checked_actions(X, self.feature_set.width) @ self.posterior.whitener.T
        reach = self.width * self.prior.noise**0.5
        pmf = best_shares(scores, whitened, reach, rng)
        pmf *= 1.0 - self.floor
        pmf += self.floor / scores.size
        return pmf
