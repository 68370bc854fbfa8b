"""One regression over everyone: what one person's would be who had given all rewards."""

import numpy as np
import pytest

from recommender.bandit.choose import seeded
from recommender.bandit.features import V2
from recommender.bandit.pooled import LEAST_NOISE, MOST_NOISE, pooled
from recommender.bandit.ridge import Posterior
from recommender.bandit.rule import rule_prior
from recommender.bandit.sums import Sums

RULE = rule_prior(V2)


def people(count: int, noise: float = 0.2) -> tuple[list[Sums], Sums, np.ndarray]:
    """What each gave, what all of them gave, and the weights that their rewards follow."""
    rng = seeded(1)
    truth, everyone, all_of_them = rng.uniform(-0.2, 0.2, 12), [], Sums(12)
    for _ in range(count):
        one = Sums(12)
        for _ in range(int(rng.integers(0, 80))):
            x = rng.uniform(-1, 1, 12)
            reward = float(np.clip(x @ truth + rng.normal(0, noise), -1, 1))
            one.add(x, reward)
            all_of_them.add(x, reward)
        everyone.append(one)
    return everyone, all_of_them, truth


def test_the_mean_is_that_of_one_person_who_gave_all_rewards():
    everyone, all_of_them, _ = people(50)
    prior = pooled(everyone, RULE)
    assert prior.mean.tobytes() == Posterior(RULE, all_of_them).theta.tobytes()
    assert np.array_equal(prior.precision, RULE.precision)


def test_weights_and_noise_are_found():
    everyone, _, truth = people(400)
    prior = pooled(everyone, RULE)
    assert prior.mean == pytest.approx(truth, abs=0.02)
    assert prior.noise == pytest.approx(0.04, rel=0.05)


def test_the_order_of_people_does_not_matter():
    everyone, _, _ = people(50)
    one, other = pooled(everyone, RULE), pooled(reversed(everyone), RULE)
    assert one.to_bytes() == other.to_bytes()
    assert one.version == other.version != pooled(everyone[1:], RULE).version


def test_nobodys_rewards_change_nothing():
    assert pooled([], RULE) is RULE
    assert pooled([Sums(12)] * 3, RULE) is RULE


def test_noise_stays_within_what_rewards_can_have():
    certain, torn = Sums(12), Sums(12)
    for k in range(500):
        certain.add(np.eye(12)[0], 0.0)
        torn.add(np.eye(12)[0], (-1.0) ** k)
    assert pooled([certain], RULE).noise == LEAST_NOISE
    assert 0.9 < pooled([torn], RULE).noise <= MOST_NOISE
