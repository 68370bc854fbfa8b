"""Errors by person: against the plainest way to compute them, and against scipy."""

import numpy as np
import pytest
from scipy import stats

from recommender.evaluation.people import (
    Ratio,
    Spread,
    freedom,
    kish,
    kish_people,
    spread,
    student,
)  # fmt: skip


@pytest.mark.parametrize("dof", [2.0, 2.5, 3.0, 7.3, 29.0, 99.0, 100.0, 1e3, 1e7])
@pytest.mark.parametrize("p", [1e-6, 0.001, 0.025, 0.4, 0.5, 0.975, 0.9999, 1 - 1e-6])
def test_students_quantile_is_scipys(p, dof):
    assert student(p, dof) == pytest.approx(stats.t.ppf(p, dof), rel=1e-5, abs=1e-12)


@pytest.mark.parametrize("dof", [2.0, 2.01, 2.1, 2.5, 2.9, 3.0, 4.0, 7.3, 20.0, 99.0, 100.0, 1e3])
@pytest.mark.parametrize("z", [4.8, 5.3, 5.8, 6.0])
def test_further_out_it_is_at_most_too_large(dof, z):
    p = float(stats.norm.cdf(z))
    expected = stats.t.isf(1.0 - p, dof)  # of the p that there is: the subtraction is exact
    assert student(p, dof) >= expected * (1.0 - 2e-5)
    assert student(p, dof) <= expected * (1.0 + (1e-6 if dof >= 3.0 else 0.55))


@pytest.mark.parametrize(("p", "dof"), [(0.0, 5.0), (1.0, 5.0), (np.nan, 5.0), (0.9, 1.0)])
def test_a_quantile_that_does_not_exist_is_refused(p, dof):
    with pytest.raises(ValueError, match="no quantile"):
        student(p, dof)


def sample(seed=0, n=400, people=25):
    rng = np.random.default_rng(seed)
    return rng.normal(size=n), rng.gamma(1.0, size=n), rng.integers(people, size=n)


def test_the_error_is_that_of_leaving_out_one_person_at_a_time():
    value, weight, person = sample()

    def estimate(keep):
        return (value * weight)[keep].sum() / weight[keep].sum() - value[keep].mean()

    left = np.array([estimate(person != who) for who in np.unique(person)])
    people = left.size
    expected = np.sqrt((people - 1) / people * ((left - left.mean()) ** 2).sum())
    found = spread([Ratio(value * weight, weight), Ratio(value, sign=-1.0)], person)
    assert found.value == pytest.approx(estimate(slice(None)), abs=1e-12)
    assert found.standard_error == pytest.approx(expected, rel=1e-9)
    assert found.people == people


def test_with_one_decision_a_person_the_error_of_a_mean_is_the_textbook_one():
    value = sample()[0]
    found = spread([Ratio(value)], np.arange(value.size))
    assert found.standard_error == pytest.approx(stats.sem(value), rel=1e-9)


def test_ten_copies_of_each_decision_of_a_person_tell_nothing_new():
    value, weight, person = sample()
    once = spread([Ratio(value * weight, weight)], person)
    ten = spread([Ratio(np.repeat(value * weight, 10), np.repeat(weight, 10))], person.repeat(10))
    assert ten.value == pytest.approx(once.value)
    assert ten.interval() == pytest.approx(once.interval())


def test_names_and_order_of_people_do_not_matter():
    value, weight, person = sample()
    rng = np.random.default_rng(1)
    shuffled = rng.permutation(value.size)
    one = spread([Ratio(value, weight)], person)
    other = spread([Ratio(value[shuffled], weight[shuffled])], -7 * person[shuffled] + 10**12)
    assert other.interval() == pytest.approx(one.interval())


def test_one_person_has_no_error_and_says_so():
    found = spread([Ratio(np.array([1.0, 0.0]))], np.array([3, 3]))
    assert found.interval() == (-np.inf, np.inf)


def test_nobody_at_all_and_all_weight_on_one_person_are_refused():
    with pytest.raises(ValueError, match="no decisions"):
        spread([Ratio(np.empty(0))], np.empty(0, dtype=int))
    with pytest.raises(ValueError, match="all the weight"):
        spread([Ratio(np.ones(3), np.array([1.0, 0.0, 0.0]))], np.arange(3))


def test_people_who_are_all_alike_leave_no_doubt():
    found = spread([Ratio(np.full(50, 0.3))], np.arange(50))
    assert found.interval() == pytest.approx((0.3, 0.3))
    assert Spread(0.3, 0.0, 5.0, 6).interval() == (0.3, 0.3)


def test_few_heavy_people_are_few_degrees_of_freedom():
    rng = np.random.default_rng(2)
    alike = rng.normal(size=200)
    heavy = alike * np.where(np.arange(200) < 4, 100.0, 1.0)
    assert freedom(alike) > 60.0
    assert freedom(heavy) < 8.0
    assert freedom(np.ones(200)) == 199.0


def test_effective_sizes():
    assert kish(np.ones(10)) == pytest.approx(10.0)
    assert kish(np.array([1.0, 0.0, 0.0])) == pytest.approx(1.0)
    assert kish(np.zeros(3)) == 0.0
    assert kish(np.array([1e300, 1e300, 1.0])) == pytest.approx(2.0)
    assert kish_people(np.ones(4), np.array([1, 1, 2, 2])) == pytest.approx(2.0)
