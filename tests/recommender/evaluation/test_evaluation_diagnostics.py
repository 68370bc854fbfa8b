"""Propensities that are not those drawn from are found out; true ones are let be."""

import numpy as np
import pytest
from scipy import stats

from recommender.evaluation.diagnostics import (
    check_sums,
    chi_square_beyond,
    drawn_against_logged,
)


def drawn(rng, n=5000):
    """Distributions over 2 to 30 actions, some with ties and zeros, and a draw from each."""
    pmfs, chosen = [], []
    for _ in range(n):
        k = int(rng.integers(2, 31))
        pmf = np.full(k, 0.1 / k)
        pmf[rng.integers(k)] += 0.9
        if rng.random() < 0.5:
            pmf = rng.dirichlet(np.ones(k))
            pmf[0] = 0.0
            pmf /= pmf.sum()
        pmfs.append(pmf)
        chosen.append(int(rng.choice(k, p=pmf)))
    return pmfs, np.array(chosen)


def test_p_values_of_true_propensities_are_uniform():
    found = []
    for seed in range(60):
        rng = np.random.default_rng([1, seed])
        found.append(drawn_against_logged(*drawn(rng, 400), rng).p_value)
    assert min(found) > 0.001
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_a_policy_that_explores_half_as_much_as_it_says_is_found_out():
    rng = np.random.default_rng(2)
    pmfs, chosen = drawn(rng)
    greedier = np.array(
        [c if rng.random() < 0.5 else int(p.argmax()) for p, c in zip(pmfs, chosen, strict=True)]
    )
    assert drawn_against_logged(pmfs, greedier, rng).p_value < 1e-6


def test_a_uniform_draw_logged_as_something_else_is_found_out():
    rng = np.random.default_rng(3)
    pmfs, chosen = drawn(rng)
    chosen = np.array([int(rng.choice(np.flatnonzero(p))) for p in pmfs])
    assert drawn_against_logged(pmfs, chosen, rng).p_value < 1e-6


@pytest.mark.parametrize("statistic", [0.0, 0.1, 5.0, 19.0, 45.3, 500.0])
@pytest.mark.parametrize("freedom", [2, 10, 20])
def test_chi_square_is_scipys(statistic, freedom):
    assert chi_square_beyond(statistic, freedom) == pytest.approx(
        stats.chi2.sf(statistic, freedom), rel=1e-10
    )


@pytest.mark.parametrize("pmf", [[0.5, 0.5 + 2e-9], [1.1, -0.1], [np.nan, 1.0], [], [0.5, 0.4]])
def test_what_is_no_distribution_is_named(pmf):
    good = np.array([0.5, 0.5])
    check_sums([good, np.array([0.5, 0.5 + 0.5e-9])])
    with pytest.raises(ValueError, match="decision 1"):
        check_sums([good, np.array(pmf)])


def test_an_impossible_choice_and_too_few_are_refused():
    rng = np.random.default_rng(4)
    pmfs, chosen = drawn(rng, 200)
    with pytest.raises(ValueError, match="needed"):
        drawn_against_logged(pmfs[:50], chosen[:50], rng)
    pmfs[7] = np.array([1.0, 0.0])
    for index in (1, 2, -1):
        chosen[7] = index
        with pytest.raises(ValueError, match="decision 7"):
            drawn_against_logged(pmfs, chosen, rng)
