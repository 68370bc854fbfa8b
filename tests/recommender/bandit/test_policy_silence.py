"""Silence is an action with a reward model of its own, in every policy that may choose it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recommender.bandit.choose import choose, seeded
from recommender.bandit.features import FEATURE_SETS, Facts, Moment, named, silence, vectorise
from recommender.bandit.policies.base import Policy
from tests.recommender.bandit.found import POLICIES, SILENT, after_a_night, every_silent

DAYS, A_DAY = 6, 5


def moment(k: int, n: int = 6) -> list[dict[str, float]]:
    """n candidates of some day's k-th moment, and silence last."""
    rng = seeded(k)
    when = Moment(
        datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(days=k // A_DAY, hours=2 * (k % A_DAY)),
        None if rng.random() < 0.7 else 5.0,
    )
    said = [
        named(
            Facts(
                ("task", "task", "advice", "reminder")[rng.integers(4)],
                bool(rng.random() < 0.2),
                float(rng.uniform(0, 60)),
                int(rng.integers(1, 5)),
                bool(rng.random() < 0.2),
            ),
            when,
        )
        for _ in range(n)
    ]
    return [*said, silence(when)]


def live(
    policy: Policy, days: int, said: float, unsaid: float, first: int = 0
) -> tuple[Policy, float]:
    """Some days with a person to whom any candidate is worth `said`, silence `unsaid`. As in the
    product, who refuses silence is not offered it the next time. Gives how likely silence was on
    the last day, where it was offered.
    """
    quiet, refused = [], False
    for k in range(first, first + days * A_DAY):
        X = vectorise(moment(k), policy.feature_set)
        offered = X[:-1] if refused else X
        choice = choose(policy, offered, seeded(1000 + k))
        silent = choice.index == len(X) - 1
        policy.learn(offered[choice.index], unsaid if silent else said)
        refused = silent and unsaid < 0
        if k % A_DAY == A_DAY - 1:
            policy = after_a_night(policy)
        quiet.append(policy.pmf(X, seeded(k))[-1])
    return policy, float(np.mean(quiet[-A_DAY:]))


def test_a_policy_may_choose_silence_if_and_only_if_it_can_tell_it():
    assert len(SILENT) >= 5
    for feature_set in FEATURE_SETS.values():
        X = vectorise(moment(0), feature_set)
        told = np.flatnonzero((X[-1] == X).all(axis=0) ^ True)
        assert feature_set.silence == ("is_silence" in [feature_set.labels[i] for i in told])
    for cls in POLICIES:
        assert cls.feature_set.silence == ("is_silence" in cls.feature_set.names)


@every_silent
def test_silence_is_learned_where_it_is_welcome_and_unlearned_where_it_no_longer_is(policy_class):
    policy, quiet = live(policy_class(), DAYS, said=-1.0, unsaid=0.6)
    assert quiet > 0.8
    _, quiet = live(policy, 2 * DAYS, said=1.0, unsaid=-0.6, first=DAYS * A_DAY)
    assert quiet < 0.2


@every_silent
def test_what_is_said_of_silence_is_not_said_of_candidates(policy_class):
    """Silence praised: the candidates keep the order, and hardly move against each other."""
    policy = policy_class()
    X = vectorise(moment(3), policy_class.feature_set)
    before = policy.scores(X)
    for _ in range(15):
        policy.learn(X[-1], 1.0)
    policy = after_a_night(policy)
    after = policy.scores(X)
    assert after[-1] - before[-1] > 0.3
    apart = np.ptp((after - before)[:-1])
    assert apart < 0.25 * (after[-1] - before[-1])


@every_silent
def test_a_newcomer_is_spoken_to(policy_class):
    """As the urgency rule does: who has said nothing yet is not met with silence."""
    policy = policy_class()
    likely = []
    for k in range(40):
        X = vectorise(moment(k), policy_class.feature_set)
        likely.append(policy.pmf(X, seeded(k))[-1])
    assert np.mean(likely) < 0.2


@every_silent
@pytest.mark.parametrize("n", [0, 1])
def test_silence_alone_or_beside_one_candidate_is_a_decision_too(policy_class, n):
    X = vectorise(moment(4, n), policy_class.feature_set)
    choice = choose(policy_class(), X, seeded(1))
    assert len(choice.pmf) == n + 1
    assert choice.pmf.sum() == pytest.approx(1, abs=1e-9)
