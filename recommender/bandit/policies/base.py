"""The contract of a policy. To write one, read docs/add-a-policy.md."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Self, final

import numpy as np

from recommender.bandit.arrays import Floats, checked_action, checked_reward
from recommender.bandit.envelope import StateError, seal, unseal
from recommender.bandit.features import FeatureSet
from recommender.bandit.prior import Prior

Read = Callable[[], Iterable[Sequence[bytes]]]
"""Begins one pass over the states of many people, in batches."""


class Policy(ABC):
    """One person's policy: scores actions, spreads probability over them, learns from rewards.

    X is a matrix (n, d) of candidates, n >= 1, d = feature_set.width; x is one row of it. Methods
    that take either, but for `explore`, raise ValueError for a wrong shape, NaN, infinity or
    |value| > arrays.LIMIT, and then nothing has changed. Outputs are always finite.

    `cls()` is the same as `cls.fresh()`. An instance belongs to one person: a registry may hold
    one to call `fresh` and `load` on, which are class methods, but never to learn with.
    """

    id: ClassVar[str]
    """Unique among policies, stored with every decision, ASCII: "egreedy-v1"."""

    version: ClassVar[str]
    """Raised with any change after which an old state or decision would mean something else."""

    feature_set: ClassVar[FeatureSet]
    """What the columns of X are."""

    learns: ClassVar[bool]
    """Whether rewards change the policy."""

    optimistic: ClassVar[bool] = False
    """Whether `scores` are more than `expected`: rewards, and a wish to know more on top."""

    floor: ClassVar[float] = 0.0
    """Each of n candidates is drawn with a probability of at least floor / n."""

    has_population: ClassVar[bool] = False
    """Whether the prior can be learned from everyone's states: see `estimate`."""

    prior_type: ClassVar[type[Prior]] = Prior
    """What the bytes of this policy's priors are read as."""

    @classmethod
    @abstractmethod
    def fresh(cls, prior: Prior | None = None) -> Self:
        """The policy of someone who has not reacted yet. Without a prior: the urgency rule."""

    @classmethod
    @abstractmethod
    def load(cls, data: bytes, prior: Prior | None = None) -> Self:
        """What `state` gave: it then decides and learns bit for bit as the original would have.

        The prior is not part of the state and must be given again. Raises StateError for bytes
        that are damaged, impossible, or of another policy or version.
        """

    @abstractmethod
    def state(self) -> bytes:
        """All that was learned: at most 1 kB for d <= 7, 3 kB for d <= 36.

        The same rewards give the same bytes, in whatever order they were learned.
        """

    @property
    @abstractmethod
    def count(self) -> int:
        """How many rewards the state holds."""

    @property
    def prior_version(self) -> str:
        """The version of the prior under the state, "" where there is none."""
        return ""

    @abstractmethod
    def scores(self, X: Floats) -> Floats:
        """How good each action looks, (n,) float64. The same for the same state and X, always."""

    @abstractmethod
    def explore(self, scores: Floats, X: Floats, rng: np.random.Generator) -> Floats:
        """The distribution (n,) that the action is to be drawn from, given this X's scores.

        X must be one that `scores` has just accepted: it is not looked at again, since choosing is
        a matter of microseconds, and of any other nothing is promised. `pmf` checks.

        Not negative, sums to 1 within 1e-9. The same for the same state, X and state of rng. A
        policy that samples takes its samples from rng and gives the distribution they make.
        """

    @abstractmethod
    def learn(self, x: Floats, reward: float) -> None:
        """Fold in one reward, within [-1, 1], of the action x (d,)."""

    @abstractmethod
    def unlearn(self, x: Floats, reward: float) -> None:
        """Take back what `learn` folded in: the state is then, bit for bit, as if it never had.

        Raises ValueError as `learn` does, and when there is nothing left to take back.
        """

    @classmethod
    def estimate(
        cls,
        read: Read,
        start: Prior,
        *,
        epsilon: float | None = None,
        rng: np.random.Generator | None = None,
    ) -> Prior:
        """The population's prior, from the states of people that `read` gives, starting from the
        prior that they have now. With `epsilon` it is differentially private for each of them, and
        `rng` gives the noise. Nothing changes for anyone until `load` is given the new prior.

        Raises ValueError where a policy can't be private, NotImplementedError without a population.
        """
        raise NotImplementedError(f"{cls.id} learns nothing from a population")

    @final
    def pmf(self, X: Floats, rng: np.random.Generator) -> Floats:
        """`explore` of `scores`: the exact distribution (n,) of the next action.

        This (or `choose`, which draws as well) is the way to ask: it raises ValueError for an unusable X.
        """
        return self.explore(self.scores(X), X, rng)

    @classmethod
    def label(cls) -> str:
        """What state is labelled with, so that no other policy or version takes it for its own."""
        return f"{cls.id}/{cls.version}"


class FixedPolicy(Policy):
    """A policy that learns nothing. Its state is its name."""

    learns: ClassVar[bool] = False

    @classmethod
    def fresh(cls, prior: Prior | None = None) -> Self:
        return cls()

    @classmethod
    def load(cls, data: bytes, prior: Prior | None = None) -> Self:
        if unseal(data, cls.label()) != (0, b""):
            raise StateError("the state of a policy that learns nothing holds something")
        return cls()

    @property
    def count(self) -> int:
        return 0

    def state(self) -> bytes:
        return seal(self.label(), 0, b"")

    def learn(self, x: Floats, reward: float) -> None:
        checked_action(x, self.feature_set.width)
        checked_reward(reward)

    def unlearn(self, x: Floats, reward: float) -> None:
        self.learn(x, reward)
