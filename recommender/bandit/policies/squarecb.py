"""SquareCB: Foster & Rakhlin 2020, "Beyond UCB: optimal and efficient contextual bandits with
regression oracles", section 3, Algorithm 1, over one model of all people."""

import numpy as np

from recommender.bandit import population
from recommender.bandit.arrays import Floats, checked_actions
from recommender.bandit.envelope import unseal
from recommender.bandit.explore import floored, inverse_gap
from recommender.bandit.features import V2
from recommender.bandit.policies.base import Read
from recommender.bandit.pooled import pooled
from recommender.bandit.prior import Prior
from recommender.bandit.ridge import RidgePolicy
from recommender.bandit.sums import Sums


class SquareCB(RidgePolicy):
    """Scores are the shared model's, which is the prior's mean: one regression over everyone's
    rewards, estimated anew at night. The further an action falls behind, the rarer it is drawn.

    A person's own rewards are kept for that estimate, and make exploration of them rarer: gamma is
    `scale` * √(1 + their number), as in Vowpal Wabbit with its exponent of 0.5. `scale` is large
    since the model knows the population before it meets anyone: of 100, 400 and 2000 in simulated
    lives the largest did best.
    """

    id = "squarecb"
    version = "1"
    feature_set = V2
    floor = 0.05
    scale = 2000.0
    has_population = True

    @classmethod
    def estimate(
        cls,
        read: Read,
        start: Prior,
        *,
        epsilon: float | None = None,
        rng: np.random.Generator | None = None,
    ) -> Prior:
        """One regression over everyone's rewards; with `epsilon`, which that can't keep, the mean
        of the people's own regressions. Raises StateError for a state that `load` would refuse.
        """
        anchor = cls.first_prior()
        if epsilon is not None:
            return population.estimate(
                read, start, anchor, label=cls.label(), epsilon=epsilon, rng=rng
            )
        width = cls.feature_set.width
        sealed = (unseal(state, cls.label()) for batch in read() for state in batch)
        return pooled((Sums.unpack(count, data, width) for count, data in sealed), anchor)

    def expected(self, X: Floats) -> Floats:
        return checked_actions(X, self.feature_set.width) @ self.prior.mean

    def scores(self, X: Floats) -> Floats:
        return self.expected(X)

    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        gamma = self.scale * (1.0 + self.count) ** 0.5
        return floored(inverse_gap(scores, gamma), self.floor)
