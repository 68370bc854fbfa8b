"""Shares of samples in which each is best, and what else spreads probability."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]

from recommender.bandit.choose import seeded
from recommender.bandit.explore import floored, inverse_gap
from recommender.bandit.sampling import DRAWS, best_shares

# A cold cache or a busy machine makes a first example slow, which says nothing of the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def case(n: int, d: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = seeded(seed)
    return rng.normal(0, 0.3, n), rng.normal(0, 0.3, (n, d))


@unhurried
@given(
    n=st.integers(1, 30),
    d=st.integers(1, 40),
    seed=st.integers(0, 2**32),
    width=st.sampled_from([0.0, 1e-12, 0.01, 0.3, 10.0]),
    alike=st.booleans(),
)
def test_shares_make_a_distribution_whatever_is_asked(n, d, seed, width, alike):
    scores, whitened = case(n, d, seed)
    if alike:
        scores[n // 2 :] = scores[-1]
        whitened[n // 2 :] = whitened[-1]
    shares = best_shares(scores, whitened, width, seeded(seed))
    assert shares.shape == (n,)
    assert shares.dtype == np.float64
    assert shares.min() >= 0
    assert abs(shares.sum() - 1) <= 1e-12
    if alike:
        assert np.ptp(shares[n // 2 :]) <= 1e-12


@pytest.mark.parametrize("draws", [2, 64, 512])
def test_without_equals_every_share_is_a_whole_number_of_samples(draws):
    scores, whitened = case(20, 36)
    shares = best_shares(scores, whitened, 0.3, seeded(5), draws)
    assert (shares * draws == np.rint(shares * draws)).all()
    assert np.rint(shares * draws).sum() == draws
    assert DRAWS % 2 == 0


def test_the_same_state_of_the_generator_gives_the_same_shares():
    scores, whitened = case(20, 36)
    one, other = (best_shares(scores, whitened, 0.3, seeded(5)) for _ in range(2))
    assert one.tobytes() == other.tobytes()
    assert one.tobytes() != best_shares(scores, whitened, 0.3, seeded(6)).tobytes()


def test_arguments_are_not_written_to():
    scores, whitened = case(20, 36)
    before = scores.copy(), whitened.copy()
    best_shares(scores, whitened, 0.3, seeded(5))
    assert np.array_equal(scores, before[0])
    assert np.array_equal(whitened, before[1])


def test_shares_tend_to_the_chance_of_being_best():
    """Against as many plain samples of the same Gaussian, taken another way."""
    scores, whitened = case(6, 9)
    width = 0.4
    rng = seeded(7)
    covariance = width**2 * whitened @ whitened.T
    plain = rng.multivariate_normal(scores, covariance, 200_000, method="svd").argmax(axis=1)
    chance = np.bincount(plain, minlength=6) / 200_000
    shares = best_shares(scores, whitened, width, seeded(8), 200_000)
    assert (chance > 0.02).all()
    assert shares == pytest.approx(chance, abs=0.006)


def test_two_actions_get_what_the_normal_distribution_says():
    shares = best_shares(np.array([0.1, 0.0]), np.array([[1.0], [0.0]]), 0.2, seeded(3), 200_000)
    assert shares[0] == pytest.approx(stats.norm.cdf(0.5), abs=0.005)


def test_samples_come_in_pairs_so_that_equals_apart_by_chance_alone_share_evenly():
    """One action that is sure and one that is not, as good on average: antithetic halves."""
    for seed in range(20):
        shares = best_shares(np.zeros(2), np.array([[1.0, 0.5], [0.0, 0.0]]), 0.3, seeded(seed))
        assert shares.tolist() == [0.5, 0.5]


def test_no_width_leaves_the_best_alone():
    scores, whitened = case(20, 36)
    shares = best_shares(scores, whitened, 0.0, seeded(5))
    assert shares.tolist() == np.eye(20)[scores.argmax()].tolist()


def test_equal_actions_share_though_a_product_may_sum_them_in_another_order():
    scores, whitened = case(37, 36)
    for twin in (11, 36):
        scores[twin], whitened[twin] = scores[scores.argmax()], whitened[scores.argmax()]
    scores[36] += 1e-15
    shares = best_shares(scores, whitened, 0.1, seeded(5))
    best = shares[scores.argmax()]
    assert best > 0.1
    assert shares[[11, 36]] == pytest.approx([best, best], abs=1e-12)


@unhurried
@given(
    scores=st.lists(st.floats(-5, 5), min_size=1, max_size=100).map(np.array),
    gamma=st.floats(0, 1e6),
    floor=st.floats(0, 1),
)
def test_inverse_gaps_make_a_distribution_of_any_scores(scores, gamma, floor):
    before = scores.copy()
    pmf = inverse_gap(scores, gamma)
    assert np.array_equal(scores, before)
    assert pmf.sum() == pytest.approx(1, abs=1e-9)
    assert pmf.min() > 0
    assert pmf[scores.argmax()] == pytest.approx(pmf.max(), abs=1e-12)
    assert (np.diff(pmf[np.argsort(scores)]) >= -1e-9).all()
    assert pmf[scores.argmax()] >= 1 / scores.size - 1e-12
    with_floor = floored(pmf.copy(), floor)
    assert with_floor.sum() == pytest.approx(1, abs=1e-9)
    assert with_floor.min() >= floor / scores.size - 1e-12


def test_equals_share_the_best_of_inverse_gaps():
    pmf = inverse_gap(np.array([0.5, 0.5 - 1e-16, 0.0]), 20.0)
    assert pmf[2] == pytest.approx(1 / 13)
    assert pmf[0] == pmf[1] == pytest.approx(6 / 13)
