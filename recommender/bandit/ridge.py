"""Bayesian linear regression of one person's rewards, kept as sums.

With prior N(mean, noise * precision⁻¹) and rewards r = xᵀθ + noise, after rewards (x, r):

    A = precision + Σ x xᵀ        θ = mean + A⁻¹ (Σ r x - (Σ x xᵀ) mean)

which is the textbook A⁻¹ (precision mean + Σ r x), written so that θ is the prior's mean to the
last bit while nothing is learned (Bishop 2006, Pattern Recognition and Machine Learning, section
3.3).
"""

from typing import ClassVar, Self

import numpy as np

from recommender.bandit.arrays import Floats, checked_action, checked_actions, checked_reward
from recommender.bandit.envelope import StateError, seal, unseal
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior
from recommender.bandit.rule import rule_prior
from recommender.bandit.sums import REWARD_GRID, X_GRID, Sums


class Posterior:
    """What follows from one person's sums and a prior. Both stay as they are.

    Raises StateError if the two together make no positive definite matrix.
    """

    __slots__ = ("theta", "whitener")

    theta: Floats
    """The posterior mean of the weights, (d,)."""

    whitener: Floats
    """W (d, d), lower triangular, with WᵀW = A⁻¹: an action's uncertainty is ‖W x‖, in units of
    the standard deviation of the reward noise."""

    def __init__(self, prior: Prior, sums: Sums) -> None:
        gram = sums.gram * (1.0 / X_GRID**2)
        residual = sums.moment * (1.0 / (X_GRID * REWARD_GRID)) - gram @ prior.mean
        try:
            # numpy has no triangular solver; for small d inverting the factor is as cheap, and it
            # serves mean and width alike.
            self.whitener = np.linalg.inv(np.linalg.cholesky(prior.precision + gram))
        except np.linalg.LinAlgError as error:
            raise StateError("the state's matrix is not positive definite") from error
        self.theta = prior.mean + self.whitener.T @ (self.whitener @ residual)


class RidgePolicy(Policy):
    """A policy that learns by ridge regression and differs only in how it scores and explores.

    The regression is over `represent(X)`, which is X unless a subclass says otherwise.

    Raises ValueError if the prior's width is not `model_width()`.
    """

    learns: ClassVar[bool] = True

    def __init__(self, prior: Prior | None = None, sums: Sums | None = None) -> None:
        width = self.model_width()
        self.prior = prior or self.first_prior()
        if self.prior.mean.size != width:
            raise ValueError(f"{self.id}: the prior is not {width} wide")
        self.sums = sums or Sums(width)
        self._posterior: Posterior | None = None

    @classmethod
    def first_prior(cls) -> Prior:
        """What is believed where no prior is given."""
        return rule_prior(cls.feature_set)

    @classmethod
    def model_width(cls) -> int:
        """The number of columns of `represent(X)`."""
        return cls.feature_set.width

    def represent(self, X: Floats) -> Floats:
        """What the regression sees of checked actions (n, d), or of one (d,): within [-1, 1]."""
        return X

    @classmethod
    def fresh(cls, prior: Prior | None = None) -> Self:
        return cls(prior)

    @classmethod
    def load(cls, data: bytes, prior: Prior | None = None) -> Self:
        count, numbers = unseal(data, cls.label())
        policy = cls(prior, Sums.unpack(count, numbers, cls.model_width()))
        policy.posterior  # noqa: B018 - raises StateError where there is none
        return policy

    @property
    def count(self) -> int:
        return self.sums.count

    @property
    def prior_version(self) -> str:
        return self.prior.version

    @property
    def posterior(self) -> Posterior:
        """What is believed of this person now."""
        if self._posterior is None:
            self._posterior = Posterior(self.prior, self.sums)
        return self._posterior

    def state(self) -> bytes:
        return seal(self.label(), self.sums.count, self.sums.pack())

    def learn(self, x: Floats, reward: float) -> None:
        action = self.represent(checked_action(x, self.feature_set.width))
        self.sums.add(action, checked_reward(reward))
        self._posterior = None

    def unlearn(self, x: Floats, reward: float) -> None:
        action, reward = checked_action(x, self.feature_set.width), checked_reward(reward)
        if not self.sums.count:
            raise ValueError(f"{self.id}: nothing was learned that could be taken back")
        self.sums.take(self.represent(action), reward)
        self._posterior = None

    def expected(self, X: Floats) -> Floats:
        """The reward (n,) expected of each action. Raises ValueError as `scores` does."""
        actions = self.represent(checked_actions(X, self.feature_set.width))
        return actions @ self.posterior.theta
