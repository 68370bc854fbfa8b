"""LinUCB: Li et al. 2010, "A contextual-bandit approach to personalized news article
recommendation", Algorithm 1, but with one weight vector for all actions, as in Chu et al. 2011,
"Contextual bandits with linear payoff functions", since candidates have no identity."""

import numpy as np

from recommender.bandit.arrays import Floats, checked_actions
from recommender.bandit.explore import greedy
from recommender.bandit.features import V1_SMALL
from recommender.bandit.ridge import RidgePolicy


class LinUCB(RidgePolicy):
    """Score: expected reward plus `alpha` times its uncertainty, xᵀθ + alpha √(xᵀ A⁻¹ x).

    UCB alone always takes its best action, which gives no propensities to learn from afterwards;
    so a `floor` of 5 % is shared by all candidates alike.

    alpha = 0.3, in reward units: gentle, because a person gives only a handful of reactions a day.
    It also keeps the first decision the rule's: the bonus of an old task over a new one is below
    alpha / √STRENGTH / √2 = 0.106 on the scale of the age feature, the rule's weight on it 0.12.
    """

    id = "linucb"
    version = "2"
    feature_set = V1_SMALL
    floor = 0.05
    optimistic = True
    alpha = 0.3

    def scores(self, X: Floats) -> Floats:
        actions = checked_actions(X, self.feature_set.width)
        posterior = self.posterior
        whitened = actions @ posterior.whitener.T
        width = np.sqrt(np.einsum("ij,ij->i", whitened, whitened))
        scores: Floats = actions @ posterior.theta + self.alpha * width
        return scores

    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        return greedy(scores, self.floor)
