"""What every policy must pass: its distribution, and what it makes of rewards."""

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from scipy import stats  # type: ignore[import-untyped]

from recommender.bandit.choose import choose, draw, seeded
from recommender.bandit.features import FeatureSet, vectorise
from tests.recommender.bandit.found import (
    POLICIES,
    actions,
    after_a_night,
    assert_decides,
    every_learner,
    every_policy,
    taught,
)


def rolled(number: float) -> np.random.Generator:
    """A generator that always rolls this number."""
    return cast("np.random.Generator", SimpleNamespace(random=lambda: number))


def test_every_policy_has_an_id_of_its_own():
    assert len(POLICIES) >= 9
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
    # Without a floor nothing is learned of what another policy would have done.
    assert policy_class.floor > 0 or not policy_class.learns
    assert isinstance(policy_class().prior_version, str)


@every_policy
@pytest.mark.parametrize("n", [1, 2, 3, 7, 20, 100])
def test_the_distribution_sums_to_one_and_holds_the_floor(policy_class, n):
    X = actions(policy_class.feature_set, n, seeded(2))
    for policy in (policy_class(), taught(policy_class)):
        assert_decides(policy, X)
        pmf = policy.pmf(X, seeded(3))
        assert pmf.shape == policy.scores(X).shape == (n,)
        assert pmf.dtype == policy.scores(X).dtype == np.float64
        assert abs(pmf.sum() - 1.0) <= 1e-9
        assert pmf.min() >= policy_class.floor / n - 1e-12


@every_policy
def test_a_single_candidate_is_certain(policy_class):
    X = actions(policy_class.feature_set, 1, seeded(2))
    assert choose(taught(policy_class), X, seeded(1)).propensity == pytest.approx(1, abs=1e-9)


@every_policy
def test_what_is_drawn_follows_the_distribution_that_is_kept(policy_class):
    """Over many different decisions, some of which hold equals: as often as was written down, and,
    given where the draw fell within its share, evenly.
    """
    policy, rng = taught(policy_class), seeded(11)
    moments = [np.repeat(actions(policy_class.feature_set, 4, rng), 2, axis=0) for _ in range(40)]
    drawn, expected, places = np.zeros(8), np.zeros(8), []
    for k in range(6000):
        choice = choose(policy, moments[k % 40], rng)
        drawn[choice.index] += 1
        assert choice.propensity == choice.pmf[choice.index] > 0
        expected += choice.pmf
        before = choice.pmf[: choice.index].sum()
        places.append(before + rng.random() * choice.propensity)
    assert stats.chisquare(drawn, expected).pvalue > 0.001
    evenly = np.histogram(places, bins=20, range=(0.0, 1.0))[0]
    assert evenly.sum() == 6000
    assert stats.chisquare(evenly).pvalue > 0.001


@every_policy
def test_the_same_holds_for_one_decision_made_again_and_again(policy_class):
    policy, X = taught(policy_class), actions(policy_class.feature_set, 6, seeded(21))
    rng, drawn, expected = seeded(12), np.zeros(6), np.zeros(6)
    for _ in range(4000):
        choice = choose(policy, X, rng)
        drawn[choice.index] += 1
        expected += choice.pmf
    possible = expected > 0
    assert not drawn[~possible].any()
    if possible.sum() > 1:
        assert stats.chisquare(drawn[possible], expected[possible]).pvalue > 0.001


@every_policy
@pytest.mark.parametrize("n", [2, 20])
def test_importance_weights_are_one_on_average_whatever_policy_they_ask_about(policy_class, n):
    """Against a policy that takes any, one that takes the first, and one of opposite taste. Without
    a floor, only against what the policy itself may do.
    """
    rng, draws, decisions = seeded(31), 20_000, 60
    weights = {"any": 0.0, "first": 0.0, "opposite": 0.0}
    for k in range(decisions):
        policy = taught(policy_class, 10 * (k % 3))
        pmf = choose(policy, actions(policy_class.feature_set, n, rng), rng).pmf
        numbers = rng.random(draws)
        index = pmf.cumsum().searchsorted(numbers, side="right").clip(max=n - 1)
        # All at once what `draw` does one by one.
        assert [draw(pmf, rolled(number)) for number in numbers[:20]] == index[:20].tolist()
        may = pmf > 0
        opposite = np.where(may, 1.0 / np.where(may, pmf, 1.0), 0.0)
        targets = {
            "any": may / may.sum(),
            "first": np.eye(n)[np.flatnonzero(may)[0]] * 0.5 + may * 0.5 / may.sum(),
            "opposite": opposite / opposite.sum(),
        }
        for name, target in targets.items():
            # Halves with the policy itself, as its neighbours are: the rarest draw weighs less.
            blend = 0.5 * target + 0.5 * pmf
            weights[name] += float((blend[index] / pmf[index]).mean()) / decisions
    assert weights == pytest.approx(dict.fromkeys(weights, 1.0), abs=0.02)


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
    assert policy.count == 60
    policy = after_a_night(policy)
    after = policy.scores(X)
    assert after[1] > after[0]
    assert after[1] > before[1]
