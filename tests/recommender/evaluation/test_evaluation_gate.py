"""The gate lets better policies through, and 200 policies that are no better hardly ever."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from recommender.evaluation.estimators import Estimate
from recommender.evaluation.gate import Bars, Shadow, Simulation, judge
from recommender.evaluation.log import TooLittleData
from tests.recommender.evaluation import problems, studies

RNG = np.random.default_rng(0)
SIMULATED = Simulation(np.array([0.04, 0.05, 0.06, 0.05, 0.04]))
SHADOW = Shadow(RNG.random(600) < 0.7, RNG.normal(0.05, 0.1, 600), np.repeat(np.arange(60), 10))
OFF_POLICY = Estimate("dr difference", 0.05, 0.02, 0.08, 0.015, 400.0, 600, 60, unsupported=0.0)


def test_three_better_are_a_promotion():
    verdict = judge(SIMULATED, SHADOW, OFF_POLICY)
    assert verdict.passed
    assert [reason.split(":")[0] for reason in verdict.reasons] == [
        "Simulation", "Shadow", "Off policy",
    ]  # fmt: skip
    assert verdict.numbers["off_policy_low"] == 0.02
    assert verdict.numbers["simulation"] == pytest.approx(0.048)
    assert verdict.numbers["shadow_agreement"] == pytest.approx(SHADOW.agreed.mean())
    assert "better" in verdict.reasons[0]


@pytest.mark.parametrize(
    ("witness", "value", "word"),
    [
        (0, None, "not run"),
        (0, Simulation(SIMULATED.differences[:4]), "5 needed, 4 there"),
        (0, Simulation(np.array([0.1, -0.1, 0.1, -0.1, 0.1])), "not surely better"),
        (0, Simulation(-SIMULATED.differences), "worse"),
        (1, None, "not run"),
        (1, Shadow(SHADOW.agreed[:199], SHADOW.difference[:199], np.arange(199)), "200 needed"),
        (1, Shadow(SHADOW.agreed, SHADOW.difference, SHADOW.person % 5), "30 needed, 5 there"),
        (1, Shadow(SHADOW.agreed & False, SHADOW.difference, SHADOW.person), "experiment"),
        (1, Shadow(SHADOW.agreed, -SHADOW.difference, SHADOW.person), "worse"),
        (1, Shadow(SHADOW.agreed | True, 0.0 * SHADOW.difference, SHADOW.person), "not surely"),
        (2, None, "not evaluated"),
        (2, replace(OFF_POLICY, unsupported=None), "not known how much of it the log can tell"),
        (2, TooLittleData("people", 30, 3), "too little data: people: 30 needed, 3 there"),
        (2, replace(OFF_POLICY, low=0.0), "not surely better"),
        (2, replace(OFF_POLICY, value=-0.2, low=-0.3, high=-0.1), "worse"),
        (2, replace(OFF_POLICY, low=float("nan")), "not surely better"),
    ],
)
def test_one_no_is_enough(witness, value, word):
    witnesses = [SIMULATED, SHADOW, OFF_POLICY]
    witnesses[witness] = value
    verdict = judge(*witnesses)
    assert not verdict.passed
    assert word in verdict.reasons[witness]
    others = [reason for i, reason in enumerate(verdict.reasons) if i != witness]
    assert all(": better" in reason for reason in others)


def test_a_margin_raises_the_bar():
    assert judge(SIMULATED, SHADOW, OFF_POLICY, Bars(margin=0.019)).passed
    assert not judge(SIMULATED, SHADOW, OFF_POLICY, Bars(margin=0.021)).passed


def test_a_policys_own_value_is_no_difference():
    with pytest.raises(ValueError, match="paired difference"):
        judge(SIMULATED, SHADOW, replace(OFF_POLICY, estimator="dr"))


def test_unusable_witnesses_are_refused():
    with pytest.raises(ValueError, match="finite"):
        Simulation(np.array([0.1, np.nan]))
    with pytest.raises(ValueError, match="finite"):
        Shadow(SHADOW.agreed, SHADOW.difference * np.nan, SHADOW.person)
    with pytest.raises(ValueError, match="length"):
        Shadow(SHADOW.agreed[1:], SHADOW.difference, SHADOW.person)


def test_the_same_policy_under_another_name_is_never_promoted():
    def same(rng):
        world = problems.problem(rng)
        return problems.Problem(world.q, world.live, world.live)

    verdicts = studies.promotions(same, logs=200, seed=1, simulated=0.05)
    assert not any(verdict.passed for verdict in verdicts)


@pytest.mark.parametrize("simulated", [0.0, 0.05])
def test_another_policy_that_is_no_better_is_promoted_at_most_one_time_in_twenty(simulated):
    """Also when the simulator is wrong about it: the log of real rewards holds alone."""
    verdicts = studies.promotions(problems.twins, logs=200, seed=2, simulated=simulated)
    assert sum(verdict.passed for verdict in verdicts) <= 10


@pytest.mark.parametrize("worse", [0.0, 0.05])
@pytest.mark.parametrize(("sharp", "floor"), studies.LIVE[2:])
def test_a_log_that_holds_little_of_the_target_promotes_nobody(sharp, floor, worse):
    """The product's policies are all but greedy, and what they leave to chance is shared by all
    candidates: what only the target does is then not in the log, and no weight shows it."""
    _, _, promoted, refusals = studies.support(sharp, floor, logs=200, seed=2, worse=worse)
    assert promoted <= 10
    assert refusals["support"] >= 190


@pytest.mark.parametrize("worse", [0.0, 0.05])
@pytest.mark.parametrize(("sharp", "floor"), studies.LIVE[1:])
def test_what_is_judged_from_such_a_log_holds_the_truth(sharp, floor, worse):
    study = partial(studies.support, sharp, floor, seed=3, share=0.05, worse=worse)
    there, missed, promoted, _ = study(logs=200)
    assert there >= 190
    assert missed <= 0.07 * there
    assert promoted <= 10
    # By the drawn weights alone it is missed again and again where the live policy is all but greedy.
    there, missed, _, _ = study(logs=40, bare=True)
    assert floor > 0.01 or missed > 0.12 * there


def test_a_better_policy_is_promoted_most_of_the_time():
    verdicts = studies.promotions(problems.problem, logs=60, seed=3, simulated=0.05)
    assert sum(verdict.passed for verdict in verdicts) >= 42
