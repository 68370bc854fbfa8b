"""What holds of single policies, and of what they are built on."""

import dataclasses
import struct
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from recommender.bandit.arrays import LIMIT
from recommender.bandit.choose import seeded
from recommender.bandit.envelope import StateError
from recommender.bandit.explore import greedy
from recommender.bandit.features import V1, V1_SMALL, vectorise
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.epsilon_greedy_v2 import EpsilonGreedyV2
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.policies.squarecb import SquareCB
from recommender.bandit.policies.thompson import Thompson
from recommender.bandit.policies.uniform import Uniform
from recommender.bandit.policies.urgency import Urgency
from recommender.bandit.prior import Prior
from recommender.bandit.rule import STRENGTH, rule_prior

# A cold cache or a busy machine makes a first example slow, which says nothing of the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

scores_of_any_size = st.lists(st.floats(-5, 5), min_size=1, max_size=100).map(np.array)
candidate = st.tuples(st.booleans(), st.integers(1, 4), st.integers(0, 365))
hour_of_day = st.floats(0, 24)
bounded = st.floats(-LIMIT, LIMIT)


def rows(candidates: list[tuple[bool, int, int]], hour: float = 9.0) -> list[dict[str, float]]:
    turn = 2 * np.pi * hour / 24
    return [
        {
            "is_overdue": float(overdue),
            "priority": float(priority),
            "task_age_days": float(age),
            "hour_sin": float(np.sin(turn)),
            "hour_cos": float(np.cos(turn)),
            "weekday_sin": 0.0,
            "weekday_cos": 1.0,
        }
        for overdue, priority, age in candidates
    ]


def random_actions(n: int, width: int, seed: int = 1) -> np.ndarray:
    """On the grid that sums are kept on, so that textbook formulas are theirs to the last digits."""
    return seeded(seed).integers(-256, 257, (n, width)) / 256


@pytest.mark.parametrize("policy_class", [Urgency, EpsilonGreedy, EpsilonGreedyV2, LinUCB])
@unhurried
@given(candidates=st.lists(candidate, min_size=1, max_size=30), hour=hour_of_day)
def test_the_first_decision_of_a_newcomer_is_the_urgency_rules(policy_class, candidates, hour):
    policy = policy_class()
    X = vectorise(rows(candidates, hour), policy.feature_set)
    best = max((overdue, priority, -age) for overdue, priority, age in candidates)
    is_best = np.array([(o, p, -a) == best for o, p, a in candidates])
    pmf = policy.pmf(X, seeded(1))
    assert (pmf > policy.floor / len(X) + 1e-12).tolist() == is_best.tolist() or len(X) == 1
    assert pmf[is_best] == pytest.approx(
        (1 - policy.floor) / is_best.sum() + policy.floor / len(X), abs=1e-12
    )


def test_the_rule_expects_no_more_than_the_reward_table_holds():
    everything = vectorise(rows([(True, 4, 0), (False, 1, 365)]), V1)
    assert Urgency().scores(everything) == pytest.approx([1.0, -0.12])


def test_a_newcomers_weights_are_the_rules_to_the_last_bit():
    assert EpsilonGreedy().posterior.theta.tobytes() == rule_prior(V1).mean.tobytes()


def test_random_gives_every_candidate_the_same_chance():
    assert Uniform().pmf(random_actions(8, 7), seeded(1)).tolist() == [0.125] * 8


def test_epsilon_greedy_gives_the_best_ninety_percent_and_its_share_of_the_rest():
    policy = EpsilonGreedy()
    X = vectorise(rows([(False, 1, 3), (True, 4, 1), (False, 2, 9), (False, 3, 2)]), V1)
    assert policy.pmf(X, seeded(1)) == pytest.approx([0.025, 0.925, 0.025, 0.025])


def test_equals_share_what_the_best_gets():
    X = vectorise(rows([(True, 4, 1), (False, 2, 9), (True, 4, 1)]), V1)
    assert Urgency().pmf(X, seeded(1)) == pytest.approx([0.5, 0, 0.5])


@unhurried
@given(scores=scores_of_any_size, floor=st.floats(0, 1))
def test_greedy_makes_a_distribution_of_any_scores(scores, floor):
    pmf = greedy(scores, floor)
    assert pmf.sum() == pytest.approx(1, abs=1e-9)
    assert pmf.min() >= floor / scores.size - 1e-12
    assert pmf[scores.argmax()] == pmf.max()


def test_scores_apart_by_rounding_only_are_equal():
    assert greedy(np.array([1.0, 1.0 - 2e-16, 0.5])).tolist() == [0.5, 0.5, 0.0]


@pytest.mark.parametrize("policy_class", [EpsilonGreedy, EpsilonGreedyV2, LinUCB, Thompson])
def test_the_weights_are_those_of_the_textbooks_normal_equations(policy_class):
    policy, d = policy_class(), policy_class.feature_set.width
    X, r = random_actions(200, d), seeded(2).integers(-100, 101, 200) / 100
    for x, reward in zip(X, r, strict=True):
        policy.learn(x, reward)
    A = STRENGTH * np.eye(d) + X.T @ X
    b = STRENGTH * rule_prior(policy.feature_set).mean + X.T @ r
    assert policy.posterior.theta == pytest.approx(np.linalg.solve(A, b), abs=1e-12)
    assert policy.posterior.whitener.T @ policy.posterior.whitener == pytest.approx(
        np.linalg.inv(A), abs=1e-12
    )


def test_linucb_adds_alpha_times_the_uncertainty_to_the_expected_reward():
    policy = LinUCB()
    taught, asked = random_actions(50, 5), random_actions(20, 5, seed=3)
    for x in taught:
        policy.learn(x, 0.6)
    inverse = np.linalg.inv(STRENGTH * np.eye(5) + taught.T @ taught)
    width = np.sqrt(np.array([x @ inverse @ x for x in asked]))
    assert policy.scores(asked) == pytest.approx(policy.expected(asked) + 0.3 * width, abs=1e-12)


def test_linucb_prefers_the_less_known_of_two_equally_promising_actions():
    policy = LinUCB.fresh(Prior("zero", np.zeros(5), np.eye(5)))
    known, unknown = np.eye(5)[0], np.eye(5)[1]
    for _ in range(20):
        policy.learn(known, 1.0)
        policy.learn(known, -1.0)
    scores = policy.scores(np.array([known, unknown]))
    assert scores[1] > scores[0]


def test_thompson_draws_what_is_less_known_of_two_equally_promising_actions_more_often():
    policy = Thompson.fresh(Prior("zero", np.zeros(12), np.eye(12)))
    known, unknown, dull = np.eye(12)[0], np.eye(12)[1], -0.5 * np.eye(12)[2]
    for _ in range(20):
        policy.learn(known, 1.0)
        policy.learn(known, -1.0)
        policy.learn(np.eye(12)[2], 0.5)
    X = np.array([known, unknown, dull, dull])
    pmf = np.mean([policy.pmf(X, seeded(k)) for k in range(50)], axis=0)
    # As good on average, so either is better half of the time; what is worse shares the floor.
    assert pmf[:2] == pytest.approx([0.4875, 0.4875], abs=0.03)
    assert pmf[2:] == pytest.approx([0.0125] * 2, abs=1e-12)
    X[0] -= 0.1 * np.eye(12)[3]
    policy.learn(np.eye(12)[3], 1.0)
    assert policy.pmf(X, seeded(1))[1] > policy.pmf(X, seeded(1))[0]


def test_thompsons_chances_are_those_of_the_posterior():
    """Of two actions, the better is drawn as often as the normal distribution says."""
    policy = Thompson()
    for x, reward in zip(random_actions(40, 12), seeded(2).uniform(-1, 1, 40), strict=True):
        policy.learn(x, float(reward))
    X = random_actions(2, 12, seed=9)
    # As far apart as they are, but for what would make one of them much the better.
    theta = policy.posterior.theta
    X[1] += 0.8 * theta * ((X[0] - X[1]) @ theta) / (theta @ theta)
    gap = X[0] - X[1]
    apart = float(np.subtract(*policy.expected(X)))
    width = (
        Thompson.width * policy.prior.noise**0.5 * np.linalg.norm(policy.posterior.whitener @ gap)
    )
    shares = np.mean([policy.pmf(X, seeded(k)) for k in range(400)], axis=0)
    likely = stats.norm.cdf(apart / width)
    assert 0.05 < likely < 0.95
    assert shares[0] == pytest.approx(0.95 * likely + 0.025, abs=0.01)


def test_squarecb_draws_the_rarer_the_further_behind_as_the_paper_says():
    policy = SquareCB()
    X = np.zeros((4, 12))
    X[:, SquareCB.feature_set.names.index("is_overdue")] = [1.0, 0.5, 0.0, 0.0]
    for _ in range(3):
        policy.learn(X[0], 0.0)
    pmf, gamma = policy.pmf(X, seeded(1)), 2000.0 * 2.0
    behind = [1 / (4 + gamma * gap) for gap in (0.3, 0.6, 0.6)]
    paper = np.array([1 - sum(behind), *behind])
    assert pmf == pytest.approx(0.95 * paper + 0.05 / 4, abs=1e-12)


def test_squarecb_explores_someone_less_the_more_they_answered_and_shares_what_it_learned():
    policy, X = SquareCB(), random_actions(10, 12)
    before = policy.scores(X)
    rare = policy.pmf(X, seeded(1)).max()
    for x in X:
        policy.learn(x, 0.3)
    assert policy.scores(X).tobytes() == before.tobytes()
    assert policy.pmf(X, seeded(1)).max() > rare
    prior = SquareCB.estimate(lambda: [[policy.state()]], policy.prior)
    assert not np.allclose(SquareCB.fresh(prior).scores(X), before)


def test_squarecb_learns_privately_too_and_forgets_a_hostile_start():
    taught = SquareCB()
    for x in random_actions(60, 12):
        taught.learn(x, float(np.clip(x[3], -1, 1)))
    states, hostile = [taught.state()] * 2000, SquareCB().prior
    hostile = dataclasses.replace(hostile, mean=-3.0 * np.eye(12)[3])
    for epsilon in (None, 8.0):
        found = SquareCB.estimate(lambda: [states], hostile, epsilon=epsilon, rng=seeded(1))
        assert found.mean[3] > 0.3


def test_another_prior_may_be_put_under_the_same_rewards():
    policy = EpsilonGreedy()
    x = random_actions(1, 7)[0]
    policy.learn(x, 1.0)
    other = Prior("population-7", np.full(7, 0.2), 2 * np.eye(7))
    moved = EpsilonGreedy.load(policy.state(), other)
    expected = EpsilonGreedy.fresh(other)
    expected.learn(x, 1.0)
    assert moved.state() == policy.state()
    assert moved.posterior.theta.tobytes() == expected.posterior.theta.tobytes()
    assert (policy.prior_version, moved.prior_version) == ("urgency-2/v1", "population-7")


def test_a_prior_of_another_width_is_refused():
    with pytest.raises(ValueError, match="wide"):
        LinUCB.fresh(rule_prior(V1))


def test_the_rules_prior_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        rule_prior(V1_SMALL).mean[0] = 5.0


@unhurried
@given(
    learned=st.lists(
        st.tuples(st.lists(bounded, min_size=5, max_size=5), st.floats(-1, 1)), max_size=20
    )
)
def test_whatever_was_learned_can_be_loaded_again(learned):
    policy = LinUCB()
    for x, reward in learned:
        policy.learn(np.array(x), reward)
    loaded = LinUCB.load(policy.state())
    assert loaded.state() == policy.state()
    assert np.isfinite(loaded.scores(np.eye(5))).all()


def test_a_state_of_a_later_format_is_refused():
    body = bytearray(Urgency().state()[:-4])
    body[2] += 1
    with pytest.raises(StateError, match="format"):
        Urgency.load(bytes(body) + struct.pack("<I", zlib.crc32(body)))
