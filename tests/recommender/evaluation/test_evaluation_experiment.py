"""Experiments: the same person in the same arm, true propensities, intervals one may peek at."""

import numpy as np
import pytest
from scipy import stats

from recommender.evaluation.anytime import radius
from recommender.evaluation.experiment import (
    Experiment,
    Outcomes,
    assign,
    position,
    report,
    shares_of_day,
)
from recommender.evaluation.people import Ratio, spread
from tests.recommender.evaluation import studies

FIXED = Experiment("colours", ("red", "green", "blue"), (0.5, 0.3, 0.2))
BANDIT = Experiment("moving", ("red", "green"), (0.5, 0.5), bandit=True)


def outcomes(rng, means, n=600, people=60):
    arm = rng.integers(len(means), size=n)
    reward = np.clip(np.array(means)[arm] + rng.normal(0.0, 0.3, n), -1.0, 1.0)
    return Outcomes(arm, np.full(n, 1.0 / len(means)), rng.integers(people, size=n), reward)


def test_an_arm_is_for_ever():
    # Written down, because another machine or a later version must give the same.
    assert position("colours", "person-1") == 0.6687193984697093
    assert [assign(FIXED, f"person-{k}").arm for k in range(8)] == [
        "green",
        "green",
        "red",
        "red",
        "red",
        "red",
        "green",
        "red",
    ]
    assert assign(FIXED, "person-1") == assign(FIXED, "person-1")


def test_positions_are_uniform_and_experiments_do_not_know_each_other():
    one = np.array([position("a", str(k)) for k in range(5000)])
    other = np.array([position("b", str(k)) for k in range(5000)])
    assert stats.kstest(one, "uniform").pvalue > 0.001
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.05
    assert position("ab", "c") != position("a", "bc")


def test_people_are_split_as_asked_and_propensities_say_so():
    drawn = [assign(FIXED, str(k)) for k in range(5000)]
    counts = np.bincount([a.index for a in drawn], minlength=3)
    assert stats.chisquare(counts, 5000 * np.array(FIXED.split)).pvalue > 0.001
    assert {(a.arm, a.propensity) for a in drawn} == {("red", 0.5), ("green", 0.3), ("blue", 0.2)}


def test_an_arm_without_a_share_gets_nobody():
    plan = Experiment("none", ("a", "b", "c"), (0.0, 1.0, 0.0))
    assert {assign(plan, str(k)).arm for k in range(500)} == {"b"}


def test_traffic_goes_to_what_earns_more_and_never_below_the_minimum():
    rng = np.random.default_rng(0)
    shares = shares_of_day(BANDIT, outcomes(rng, (0.0, 0.4)), "2026-11-21")
    assert shares == pytest.approx((0.1, 0.9), abs=0.01)
    assert sum(shares) == pytest.approx(1.0, abs=1e-12)
    alike = shares_of_day(BANDIT, outcomes(rng, (0.1, 0.1)), "2026-11-21")
    assert min(alike) > 0.1
    assert shares_of_day(BANDIT, outcomes(rng, (0.0, 0.4), n=50), "2026-11-21") == BANDIT.split


def test_a_day_draws_anew_and_tells_the_probability():
    drawn = [assign(BANDIT, str(k), shares=(0.2, 0.8), day="2026-11-21") for k in range(2000)]
    assert np.mean([a.index for a in drawn]) == pytest.approx(0.8, abs=0.03)
    assert {a.propensity for a in drawn} == {0.2, 0.8}
    next_day = [assign(BANDIT, str(k), shares=(0.2, 0.8), day="2026-11-22") for k in range(2000)]
    both = np.mean([a.index and b.index for a, b in zip(drawn, next_day, strict=True)])
    assert both == pytest.approx(0.64, abs=0.04)


def test_a_report_compares_with_the_first_arm():
    rng = np.random.default_rng(1)
    found = report(FIXED, outcomes(rng, (0.0, 0.4, -0.4), n=3000))
    assert [arm.arm for arm in found.arms] == ["red", "green", "blue"]
    assert sum(arm.n for arm in found.arms) == 3000
    assert [(c.arm, c.against, c.verdict) for c in found.comparisons] == [
        ("green", "red", "better"), ("blue", "red", "worse"),
    ]  # fmt: skip
    for comparison, truth in zip(found.comparisons, (0.4, -0.4), strict=True):
        assert comparison.low < truth < comparison.high


def test_arms_and_comparisons_share_alpha_among_themselves():
    seen, alpha = outcomes(np.random.default_rng(3), (0.0, 0.1, 0.2)), 0.06
    found = report(FIXED, seen, alpha=alpha)
    weight = [(seen.arm == index) / seen.propensity for index in range(3)]
    means = [Ratio(weight[index] * seen.reward, weight[index]) for index in range(3)]
    for index in range(3):
        mine = seen.arm == index
        alone = Ratio(means[index].numerator[mine], weight[index][mine])
        reach = radius(spread([alone], seen.person[mine]), alpha / 3.0)
        arm = found.arms[index]
        assert (arm.value - arm.low, arm.high - arm.value) == pytest.approx((reach, reach))
    first = Ratio(means[0].numerator, weight[0], sign=-1.0)
    for index in (1, 2):
        apart = spread([means[index], first], seen.person)
        reach = radius(apart, alpha / 2.0)
        comparison = found.comparisons[index - 1]
        assert comparison.value == pytest.approx(apart.value)
        assert comparison.high - comparison.value == pytest.approx(reach)
        assert comparison.value - comparison.low == pytest.approx(reach)


def moving(rng, each=20, people=80):
    """Outcomes of two equal arms over ten days on which everyone's rewards rise while the traffic
    goes from one arm to the other."""
    columns = []
    for day in range(10):
        share = 0.9 - 0.8 * day / 9
        n = each * people
        arm = (rng.random(n) >= share).astype(int)
        mean = -0.5 + day / 9
        reward = np.clip(mean + rng.normal(0.0, 0.2, n), -1.0, 1.0)
        columns.append((arm, np.where(arm, 1.0 - share, share), np.arange(n) % people, reward))
    return Outcomes(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def test_with_traffic_that_moves_a_good_week_counts_alike_for_both_arms():
    seen = moving(np.random.default_rng(4))
    # Without weights, the arm that got the traffic of the good days would look better by far.
    plain = [seen.reward[seen.arm == index].mean() for index in (0, 1)]
    assert plain[1] - plain[0] > 0.2
    found = report(BANDIT, seen)
    for arm in found.arms:
        assert arm.value == pytest.approx(0.0, abs=0.03)
    assert found.comparisons[0].value == pytest.approx(0.0, abs=0.03)
    assert found.comparisons[0].verdict == "open"
    for index, arm in enumerate(found.arms):  # Hajek's mean, by a plain loop
        above = below = 0.0
        for which, propensity, reward in zip(seen.arm, seen.propensity, seen.reward, strict=True):
            if which == index:
                above, below = above + reward / propensity, below + 1.0 / propensity
        assert arm.value == pytest.approx(above / below, abs=1e-12)
    assert found.comparisons[0].value == pytest.approx(
        found.arms[1].value - found.arms[0].value, abs=1e-12
    )
    assert shares_of_day(BANDIT, seen, "2026-11-21")[1] < 0.9


def test_too_early_is_open():
    found = report(FIXED, outcomes(np.random.default_rng(2), (0.0, 0.9, -0.9), n=90))
    assert {c.verdict for c in found.comparisons} == {"open"}
    assert found.comparisons[0].low == -np.inf
    nothing = Outcomes(*(np.empty(0, dtype=t) for t in (int, float, int, float)))
    assert report(FIXED, nothing).arms[0].n == 0


def test_what_is_no_experiment_is_refused():
    for arms, split in (
        (("a",), (1.0,)), (("a", "a"), (0.5, 0.5)), (("a", "b"), (0.5, 0.6)),
        (("a", "b"), (1.5, -0.5)), (("a", "b"), (1.0,)), (("a", "b"), (np.nan, 1.0)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="bad"):
            Experiment("bad", arms, split)
    for minimum, split in ((0.0, (0.5, 0.5)), (0.6, (0.5, 0.5)), (0.2, (0.1, 0.9))):
        with pytest.raises(ValueError, match="minimum"):
            Experiment("bad", ("a", "b"), split, bandit=True, minimum=minimum)


def test_what_is_no_assignment_is_refused():
    with pytest.raises(ValueError, match="day"):
        assign(BANDIT, "a")
    with pytest.raises(ValueError, match="day"):
        assign(FIXED, "a", day="2026-11-21")
    with pytest.raises(ValueError, match="fixed"):
        assign(FIXED, "a", shares=(0.3, 0.3, 0.4))
    with pytest.raises(ValueError, match="no split"):
        assign(BANDIT, "a", shares=(0.3, 0.3), day="2026-11-21")


def test_unusable_outcomes_are_refused():
    one = np.ones(1)
    with pytest.raises(ValueError, match="length"):
        Outcomes(np.array([0, 1]), one, np.array([0]), one)
    for propensity, reward in ((0.0, 1.0), (np.nan, 1.0), (0.5, 2.0), (0.5, np.nan)):
        with pytest.raises(ValueError, match="within"):
            Outcomes(np.array([0]), propensity * one, np.array([0]), reward * one)
    with pytest.raises(ValueError, match="not exist"):
        report(FIXED, Outcomes(np.array([3]), one, np.array([0]), one))


@pytest.mark.parametrize("bandit", [False, True])
def test_forty_daily_looks_miss_the_truth_at_most_one_time_in_twenty(bandit):
    missed, better, _ = studies.experiment_misses(
        runs=40, seed=6, bandit=bandit, people=80, days=30
    )
    assert missed <= 0.05
    assert better <= missed


def test_a_bandit_gives_the_better_arm_its_traffic_and_finds_it():
    _, better, traffic = studies.experiment_misses(runs=10, seed=7, bandit=True, gain=0.2)
    assert better >= 0.8
    assert traffic > 0.75
