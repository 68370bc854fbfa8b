"""Bayesian linear regression of one person's rewards, kept as sums.

With prior N(mean, noise * precision⁻¹) and rewards r = xᵀθ + noise, after rewards (x, r):

    A = precision + Σ x xᵀ        θ = mean + A⁻¹ (Σ r x - (Σ x xᵀ) mean)

which is the textbook A⁻¹ (precision mean + Σ r x), written so that θ is the prior's mean to the
last bit while nothing is learned (Bishop 2006, Pattern Recognition and Machine Learning, section
3.3).
"""

from functools import cache
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from recommender.bandit.arrays import (
    LIMIT,
    Floats,
    checked_action,
    checked_actions,
    checked_reward,
)
from recommender.bandit.envelope import StateError, seal, unseal
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior
from recommender.bandit.rule import rule_prior


@cache
def _upper(width: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where the upper triangle lies: making these indices takes longer than using them."""
    rows, columns = np.triu_indices(width)
    rows.flags.writeable = columns.flags.writeable = False
    return rows, columns


class Ridge:
    """The sums, and what follows from them together with a prior.

    Only sums are state: another prior, re-estimated overnight, may be put under the same sums.
    Adding is elementwise arithmetic, so the same rewards in the same order give the same bits.
    """

    __slots__ = ("_gram", "_moment", "_solved", "count", "prior")

    def __init__(self, prior: Prior) -> None:
        width = prior.mean.size
        self.prior = prior
        self.count = 0
        self._gram: Floats = np.zeros((width, width))
        self._moment: Floats = np.zeros(width)
        self._solved: tuple[Floats, Floats] | None = None

    def add(self, x: Floats, reward: float) -> None:
        """Fold one reward of an action x (d,) in. Both are checked by the caller."""
        self._gram += x[:, None] * x
        self._moment += reward * x
        self.count += 1
        self._solved = None

    @property
    def theta(self) -> Floats:
        """The posterior mean of the weights, (d,)."""
        return self._solve()[0]

    @property
    def whitener(self) -> Floats:
        """W (d, d), lower triangular, with WᵀW = A⁻¹: an action's uncertainty is ‖W x‖."""
        return self._solve()[1]

    def _solve(self) -> tuple[Floats, Floats]:
        if self._solved is None:
            mean = self.prior.mean
            # numpy has no triangular solver; for small d inverting the factor is as cheap, and it
            # serves mean and width alike.
            whitener = np.linalg.inv(np.linalg.cholesky(self.prior.precision + self._gram))
            residual = self._moment - self._gram @ mean
            self._solved = mean + whitener.T @ (whitener @ residual), whitener
        return self._solved

    def pack(self) -> Floats:
        """The sums as d(d+1)/2 + d values."""
        return np.concatenate((self._gram[_upper(self._moment.size)], self._moment))

    @staticmethod
    def packed_size(width: int) -> int:
        return width * (width + 1) // 2 + width

    @classmethod
    def unpack(cls, count: int, values: Floats, prior: Prior) -> Self:
        """What `pack` gave, bit for bit. Raises StateError for sums that no rewards can have."""
        ridge = cls(prior)
        width = prior.mean.size
        upper = _upper(width)
        gram, moment = ridge._gram, ridge._moment
        gram[upper] = values[: upper[0].size]
        gram.T[upper] = gram[upper]
        moment[:] = values[upper[0].size :]
        ridge.count = count
        squares = gram.diagonal()
        # |r| <= 1, |x| <= LIMIT and Cauchy-Schwarz bound every sum, and a negative square breaks
        # the last. The slack is for rounding.
        if (
            (squares > count * LIMIT**2 * (1 + 1e-9)).any()
            or (gram**2 > np.outer(squares, squares) * (1 + 1e-6) + 1e-200).any()
            or (moment**2 > count * squares * (1 + 1e-6) + 1e-200).any()
        ):
            raise StateError("the state holds sums that no rewards can have")
        try:
            ridge._solve()
        except np.linalg.LinAlgError as error:
            raise StateError("the state's matrix is not positive definite") from error
        return ridge


class RidgePolicy(Policy):
    """A policy that learns by ridge regression and differs only in how it scores and explores.

    Raises ValueError if the prior's width is not the feature set's.
    """

    learns: ClassVar[bool] = True

    def __init__(self, ridge: Ridge | None = None) -> None:
        self.ridge = ridge or Ridge(rule_prior(self.feature_set))
        if self.ridge.prior.mean.size != self.feature_set.width:
            raise ValueError(f"{self.id}: the prior is not {self.feature_set.width} wide")

    @classmethod
    def fresh(cls, prior: Prior | None = None) -> Self:
        return cls(Ridge(prior) if prior else None)

    @classmethod
    def load(cls, data: bytes, prior: Prior | None = None) -> Self:
        width = cls.feature_set.width
        count, values = unseal(data, cls.label(), Ridge.packed_size(width))
        return cls(Ridge.unpack(count, values, prior or rule_prior(cls.feature_set)))

    @property
    def count(self) -> int:
        return self.ridge.count

    @property
    def prior_version(self) -> str:
        return self.ridge.prior.version

    def state(self) -> bytes:
        return seal(self.label(), self.ridge.count, self.ridge.pack())

    def learn(self, x: Floats, reward: float) -> None:
        self.ridge.add(checked_action(x, self.feature_set.width), checked_reward(reward))

    def expected(self, X: Floats) -> Floats:
        """The reward (n,) expected of each action. Raises ValueError as `scores` does."""
        return checked_actions(X, self.feature_set.width) @ self.ridge.theta
