"""Who competes in a simulation. Anything with these few calls may: a policy, a rule, a peer.

    class Mine:
        name = "mine"
        feature_set = V3                      # what X's columns are, and whether silence is offered
        def begin(self, person: int) -> Learner: ...
        def night(self, learners: Sequence[Learner]) -> None: ...

`begin` gives one person's learner, which chooses a row of X (n, d) and learns what it was worth.
`night` comes once a day with the learners of everyone who has come so far, in order of arrival.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from recommender.bandit import privacy
from recommender.bandit.arrays import Floats
from recommender.bandit.choose import choose
from recommender.bandit.features import V2, V3, FeatureSet
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior
from recommender.bandit.turn import WEEK, Days, turned


class Learner(Protocol):
    """What is known of one person."""

    def choose(self, X: Floats, rng: np.random.Generator) -> int:
        """The row of X (n, d) to take. `rng` is this person's, and this entrant's alone."""
        ...

    def learn(self, x: Floats, reward: float) -> None:
        """The reward, within [-1, 1], of a row x (d,) that was taken."""
        ...


class Entrant(Protocol):
    """One way of choosing. It is used for one run and then let go."""

    name: str
    feature_set: FeatureSet

    def begin(self, person: int) -> Learner: ...

    def night(self, learners: Sequence[Learner]) -> None: ...


Maker = Callable[[int], Entrant]
"""Makes an entrant afresh for the run of one seed."""


class PolicyLearner:
    """One person's policy. Another prior is put under its state when it is next needed, since most
    people of a long run have come and gone.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._state: bytes | None = None
        self._prior: Prior | None = None
        self.today: list[tuple[Floats, float, float]] = []
        """Actions (d,), rewards and what was expected of them, since the last night."""
        self.yesterday: list[tuple[Floats, float, float]] = []

    @property
    def policy(self) -> Policy:
        if self._prior is not None:
            self._policy = type(self._policy).load(self.state(), self._prior)
            self._prior = None
        return self._policy

    def choose(self, X: Floats, rng: np.random.Generator) -> int:
        return choose(self.policy, X, rng).index

    def learn(self, x: Floats, reward: float) -> None:
        policy = self.policy
        self.today.append((x, reward, float(policy.scores(x[None])[0])))
        policy.learn(x, reward)
        self._state = None

    def keep_lately(self, *, days: int) -> None:
        """Forgets all but what was learned today, or today and yesterday."""
        self._policy = self.policy.fresh(getattr(self.policy, "prior", None))
        self._state = None
        for x, reward, _ in [*(self.yesterday if days > 1 else []), *self.today]:
            self._policy.learn(x, reward)

    def state(self) -> bytes:
        if self._state is None:
            self._state = self._policy.state()
        return self._state

    def rest_on(self, prior: Prior) -> None:
        """Puts a prior under what was learned."""
        self._prior = prior


class PolicyEntrant:
    """A policy of ours. If it has a population, its prior is re-estimated at night and put under
    everyone's state, and what was learned before a day on which the population turned is set aside;
    `estimates=False` leaves both.

    With `epsilon` as in the product: estimates are private, and made where people are enough and
    something is new (recommender.bandit.privacy). Without, every night and without noise, which is
    what can be had where everybody trusts everybody.
    """

    BATCH = 500

    def __init__(
        self,
        cls: type[Policy],
        *,
        prior: Prior | None = None,
        name: str | None = None,
        estimates: bool = True,
        epsilon: float | None = None,
    ) -> None:
        self.cls = cls
        self.prior = prior or getattr(cls.fresh(), "prior", None)
        self.name = name or cls.id
        self.feature_set = cls.feature_set
        self.estimates = estimates
        self.epsilon = epsilon
        self._noise = np.random.default_rng(0)
        self._before, self._nights = 0, 0
        self.turns = 0
        """On how many nights the population was found to have turned."""
        self._lately: deque[Days] = deque(maxlen=WEEK + 1)

    def begin(self, person: int) -> PolicyLearner:
        return PolicyLearner(self.cls.fresh(self.prior))

    def night(self, learners: Sequence[Learner]) -> None:
        mine = [learner for learner in learners if isinstance(learner, PolicyLearner)]
        if not (self.cls.has_population and self.estimates) or self.prior is None or not mine:
            return

        self._look(mine)

        def read() -> Iterator[Sequence[bytes]]:
            for start in range(0, len(mine), self.BATCH):
                yield [learner.state() for learner in mine[start : start + self.BATCH]]

        if self.epsilon is None:
            self.prior = self.cls.estimate(read, self.prior)
        elif self._is_time(len(mine), self.prior.mean.size, self.epsilon):
            self.prior = self.cls.estimate(read, self.prior, epsilon=self.epsilon, rng=self._noise)
        for learner in mine:
            learner.rest_on(self.prior)

    def _look(self, mine: Sequence[PolicyLearner]) -> None:
        """Whether the population turned today, or yesterday; then what was before is set aside."""
        lively = [learner.today for learner in mine if learner.today]
        today = Days(
            [sum(reward - expected for _, reward, expected in day) for day in lively],
            [len(day) for day in lively],
        )
        lately = list(self._lately)
        days = 0
        if _turned(lately, [today]):
            days = 1
        elif lately and _turned(lately[:-1], [lately[-1], today]):
            days = 2
        if days:
            self.turns += 1
            self._lately.clear()
            for learner in mine:
                learner.keep_lately(days=days)
        else:
            self._lately.append(today)
        for learner in mine:
            learner.yesterday, learner.today = learner.today, []

    def _is_time(self, people: int, width: int, epsilon: float) -> bool:
        self._nights += 1
        enough = people >= privacy.people_needed(width, epsilon)
        due = privacy.is_due(people, before=self._before, nights=self._nights)
        if enough and due:
            self._before, self._nights = people, 0
        return enough and due


def _turned(before: Sequence[Days], days: Sequence[Days]) -> bool:
    """Whether these days are a turn against the week before them."""
    week = before[-WEEK:]
    return len(week) == WEEK and turned(_all(days), _all(week), _all(week[: len(days)])).turned


def _all(days: Sequence[Days]) -> Days:
    return sum(days, start=Days([], []))


class Alone:
    """Bayesian linear regression of each person alone, with the best of its confidence bounds."""

    def __init__(self, mean: Floats, precision: Floats, width: float) -> None:
        self.gram, self.moment = precision.copy(), precision @ mean
        self.width = width
        self._solved: tuple[Floats, Floats] | None = None

    def choose(self, X: Floats, rng: np.random.Generator) -> int:
        if self._solved is None:
            inverse = np.asarray(np.linalg.inv(self.gram), dtype=np.float64)
            self._solved = inverse @ self.moment, inverse
        theta, inverse = self._solved
        return int((X @ theta + self.width * np.sqrt(((X @ inverse) * X).sum(axis=1))).argmax())

    def learn(self, x: Floats, reward: float) -> None:
        self.gram += x[:, None] * x
        self.moment += reward * x
        self._solved = None


class Ceiling:
    """What can be had in practice: the true prior, exact Bayes, and a gentle confidence bound of
    `width` times the posterior's standard deviation. Raises ValueError in a world that has no true
    prior.
    """

    name = "ceiling"
    feature_set = V3

    def __init__(self, truth: Prior | None, width: float = 0.3) -> None:
        if truth is None:
            raise ValueError("this world is not linear in our features: there is no true prior")
        self.truth = truth
        self.width = width * float(np.sqrt(truth.noise))

    def begin(self, person: int) -> Learner:
        return Alone(self.truth.mean, self.truth.precision, self.width)

    def night(self, learners: Sequence[Learner]) -> None:
        return


class LinUCBAlone:
    """LinUCB as libraries have it: each person for themselves, from nothing, over V2 (d = 12), with
    bounds of `width` times √(xᵀ A⁻¹ x).
    """

    name = "linucb-alone"
    feature_set = V2

    def __init__(self, width: float = 1.0, strength: float = 1.0) -> None:
        self.width, self.strength = width, strength

    def begin(self, person: int) -> Learner:
        d = self.feature_set.width
        return Alone(np.zeros(d), self.strength * np.eye(d), self.width)

    def night(self, learners: Sequence[Learner]) -> None:
        return
