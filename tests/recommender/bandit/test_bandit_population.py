"""Does the population's prior come out of everyone's sums, and of nobody's in particular?"""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from recommender.bandit.choose import seeded
from recommender.bandit.envelope import StateError, seal
from recommender.bandit.population import _add, _batches, _Totals, estimate
from recommender.bandit.prior import Prior
from recommender.bandit.privacy import CLIP
from recommender.bandit.sums import Sums

WIDTH, LABEL, NOISE = 6, "someone/1", 0.16
ANCHOR = Prior("anchor", np.array([0.3, 0, 0, 0, 0, 0]), NOISE / 0.04 * np.eye(WIDTH), NOISE)
MEAN = np.array([0.1, 0.3, -0.2, 0.0, 0.2, 0.0])


def covariance() -> np.ndarray:
    """People differ most in the first three weights, and the second goes with the third."""
    result = np.diag([0.06, 0.05, 0.05, 0.005, 0.005, 0.005])
    result[1, 2] = result[2, 1] = 0.04
    return result


def state(
    weights: np.ndarray, rewards: int, rng: np.random.Generator, *, reach: float = 1.0
) -> bytes:
    sums = Sums(WIDTH)
    for x in rng.uniform(-reach, reach, (rewards, WIDTH)):
        sums.add(x, float(np.clip(x @ weights + rng.normal(0, math.sqrt(NOISE)), -1, 1)))
    return seal(LABEL, sums.count, sums.pack())


@pytest.fixture(scope="module")
def people() -> list[bytes]:
    rng = seeded(4)
    drawn = rng.multivariate_normal(MEAN, covariance(), size=400)
    return [state(weights, int(rng.integers(20, 60)), rng) for weights in drawn]


def estimated(states: list[bytes], start: Prior = ANCHOR, batch: int = 100, **kwargs) -> Prior:
    def read() -> Iterator[list[bytes]]:
        for place in range(0, len(states), batch):
            yield states[place : place + batch]

    return estimate(read, start, ANCHOR, label=LABEL, **kwargs)


def spread(prior: Prior) -> np.ndarray:
    return prior.noise * np.linalg.inv(prior.precision)


def test_mean_covariance_and_noise_of_a_population_are_found(people):
    prior = estimated(people, rounds=20)
    assert np.abs(prior.mean - MEAN).max() < 0.05
    assert spread(prior)[1, 2] == pytest.approx(0.04, abs=0.015)
    assert spread(prior).diagonal() == pytest.approx(covariance().diagonal(), abs=0.02)
    assert prior.noise == pytest.approx(NOISE, rel=0.15)


def test_a_population_far_from_the_rule_is_not_taken_for_people_who_differ():
    """What all have in common is no difference between them, however far it is from the anchor."""
    rng = seeded(6)
    far = np.array([0.3, -0.9, 0.9, -0.6, 0.0, 0.0])
    assert np.linalg.norm(far - ANCHOR.mean) > CLIP
    small = rng.normal(far, 0.05, size=(300, WIDTH))
    # Features so small that no reward is cut off at 1, which would look like another mean.
    states = [state(weights, 200, rng, reach=0.4) for weights in small]
    prior = estimated(states, rounds=40)
    assert np.abs(prior.mean - far).max() < 0.1
    assert spread(prior).diagonal().max() < 0.1**2


def often_silent(
    weights: np.ndarray, rewards: int, rng: np.random.Generator, *, silences: int = 1
) -> bytes:
    """For each reward so many more for saying nothing, which is worth 0 for certain (column 5)."""
    sums = Sums(WIDTH)
    for x in rng.uniform(-1, 1, (rewards, WIDTH)):
        said = np.where(np.arange(WIDTH) == 5, 0.0, x)
        noisy = said @ weights + rng.normal(0, math.sqrt(NOISE))
        sums.add(said, float(np.clip(noisy, -1, 1)))
        for _ in range(silences):
            sums.add(np.eye(WIDTH)[5], 0.0)
    return seal(LABEL, sums.count, sums.pack())


def test_how_much_luck_there_is_is_told_by_what_luck_has_a_part_in():
    rng = seeded(7)
    states = [
        often_silent(weights, 30, rng) for weights in rng.normal(MEAN, 0.1, size=(200, WIDTH))
    ]
    assert estimated(states, rounds=20, sure=5).noise == pytest.approx(NOISE, rel=0.15)
    assert estimated(states, rounds=20).noise < 0.7 * NOISE


def test_silence_is_no_vote_for_a_prior_that_knows_of_no_luck():
    """Each reward of 0 for certain would speak for whichever prior is the surest."""
    rng = seeded(8)
    drawn = rng.normal(MEAN, 0.1, size=(300, WIDTH))
    states = [often_silent(weights, 10, rng, silences=5) for weights in drawn]
    hostile = Prior("hostile", -2 * MEAN, 0.01 / 0.04 * np.eye(WIDTH), 0.01)
    batch = next(iter(_batches(lambda: [states], LABEL, WIDTH, 5)))
    for_it = _add(_Totals(WIDTH), hostile, ANCHOR, batch)
    against = _add(_Totals(WIDTH), ANCHOR, ANCHOR, batch)
    assert np.clip(for_it - against, -1, 1).sum() < -200


def test_a_damaged_count_of_silences_can_make_nobody_count_for_less_than_nothing():
    sums = Sums(WIDTH)
    sums.add(np.full(WIDTH, 5.0), 0.5)
    states = [seal(LABEL, sums.count, sums.pack())]
    batch = next(iter(_batches(lambda: [states], LABEL, WIDTH, 5)))
    assert batch.noisy.tolist() == [0.0]


def test_more_rounds_change_little_once_it_has_settled(people):
    settled = estimated(people, rounds=40)
    again = estimated(people, start=settled, rounds=3)
    assert again.mean == pytest.approx(settled.mean, abs=1e-3)


def test_neither_the_order_of_people_nor_their_batches_matter(people):
    one = estimated(people)
    other = estimated(people[::-1], batch=37)
    assert other.mean == pytest.approx(one.mean, abs=1e-9)
    assert other.precision == pytest.approx(one.precision, rel=1e-6, abs=1e-6)


def test_the_same_people_give_the_same_prior_to_the_last_bit(people):
    one, other = estimated(people), estimated(people)
    assert one.to_bytes() == other.to_bytes()
    assert one.version == other.version != ANCHOR.version


def test_nobody_leaves_the_anchor():
    assert estimated([]) is ANCHOR
    assert estimated([seal(LABEL, 0, Sums(WIDTH).pack())]) is ANCHOR


def test_the_more_people_the_nearer_the_truth(people):
    away = [np.linalg.norm(estimated(people[:n], rounds=10).mean - MEAN) for n in (3, 30, 400)]
    assert np.linalg.norm(ANCHOR.mean - MEAN) > away[0] > away[1] > away[2]


def test_a_hostile_prior_is_forgotten_overnight(people):
    hostile = Prior("hostile", -3 * MEAN, NOISE / 0.001 * np.eye(WIDTH), NOISE)
    after = estimated(people, start=hostile)
    assert np.abs(after.mean - MEAN).max() < 0.06


def test_a_private_prior_needs_an_epsilon_and_chance(people):
    with pytest.raises(ValueError, match="epsilon"):
        estimated(people, epsilon=0.0, rng=seeded(1))
    with pytest.raises(ValueError, match="random"):
        estimated(people, epsilon=1.0)


def test_an_impossible_state_is_refused_as_a_damaged_one_is(people):
    sums = Sums(WIDTH)
    sums.count, sums.gram[0, 0] = 1, -(10**9)
    with pytest.raises(StateError):
        estimated([seal(LABEL, 1, sums.pack())])


def test_a_damaged_state_is_refused_not_averaged(people):
    with pytest.raises(StateError):
        estimated([people[0][:-9]])
    with pytest.raises(StateError):
        estimated([seal("another/1", 1, Sums(WIDTH).pack())])
    with pytest.raises(StateError):
        estimated([seal(LABEL, 1, b"\0" * 16)])


def test_everyone_is_read_once_a_round(people):
    began = 0

    def read() -> Iterator[list[bytes]]:
        nonlocal began
        began += 1
        yield people[:10]

    estimate(read, ANCHOR, ANCHOR, label=LABEL, rounds=4)
    assert began == 4
    began = 0
    estimate(read, ANCHOR, ANCHOR, label=LABEL, epsilon=1.0, rng=seeded(1))
    assert began == 1
