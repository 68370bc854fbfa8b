"""Linear Thompson sampling: Agrawal & Goyal 2013, "Thompson sampling for contextual bandits with
linear payoffs", Algorithm 1, with the distribution of its choices instead of one of them."""

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.explore import floored
from recommender.bandit.features import V2
from recommender.bandit.ridge import RidgePolicy
from recommender.bandit.sampling import best_shares


class Thompson(RidgePolicy):
    """Each action as often as it is the best of what may be true of this person.

    `width` scales the posterior's standard deviation, 1 being the textbook's. A person gives so few
    reactions that full width explores away what little time there is.
    """

    id = "thompson"
    version = "1"
    feature_set = V2
    floor = 0.05
    width = 0.3

    def scores(self, X: Floats) -> Floats:
        return self.expected(X)

    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        whitened = X @ self.posterior.whitener.T
        width = self.width * self.prior.noise**0.5
        return floored(best_shares(scores, whitened, width, rng), self.floor)
