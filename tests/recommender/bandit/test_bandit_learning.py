"""Does learning help? One simulated person, whose taste agrees with the urgency rule in part."""

from collections.abc import Callable

import numpy as np
import pytest

from recommender.bandit.choose import choose, seeded
from recommender.bandit.features import V1
from recommender.bandit.policies.base import Policy
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.uniform import Uniform
from recommender.bandit.policies.urgency import Urgency
from recommender.bandit.prior import Prior
from recommender.bandit.rule import STRENGTH

DECISIONS, CANDIDATES, SEEDS = 100, 20, 12

# As the rule has it: overdue is good, and priority. Against it: old tasks are dearer than new ones.
TASTE = np.array([0.3, 0.7, 0.4, 0.0, 0.0, 0.0, 0.0])
MOOD = -0.55


def life(seed: int) -> list[np.ndarray]:
    """The candidates of each decision, already scaled: columns as in V1."""
    rng = seeded(seed)
    moments = []
    for _ in range(DECISIONS):
        X = np.zeros((CANDIDATES, V1.width))
        X[:, 0] = rng.random(CANDIDATES) < 0.2
        X[:, 1] = rng.random(CANDIDATES)
        X[:, 2] = rng.choice([0, 1 / 3, 2 / 3, 1], CANDIDATES, p=[0.55, 0.2, 0.15, 0.1])
        hour, day = rng.uniform(0, 2 * np.pi), 2 * np.pi * rng.integers(7) / 7
        X[:, 3:] = np.sin(hour), np.cos(hour), np.sin(day), np.cos(day)
        moments.append(X)
    return moments


def mean_reward(policy: Policy, seed: int) -> float:
    """Over one life. The person reacts by chance, from the table, the better the likelier."""
    rng, total = seeded(10_000 + seed), 0.0
    for X in life(seed):
        choice = choose(policy, X, rng)
        likes = TASTE @ X[choice.index] + MOOD + rng.normal(0, 0.4)
        reward = 1.0 if likes > 0.4 else 0.6 if likes > 0.1 else 0.1 if likes > -0.2 else -1.0
        policy.learn(X[choice.index], reward)
        total += reward
    return total / DECISIONS


@pytest.fixture(scope="module")
def means() -> dict[str, np.ndarray]:
    zero = Prior("zero", np.zeros(V1.width), STRENGTH * np.eye(V1.width))
    newcomers: dict[str, Callable[[], Policy]] = {
        "random": Uniform.fresh,
        "rule": Urgency.fresh,
        "learner": EpsilonGreedy.fresh,
        "from zero": lambda: EpsilonGreedy.fresh(zero),
    }
    return {
        name: np.array([mean_reward(fresh(), seed) for seed in range(SEEDS)])
        for name, fresh in newcomers.items()
    }


def test_learning_from_the_rule_beats_random_clearly(means):
    gain = means["learner"] - means["random"]
    assert gain.mean() - 3 * gain.std(ddof=1) / np.sqrt(SEEDS) > 0.2


def test_learning_from_the_rule_is_not_worse_than_learning_from_nothing(means):
    gain = means["learner"] - means["from zero"]
    assert gain.mean() > -gain.std(ddof=1) / np.sqrt(SEEDS)


def test_learning_improves_on_the_rule_where_the_person_differs_from_it(means):
    assert means["learner"].mean() > means["rule"].mean()
