from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommender.bandit.choose import PolicyError, choose, draw, seeded
from recommender.bandit.policies.uniform import Uniform

# A cold cache or a busy machine makes a first example slow, which says nothing of the code.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

weights = st.lists(st.floats(0, 1), min_size=1, max_size=50).filter(lambda w: sum(w) > 1e-3)


def rolled(number: float) -> np.random.Generator:
    """A generator that always rolls this number."""
    return cast("np.random.Generator", SimpleNamespace(random=lambda: number))


@unhurried
@given(weights=weights, number=st.floats(0, 1, exclude_max=True))
def test_what_has_no_chance_is_never_drawn(weights, number):
    pmf = np.array(weights) / sum(weights)
    assert pmf[draw(pmf, rolled(number))] > 0


@pytest.mark.parametrize(
    ("number", "index"), [(0.0, 1), (0.2499, 1), (0.25, 2), (0.9999, 2), (1 - 2**-53, 2)]
)
def test_a_number_falls_to_the_candidate_whose_share_holds_it(number, index):
    assert draw(np.array([0.0, 0.25, 0.75, 0.0]), rolled(number)) == index


def test_a_number_beyond_a_sum_cut_short_by_rounding_falls_to_the_last_possible():
    assert draw(np.array([0.5, 0.5 - 1e-10, 0.0]), rolled(1 - 2**-53)) == 1


@pytest.mark.parametrize(
    "pmf", [[0.5, 0.4], [0.5, 0.6], [1.5, -0.5], [np.nan, 1.0], [np.inf, 0.0], [0.0, 0.0]]
)
def test_what_is_no_distribution_is_not_drawn_from(pmf):
    with pytest.raises(PolicyError):
        draw(np.array(pmf), seeded(1))


class OneTooFew(Uniform):
    def explore(self, scores, X, rng):
        return np.full(scores.size - 1, 1.0 / (scores.size - 1))


class NotANumber(Uniform):
    def scores(self, X):
        return np.full(len(X), np.nan)


@pytest.mark.parametrize("policy_class", [OneTooFew, NotANumber])
def test_a_policy_that_breaks_its_contract_is_told_apart_from_bad_input(policy_class):
    with pytest.raises(PolicyError, match="random"):
        choose(policy_class(), np.zeros((5, 7)), seeded(1))


def test_a_seed_means_the_same_numbers_for_ever():
    assert [seeded(2026).random() for _ in range(2)] == [0.17893481367543618] * 2
