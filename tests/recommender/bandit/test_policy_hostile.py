"""What no policy may be harmed by."""

import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from recommender.bandit.arrays import LIMIT
from recommender.bandit.choose import choose, seeded
from recommender.bandit.features import Facts, Moment, named, silence, vectorise
from tests.recommender.bandit.found import (
    HOSTILE,
    actions,
    after_a_night,
    assert_decides,
    every_policy,
    rewards,
    taught,
)

SUMMER, WINTER = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
JUMPS = [
    datetime(2026, 10, 25, 2, 59, tzinfo=SUMMER),
    datetime(2026, 10, 25, 2, 1, tzinfo=WINTER),  # later, though the clock says earlier
    datetime(2026, 10, 25, 2, 0, fold=1, tzinfo=WINTER),
    datetime.min.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-14))),
    datetime(2026, 3, 2, 12, tzinfo=UTC),
    datetime(1926, 3, 2, 12, tzinfo=timezone(timedelta(minutes=-44, seconds=-30))),
]


def minutes_to_meeting(k: int) -> float | None:
    return (None, 5.0, -1e9, 1e300, math.nan, math.inf)[k % 6]


@every_policy
@pytest.mark.parametrize("number", HOSTILE)
def test_hostile_numbers_are_refused_and_leave_the_state_untouched(policy_class, number):
    policy = taught(policy_class)
    before = policy.state()
    X = actions(policy_class.feature_set, 20, seeded(2))
    for column in range(X.shape[1]):
        hostile = X.copy()
        hostile[7, column] = number
        with pytest.raises(ValueError, match="NaN"):
            policy.scores(hostile)
        with pytest.raises(ValueError, match="NaN"):
            policy.pmf(hostile, seeded(1))  # the checked way: explore trusts what scores accepted
        with pytest.raises(ValueError, match="NaN"):
            choose(policy, hostile, seeded(1))
        with pytest.raises(ValueError, match="NaN"):
            policy.learn(hostile[7], 1.0)
        with pytest.raises(ValueError, match="NaN"):
            policy.unlearn(hostile[7], 1.0)
    for change in (policy.learn, policy.unlearn):
        with pytest.raises(ValueError, match="reward"):
            change(X[0], number)
    assert policy.state() == before
    assert_decides(policy, X)


@every_policy
@pytest.mark.parametrize("reward", [-1.001, 1.001, math.nan])
def test_a_reward_beyond_the_table_is_refused(policy_class, reward):
    policy = policy_class()
    before = policy.state()
    for change in (policy.learn, policy.unlearn):
        with pytest.raises(ValueError, match="reward"):
            change(actions(policy_class.feature_set, 1, seeded(2))[0], reward)
    assert policy.state() == before


@every_policy
def test_wrong_shapes_are_refused(policy_class):
    policy, width = policy_class(), policy_class.feature_set.width
    before = policy.state()
    with pytest.raises(ValueError, match="no action"):
        choose(policy, np.zeros((0, width)), seeded(1))
    for shape in [(3, width + 1), (3, width - 1), (width,), (2, 3, width)]:
        with pytest.raises(ValueError):
            choose(policy, np.zeros(shape), seeded(1))
        with pytest.raises(ValueError):
            policy.pmf(np.zeros(shape), seeded(1))
    for shape in [(width + 1,), (1, width), ()]:
        with pytest.raises(ValueError):
            policy.learn(np.zeros(shape), 1.0)
        with pytest.raises(ValueError):
            policy.unlearn(np.zeros(shape), 1.0)
    assert policy.state() == before


@every_policy
@pytest.mark.parametrize("reward", [-1.0, 1.0])
def test_ten_thousand_identical_rewards_do_no_harm(policy_class, reward):
    policy = policy_class()
    X = actions(policy_class.feature_set, 20, seeded(2))
    for _ in range(10_000):
        policy.learn(X[0], reward)
    assert_decides(policy, X)
    assert_decides(policy_class.load(policy.state()), X)
    assert_decides(after_a_night(policy), X)
    assert len(policy.state()) <= 3072


@every_policy
@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0, 1e-200])
def test_constant_columns_do_no_harm(policy_class, value):
    policy = policy_class()
    X = np.full((20, policy_class.feature_set.width), value)
    for x in X:
        policy.learn(x, 1.0)
        assert_decides(policy, X)
    assert_decides(policy_class.load(policy.state()), X)
    assert_decides(after_a_night(policy), X)


@every_policy
def test_the_largest_numbers_there_may_be_do_no_harm(policy_class):
    policy = policy_class()
    rng = seeded(6)
    X = rng.choice([-LIMIT, 0.0, LIMIT], (20, policy_class.feature_set.width))
    for i in range(400):
        policy.learn(X[i % 20], float(rng.choice([-1.0, 1.0])))
    assert_decides(policy, X)
    assert_decides(policy_class.load(policy.state()), X)
    assert_decides(after_a_night(policy), X)


@every_policy
def test_candidates_all_alike_share_alike(policy_class):
    x = actions(policy_class.feature_set, 1, seeded(2))
    pmf = taught(policy_class).pmf(np.repeat(x, 7, axis=0), seeded(1))
    assert pmf == pytest.approx([1 / 7] * 7, abs=1e-9)


@every_policy
def test_one_candidate_again_and_again_does_no_harm(policy_class):
    policy = policy_class()
    for k, (x, reward) in enumerate(rewards(policy_class.feature_set, 200)):
        choice = choose(policy, x[None, :], seeded(k))
        assert choice.index == 0
        assert choice.propensity == pytest.approx(1, abs=1e-9)
        policy.learn(x, reward)
    assert_decides(policy, x[None, :])


@every_policy
def test_a_clock_that_jumps_does_no_harm(policy_class):
    """Forth and back by an hour, a century, and to both ends of the calendar."""
    policy, feature_set = policy_class(), policy_class.feature_set
    for k, local in enumerate(JUMPS * 5):
        moment = Moment(local, minutes_to_meeting(k))
        rows = [
            named(Facts("task", bool(k % 2), age, 1 + k % 4, not k % 2), moment)
            for age in (-1e7, -0.04, 0.0, 3.0, 3e6, None)
        ]
        X = vectorise([*rows, *([silence(moment)] if feature_set.silence else [])], feature_set)
        choice = choose(policy, X, seeded(k))
        assert_decides(policy, X)
        policy.learn(X[choice.index], (1.0, -1.0, 0.1)[k % 3])
        policy = policy_class.load(policy.state())
    assert policy.count == (5 * len(JUMPS) if policy_class.learns else 0)
