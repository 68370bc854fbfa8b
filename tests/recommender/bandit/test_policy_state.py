"""What every policy's state must pass: exact, small, its own, and open to being taken back."""

from typing import Any

import numpy as np
import pytest

from recommender.bandit.choose import seeded
from recommender.bandit.envelope import StateError
from recommender.bandit.prior import Prior
from tests.recommender.bandit.found import (
    POLICIES,
    actions,
    after_a_night,
    assert_decides,
    every_learner,
    every_policy,
    every_populated,
    prior_of,
    rewards,
    taught,
)


@every_policy
def test_loaded_state_is_bit_identical_and_decides_and_learns_alike(policy_class):
    policy = taught(policy_class)
    loaded = policy_class.load(policy.state())
    X = actions(policy_class.feature_set, 20, seeded(2))
    assert loaded.state() == policy.state()
    assert loaded.count == policy.count
    for _ in range(3):
        assert loaded.scores(X).tobytes() == policy.scores(X).tobytes()
        assert loaded.pmf(X, seeded(3)).tobytes() == policy.pmf(X, seeded(3)).tobytes()
        loaded.learn(X[0], 0.3)
        policy.learn(X[0], 0.3)
        assert loaded.state() == policy.state()


@every_policy
def test_the_same_rewards_in_the_same_order_give_a_bit_identical_state(policy_class):
    at_once, in_pieces = policy_class(), policy_class()
    for x, reward in rewards(policy_class.feature_set, 100):
        at_once.learn(x, reward)
    for x, reward in rewards(policy_class.feature_set, 100):
        in_pieces = policy_class.load(in_pieces.state())
        in_pieces.learn(x, reward)
    assert in_pieces.state() == at_once.state()


@every_policy
def test_no_state_is_shared_between_people(policy_class):
    one, other = policy_class(), policy_class.fresh()
    untouched = other.state()
    x = actions(policy_class.feature_set, 1, seeded(2))[0]
    one.learn(x, 1.0)
    x[:] = 0
    assert other.state() == untouched == policy_class().state()
    assert one.count == (1 if policy_class.learns else 0)


@every_policy
def test_the_state_is_small(policy_class):
    size = len(taught(policy_class, 500).state())
    assert size <= (1024 if policy_class.feature_set.width <= 7 else 3072)


@every_policy
def test_a_damaged_state_is_refused(policy_class):
    state = taught(policy_class).state()
    for place in range(len(state)):
        damaged = bytearray(state)
        damaged[place] ^= 0b0001_0000
        with pytest.raises(StateError):
            policy_class.load(bytes(damaged))
        with pytest.raises(StateError):
            policy_class.load(state[:place])
    with pytest.raises(StateError):
        policy_class.load(state + b"\0")


@every_policy
def test_the_state_of_another_policy_or_version_is_refused(policy_class):
    for other in POLICIES:
        if other is not policy_class:
            with pytest.raises(StateError):
                policy_class.load(other().state())
    newer: Any = type("Newer", (policy_class,), {"version": policy_class.version + "x"})
    with pytest.raises(StateError):
        newer.load(policy_class().state())


@every_policy
def test_the_order_of_rewards_does_not_matter_to_the_last_bit(policy_class):
    given = rewards(policy_class.feature_set, 100)
    X = actions(policy_class.feature_set, 20, seeded(2))
    inorder, shuffled = policy_class(), policy_class()
    for x, reward in given:
        inorder.learn(x, reward)
    for place in seeded(4).permutation(len(given)):
        shuffled.learn(*given[place])
    assert shuffled.state() == inorder.state()
    assert shuffled.scores(X).tobytes() == inorder.scores(X).tobytes()


@every_policy
def test_a_reward_taken_back_was_never_learned(policy_class):
    kept, mistaken = rewards(policy_class.feature_set, 50), rewards(policy_class.feature_set, 30, 9)
    never, policy = policy_class(), policy_class()
    for x, reward in kept:
        never.learn(x, reward)
    for (x, reward), (y, mistake) in zip(kept, [*mistaken, *[mistaken[0]] * 20], strict=True):
        policy.learn(y, mistake)
        policy.learn(x, reward)
    policy = policy_class.load(policy.state())
    for y, mistake in [*mistaken[::-1], *[mistaken[0]] * 20]:
        policy.unlearn(y, mistake)
    X = actions(policy_class.feature_set, 20, seeded(2))
    assert policy.state() == never.state()
    assert policy.count == never.count
    assert policy.scores(X).tobytes() == never.scores(X).tobytes()
    assert policy.pmf(X, seeded(3)).tobytes() == never.pmf(X, seeded(3)).tobytes()


@every_policy
def test_a_corrected_reward_is_as_if_it_had_been_right_at_once(policy_class):
    x = actions(policy_class.feature_set, 1, seeded(2))[0]
    late, right = taught(policy_class), taught(policy_class)
    late.learn(x, 0.1)
    late.unlearn(x, 0.1)
    late.learn(x, 1.0)
    right.learn(x, 1.0)
    assert late.state() == right.state()


@every_learner
def test_what_is_taken_back_to_the_last_leaves_a_newcomer(policy_class):
    policy = policy_class()
    for x, reward in rewards(policy_class.feature_set, 20):
        policy.learn(x, reward)
    assert policy.count == 20
    for x, reward in rewards(policy_class.feature_set, 20):
        policy.unlearn(x, reward)
    assert policy.state() == policy_class().state()
    with pytest.raises(ValueError, match="nothing"):
        policy.unlearn(x, reward)
    assert policy.state() == policy_class().state()


@every_learner
def test_another_prior_goes_under_the_same_rewards(policy_class):
    policy = taught(policy_class)
    mine = prior_of(policy)
    mean = seeded(7).normal(0, 0.5, mine.mean.size)
    other = Prior("population-7", mean, 2.0 * mine.precision, 0.2)
    moved, expected = policy_class.load(policy.state(), other), policy_class.fresh(other)
    for x, reward in rewards(policy_class.feature_set, 60):
        expected.learn(x, reward)
    X = actions(policy_class.feature_set, 20, seeded(2))
    assert moved.state() == policy.state() == expected.state()
    assert moved.prior_version == "population-7" != policy.prior_version
    assert moved.scores(X).tobytes() == expected.scores(X).tobytes()
    assert not np.allclose(moved.scores(X), policy.scores(X))
    back = policy_class.load(moved.state(), mine)
    assert back.scores(X).tobytes() == policy.scores(X).tobytes()


@every_learner
def test_a_prior_of_another_width_is_refused(policy_class):
    width = prior_of(policy_class()).mean.size + 1
    other = Prior("other", np.zeros(width), np.eye(width))
    with pytest.raises(ValueError, match="wide"):
        policy_class.fresh(other)
    with pytest.raises(ValueError, match="wide"):
        policy_class.load(policy_class().state(), other)


@every_populated
def test_a_population_gives_a_prior_that_everyone_can_start_from(policy_class):
    people = [taught(policy_class, n) for n in (0, 1, 5, 40, 200)]
    states = [person.state() for person in people]
    start = prior_of(policy_class())
    prior = policy_class.estimate(lambda: [states[:2], [], states[2:]], start)
    again = policy_class.estimate(lambda: [states[:2], [], states[2:]], start)
    X = actions(policy_class.feature_set, 20, seeded(2))
    assert again.to_bytes() == prior.to_bytes()
    assert again.version == prior.version != start.version
    assert not np.allclose(policy_class.fresh(prior).scores(X), policy_class().scores(X))
    for state in states:
        moved = policy_class.load(state, policy_class.prior_type.from_bytes(prior.to_bytes(), "x"))
        assert moved.state() == state
        assert_decides(moved, X)


@every_populated
@pytest.mark.parametrize("people", [0, 3])
def test_a_population_that_did_nothing_gives_a_prior_all_the_same(policy_class, people):
    states = [policy_class().state()] * people
    prior = policy_class.estimate(lambda: [states], prior_of(policy_class()))
    assert_decides(policy_class.fresh(prior), actions(policy_class.feature_set, 20, seeded(2)))


@every_populated
def test_what_is_no_state_is_no_part_of_a_population(policy_class):
    with pytest.raises(StateError):
        policy_class.estimate(lambda: [[b"oO"]], prior_of(policy_class()))
    other = next(cls for cls in POLICIES if cls.learns and cls is not policy_class)
    with pytest.raises(StateError):
        policy_class.estimate(lambda: [[taught(other).state()]], prior_of(policy_class()))


@every_policy
def test_a_night_changes_no_state(policy_class):
    policy = taught(policy_class)
    assert after_a_night(policy).state() == policy.state()
