"""A prior holds what can be believed, and travels as bytes."""

import numpy as np
import pytest

from recommender.bandit.choose import seeded
from recommender.bandit.envelope import StateError, seal
from recommender.bandit.features import V3
from recommender.bandit.prior import Prior
from recommender.bandit.rule import rule_prior


def learned(width: int = 12) -> Prior:
    rng = seeded(1)
    root = rng.normal(size=(width, width))
    precision = root @ root.T + np.eye(width)
    return Prior("population-7", rng.normal(size=width), (precision + precision.T) / 2, 0.29)


@pytest.mark.parametrize(
    ("mean", "precision"),
    [
        (np.zeros(3), np.eye(2)),
        (np.zeros((2, 2)), np.eye(2)),
        (np.array([np.nan, 0]), np.eye(2)),
        (np.array([1e300, 0]), np.eye(2)),
        (np.zeros(2), np.array([[1, np.inf], [np.inf, 1]])),
        (np.zeros(2), np.array([[1.0, 0.5], [0.4, 1.0]])),
        (np.zeros(2), np.array([[1.0, 2.0], [2.0, 1.0]])),
        (np.zeros(2), 1e-9 * np.eye(2)),
    ],
)
def test_an_unusable_prior_is_refused(mean, precision):
    with pytest.raises(ValueError, match="prior broken"):
        Prior("broken", mean, precision)


@pytest.mark.parametrize("noise", [0.0, -1.0, 1e9, np.nan, np.inf])
def test_a_noise_that_rewards_cannot_have_is_refused(noise):
    with pytest.raises(ValueError, match="noise"):
        Prior("broken", np.zeros(2), np.eye(2), noise)


def test_a_version_that_no_decision_can_store_is_refused():
    with pytest.raises(ValueError, match="version"):
        Prior("Bevölkerung", np.zeros(2), np.eye(2))


@pytest.mark.parametrize("prior", [learned(), learned(1), rule_prior(V3)], ids=lambda p: p.version)
def test_a_prior_comes_back_from_bytes_bit_for_bit(prior):
    again = Prior.from_bytes(prior.to_bytes(), prior.version)
    assert again.version == prior.version
    assert again.mean.tobytes() == prior.mean.tobytes()
    assert again.precision.tobytes() == prior.precision.tobytes()
    assert again.noise == prior.noise
    assert again.to_bytes() == prior.to_bytes()


def test_a_prior_that_came_back_can_only_be_read():
    again = Prior.from_bytes(learned().to_bytes(), "again")
    for array in (again.mean, again.precision):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0


def test_damaged_bytes_are_no_prior():
    data = learned(3).to_bytes()
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0b0001_0000
        with pytest.raises(StateError):
            Prior.from_bytes(bytes(damaged), "x")
        with pytest.raises(StateError):
            Prior.from_bytes(data[:place], "x")


@pytest.mark.parametrize(
    ("width", "numbers"),
    [
        (2, [0, 0, 1, 0, 0, 1]),  # no noise
        (3, [0, 0, 1, 0, 0, 1, 0.36]),  # another width
        (2, [0, 0, 1, 0.5, 0, 1, 0.36]),  # not symmetric
        (2, [0, 0, 1, 2, 2, 1, 0.36]),  # not positive definite
        (2, [0, np.nan, 1, 0, 0, 1, 0.36]),
        (2, [0, 0, 1, 0, 0, 1, 0]),  # rewards without noise
        (0, [0.36]),
    ],
)
def test_numbers_that_no_prior_can_have_are_refused_though_the_checksum_fits(width, numbers):
    data = seal("prior", width, np.array(numbers, dtype="<f8").tobytes())
    with pytest.raises(StateError):
        Prior.from_bytes(data, "x")
