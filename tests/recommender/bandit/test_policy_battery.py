"""What every policy must pass. A policy is found by its file, or by its line in POLICIES."""

import importlib
import inspect
import math
import pkgutil
import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]

from recommender.bandit import policies
from recommender.bandit.choose import choose, seeded
from recommender.bandit.envelope import StateError
from recommender.bandit.features import FEATURES, FeatureSet, vectorise
from recommender.bandit.policies.base import Policy


def registered_paths() -> list[str]:
    """POLICIES, where the run has Django's settings: the room itself is tested without them."""
    conf = sys.modules.get("django.conf")
    return list(conf.settings.POLICIES) if conf and conf.settings.configured else []


def all_policies() -> list[type[Policy]]:
    found = {}
    for module_info in pkgutil.iter_modules(policies.__path__, f"{policies.__name__}."):
        for name, value in vars(importlib.import_module(module_info.name)).items():
            is_policy = inspect.isclass(value) and issubclass(value, Policy)
            if is_policy and not inspect.isabstract(value):
                found[f"{value.__module__}.{name}"] = value
    for path in registered_paths():
        module, _, name = path.rpartition(".")
        found[path] = getattr(importlib.import_module(module), name)
    return sorted(found.values(), key=lambda cls: cls.id)


POLICIES = all_policies()
LEARNERS = [cls for cls in POLICIES if cls.learns]
HOSTILE = [math.nan, math.inf, -math.inf, 1e300, -1e300]

every_policy = pytest.mark.parametrize("policy_class", POLICIES, ids=lambda cls: cls.id)
every_learner = pytest.mark.parametrize("policy_class", LEARNERS, ids=lambda cls: cls.id)


def actions(feature_set: FeatureSet, n: int, rng: np.random.Generator) -> np.ndarray:
    features = [FEATURES[name] for name in feature_set.names]
    rows = [{f.name: float(rng.uniform(f.low, f.high)) for f in features} for _ in range(n)]
    return vectorise(rows, feature_set)


def rewards(feature_set: FeatureSet, n: int, seed: int = 5) -> list[tuple[np.ndarray, float]]:
    rng = seeded(seed)
    worth = rng.choice([-1.0, -0.3, 0.1, 0.3, 0.6, 1.0], size=n)
    return list(zip(actions(feature_set, n, rng), map(float, worth), strict=True))


def taught(policy_class: type[Policy], n: int = 60) -> Policy:
    policy = policy_class()
    for x, reward in rewards(policy_class.feature_set, n):
        policy.learn(x, reward)
    return policy


def assert_decides(policy: Policy, X: np.ndarray) -> None:
    choice = choose(policy, X, seeded(1))
    assert np.isfinite(choice.scores).all()
    assert np.isfinite(choice.pmf).all()
    assert choice.pmf.min() >= 0
    assert choice.pmf.sum() == pytest.approx(1, abs=1e-9)
    assert 0 <= choice.index < len(X)
    assert choice.propensity == choice.pmf[choice.index] > 0


def test_every_policy_has_an_id_of_its_own():
    assert len(POLICIES) >= 4
    assert len({cls.id for cls in POLICIES}) == len(POLICIES)


@every_policy
def test_a_policy_tells_what_it_is(policy_class):
    assert policy_class.__doc__
    assert policy_class.id.isascii()
    assert policy_class.id == policy_class.id.strip().lower() != ""
    assert isinstance(policy_class.version, str)
    assert policy_class.version
    assert isinstance(policy_class.feature_set, FeatureSet)
    assert 0 <= policy_class.floor <= 1
    assert isinstance(policy_class().prior_version, str)


@every_policy
@pytest.mark.parametrize("n", [1, 2, 20, 100])
def test_the_distribution_sums_to_one_and_holds_the_floor(policy_class, n):
    X = actions(policy_class.feature_set, n, seeded(2))
    for policy in (policy_class(), taught(policy_class)):
        assert_decides(policy, X)
        pmf = policy.pmf(X, seeded(3))
        assert pmf.shape == policy.scores(X).shape == (n,)
        assert pmf.dtype == policy.scores(X).dtype == np.float64
        assert pmf.min() >= policy_class.floor / n - 1e-12


@every_policy
def test_a_single_candidate_is_certain(policy_class):
    X = actions(policy_class.feature_set, 1, seeded(2))
    assert choose(taught(policy_class), X, seeded(1)).propensity == pytest.approx(1, abs=1e-9)


@every_policy
def test_what_is_drawn_follows_the_distribution_that_is_kept(policy_class):
    policy = taught(policy_class)
    rng = seeded(11)
    X = np.repeat(actions(policy_class.feature_set, 4, rng), 2, axis=0)
    drawn, expected = np.zeros(len(X)), np.zeros(len(X))
    for _ in range(6000):
        choice = choose(policy, X, rng)
        drawn[choice.index] += 1
        assert choice.propensity == choice.pmf[choice.index] > 0
        expected += choice.pmf
    possible = expected > 0
    assert not drawn[~possible].any()
    if possible.sum() > 1:
        assert stats.chisquare(drawn[possible], expected[possible]).pvalue > 0.001


@every_policy
def test_the_same_seed_draws_the_same_choice(policy_class):
    policy = taught(policy_class)
    X = actions(policy_class.feature_set, 20, seeded(2))
    for seed in range(20):
        one, other = choose(policy, X, seeded(seed)), choose(policy, X, seeded(seed))
        assert one.index == other.index
        assert one.pmf.tobytes() == other.pmf.tobytes()
        assert one.scores.tobytes() == other.scores.tobytes()


@every_policy
def test_choosing_changes_neither_the_state_nor_the_candidates(policy_class):
    policy = taught(policy_class)
    X = actions(policy_class.feature_set, 20, seeded(2))
    before, untouched = policy.state(), X.copy()
    choose(policy, X, seeded(1))
    assert policy.state() == before
    assert np.array_equal(X, untouched)


@every_policy
def test_the_order_of_the_candidates_does_not_matter(policy_class):
    policy = taught(policy_class)
    X = actions(policy_class.feature_set, 37, seeded(2))
    order = seeded(3).permutation(len(X))
    assert policy.scores(X[order]) == pytest.approx(policy.scores(X)[order], abs=1e-12)


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
            policy.pmf(hostile, seeded(1))
        with pytest.raises(ValueError, match="NaN"):
            policy.learn(hostile[7], 1.0)
    with pytest.raises(ValueError, match="reward"):
        policy.learn(X[0], number)
    assert policy.state() == before
    assert_decides(policy, X)


@every_policy
@pytest.mark.parametrize("reward", [-1.001, 1.001, math.nan])
def test_a_reward_beyond_the_table_is_refused(policy_class, reward):
    policy = policy_class()
    before = policy.state()
    with pytest.raises(ValueError, match="reward"):
        policy.learn(actions(policy_class.feature_set, 1, seeded(2))[0], reward)
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
    for shape in [(width + 1,), (1, width), ()]:
        with pytest.raises(ValueError):
            policy.learn(np.zeros(shape), 1.0)
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


@every_policy
@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0, 1e-200])
def test_constant_columns_do_no_harm(policy_class, value):
    policy = policy_class()
    X = np.full((20, policy_class.feature_set.width), value)
    for x in X:
        policy.learn(x, 1.0)
        assert_decides(policy, X)
    assert_decides(policy_class.load(policy.state()), X)


@every_learner
def test_what_is_rewarded_again_and_again_overtakes_what_is_refused(policy_class):
    hour = {"hour_sin": 0.5, "hour_cos": 0.86}
    urgent = {"is_overdue": 1.0, "priority": 4.0, "task_age_days": 0.0, "kind_task": 1.0} | hour
    idle = {"is_overdue": 0.0, "priority": 1.0, "task_age_days": 90.0, "kind_task": 1.0} | hour
    X = vectorise([urgent, idle], policy_class.feature_set)
    policy = policy_class()
    before = policy.scores(X)
    assert before[0] > before[1]
    for _ in range(30):
        policy.learn(X[1], 1.0)
        policy.learn(X[0], -1.0)
    after = policy.scores(X)
    assert after[1] > after[0]
    assert after[1] > before[1]
    assert policy.count == 60
