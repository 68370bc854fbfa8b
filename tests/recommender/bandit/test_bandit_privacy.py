"""Does the noise hide whoever takes part, and is it no more than that takes?"""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from recommender.bandit import population, privacy
from recommender.bandit.choose import seeded
from recommender.bandit.envelope import seal
from recommender.bandit.population import estimate
from recommender.bandit.prior import Prior
from recommender.bandit.privacy import deviations, epsilon_of, is_due, rho_of
from recommender.bandit.sums import Sums

WIDTH, LABEL, NOISE = 6, "someone/1", 0.16
ANCHOR = Prior("anchor", np.array([0.3, 0, 0, 0, 0, 0]), NOISE / 0.04 * np.eye(WIDTH), NOISE)
LOOSE = Prior("loose", ANCHOR.mean, 0.01 * np.eye(WIDTH), NOISE)
TIGHT = Prior("tight", ANCHOR.mean, NOISE / 0.001 * np.eye(WIDTH), NOISE)
MEAN = np.array([0.1, 0.3, -0.2, 0.0, 0.2, 0.0])

# How far exchanging one person moves each sum, said again in numbers: whoever changes a clip has to
# think of both.
MEAN_BY, SPREAD_BY, SCALE_BY, SCALARS_BY, VOTE_BY = (
    2.0, math.sqrt(2) * 1.5, 4.0, math.sqrt(2), 2.0
)  # fmt: skip


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
    drawn = rng.multivariate_normal(MEAN, 0.01 * np.eye(WIDTH), size=400)
    return [state(weights, int(rng.integers(20, 60)), rng) for weights in drawn]


def estimated(states: list[bytes], start: Prior = ANCHOR, **kwargs) -> Prior:
    def read() -> Iterator[list[bytes]]:
        for place in range(0, len(states), 200):
            yield states[place : place + 200]

    return estimate(read, start, ANCHOR, label=LABEL, **kwargs)


def totals_of(states: list[bytes], prior: Prior = LOOSE) -> population._Totals:
    totals = population._Totals(WIDTH)
    for batch in population._batches(lambda: [states], LABEL, WIDTH):
        population._add(totals, prior, ANCHOR, batch)
    return totals


@pytest.mark.parametrize("people_there", [100, 10_000])
@pytest.mark.parametrize("epsilon", [0.5, 4.0])
def test_what_all_releases_cost_together_is_the_epsilon_that_is_stated(epsilon, people_there):
    noise = deviations(epsilon, people_there)
    released = [
        (MEAN_BY, noise.mean), (SPREAD_BY, noise.spread), (SCALE_BY, noise.scale),
        (SCALARS_BY, noise.scalars), (VOTE_BY, noise.vote),
    ]  # fmt: skip
    # Bun & Steinke 2016, proposition 1.6: a sum moved by at most s under noise τ costs s² / 2τ².
    rho = sum(s**2 / (2 * tau**2) for s, tau in released if tau is not None)
    assert rho == pytest.approx(rho_of(epsilon))
    assert rho + 2 * math.sqrt(rho * math.log(1e6)) == pytest.approx(epsilon)


def test_covariances_are_released_only_where_people_are_many():
    few, many = deviations(4.0, 100), deviations(4.0, 10_000)
    assert few.spread is None
    assert few.scale is not None
    assert many.spread is not None
    assert many.scale is None


def extremes() -> list[bytes]:
    """People as far apart as rewards within [-1, 1] can make them, and some hardly there."""
    rng = seeded(6)
    ones = np.ones(WIDTH)
    corners = [ones, -ones, np.array([1, -1, 1, -1, 1, -1.0]), np.eye(WIDTH)[0], -np.eye(WIDTH)[3]]
    return [state(5 * c, n, rng) for c in corners for n in (1, 5, 50, 3000)]


def test_no_exchange_of_one_person_moves_a_sum_by_more_than_is_assumed():
    each = [totals_of([one]) for one in extremes()]
    tight = [totals_of([one], TIGHT) for one in extremes()]
    moved = [
        max(np.linalg.norm(a.mean - b.mean) for a in each for b in each),
        max(np.linalg.norm(a.spread - b.spread) for a in each for b in each),
        max(abs(a.scale - b.scale) for a in tight for b in tight),
        max(math.hypot(a.noise - b.noise, a.weight - b.weight) for a in each for b in each),
    ]
    for found, most in zip(moved, (MEAN_BY, SPREAD_BY, SCALE_BY, SCALARS_BY), strict=True):
        assert found <= most + 1e-9
    assert moved[0] > 0.9 * MEAN_BY, "the clip of a distance is reached"
    assert moved[1] > 0.6 * SPREAD_BY


def test_whoever_is_far_out_counts_as_one_at_the_clip():
    far = totals_of([state(np.full(WIDTH, -5.0), 3000, seeded(5))])
    assert np.linalg.norm(far.mean) == pytest.approx(1.0)


def started_from(monkeypatch) -> list[str]:
    under: list[str] = []
    real = population._maximised_private

    def seen(totals, noise, anchor, prior):
        under.append(prior.version)
        return real(totals, noise, anchor, prior)

    monkeypatch.setattr(population, "_maximised_private", seen)
    return under


def test_one_who_is_very_sure_does_not_outvote_a_crowd(people, monkeypatch):
    under = started_from(monkeypatch)
    # What the crowd is like explains them, and not at all who is the very opposite.
    right = Prior("right", MEAN, NOISE / 0.001 * np.eye(WIDTH), NOISE)
    opposite = state(-2 * MEAN, 20_000, seeded(7))
    estimated([*people[:60], opposite], start=right, epsilon=1e9, rng=seeded(1))
    assert under == ["right"]


def test_a_hostile_prior_is_dropped_overnight(people):
    against = Prior("against", -3 * MEAN, NOISE / 0.0001 * np.eye(WIDTH), NOISE)
    after = estimated(people * 3, start=against, epsilon=8.0, rng=seeded(1))
    assert np.linalg.norm(after.mean - MEAN) < 0.4 * np.linalg.norm(ANCHOR.mean - MEAN)


def test_every_sum_that_is_released_has_its_noise_and_no_other_is():
    exact = totals_of([state(MEAN, 40, seeded(8))] * 5)
    for people_there in (100, 10_000):
        noise = deviations(2.0, people_there)
        noised = [population._noised(exact, noise, seeded(seed)) for seed in range(400)]
        means = np.array([totals.mean for totals in noised]) - exact.mean
        assert means.std() == pytest.approx(noise.mean, rel=0.06)
        for name in ("noise", "weight"):
            found = np.array([getattr(totals, name) for totals in noised]) - getattr(exact, name)
            assert found.std() == pytest.approx(noise.scalars, rel=0.15)
            assert abs(found.mean()) < 0.3 * noise.scalars
        spreads = np.array([totals.spread for totals in noised])
        scales = np.array([totals.scale for totals in noised])
        if noise.spread is None:
            assert not spreads.any()
            assert noise.scale is not None
            assert (scales - exact.scale).std() == pytest.approx(noise.scale, rel=0.15)
        else:
            # Each number beside the diagonal stands twice, so that the whole has its norm's noise.
            assert spreads[:, 0, 0].std() == pytest.approx(noise.spread, rel=0.15)
            assert spreads[:, 0, 1].std() == pytest.approx(noise.spread / math.sqrt(2), rel=0.15)
            assert np.array_equal(spreads, spreads.transpose(0, 2, 1))
            assert not scales.any()
        assert not any(totals.pull.any() or totals.cover.any() for totals in noised)


def test_the_vote_is_noised(people, monkeypatch):
    """Of two priors as good as each other now one and now the other is the start."""
    near = Prior("near", ANCHOR.mean + 1e-9, ANCHOR.precision, NOISE)
    under = started_from(monkeypatch)
    for seed in range(40):
        estimated(people[:50], start=near, epsilon=1.0, rng=seeded(seed))
    assert {"near", "anchor"} == set(under)


def test_a_prior_is_learned_from_many_and_stays_where_it_was_with_few(people):
    few = [estimated(people[:20], epsilon=1.0, rng=seeded(seed)) for seed in range(10)]
    assert np.median([np.linalg.norm(prior.mean - ANCHOR.mean) for prior in few]) < 0.3
    # The same people forty times over: 16 000, of whom a night learns most.
    prior = ANCHOR
    for night in range(3):
        prior = estimated(people * 40, start=prior, epsilon=4.0, rng=seeded(night))
    assert np.linalg.norm(prior.mean - MEAN) < 0.15 * np.linalg.norm(ANCHOR.mean - MEAN)
    spread = prior.noise * np.linalg.inv(prior.precision)
    assert spread.diagonal() == pytest.approx(np.full(WIDTH, 0.01), abs=0.006)


def test_people_who_are_few_and_much_alike_are_believed_to_be_alike_in_time(people):
    prior = ANCHOR
    for night in range(6):
        prior = estimated(people, start=prior, epsilon=8.0, rng=seeded(night))
    before, after = (
        float(np.trace(p.noise * np.linalg.inv(p.precision))) / WIDTH for p in (ANCHOR, prior)
    )
    assert (before, after) == (pytest.approx(0.04), pytest.approx(0.01, abs=0.008))


def test_epsilon_and_rho_are_each_others_inverse():
    for epsilon in (0.1, 1.0, 8.0):
        assert epsilon_of(rho_of(epsilon)) == pytest.approx(epsilon)


def test_as_many_people_are_asked_for_as_are_heard_over_the_noise():
    for epsilon in (1.0, 4.0, 8.0):
        needed = privacy.people_needed(36, epsilon)
        assert privacy.noise_on_mean(needed, 36, epsilon) <= privacy.MOST_NOISE
        assert privacy.noise_on_mean(needed - 1, 36, epsilon) > privacy.MOST_NOISE
    # Said in numbers: 2 CLIP √36 / √(2 · 0.7 ρ) / 0.25.
    assert privacy.people_needed(36, 4.0) == math.ceil(12 / math.sqrt(1.4 * rho_of(4.0)) / 0.25)


def test_privacy_is_spent_where_something_is_new():
    assert is_due(20, before=0, nights=0)
    assert not is_due(124, before=100, nights=29)
    assert is_due(125, before=100, nights=1)
    assert is_due(100, before=100, nights=30)


def test_a_private_prior_gets_to_a_population_far_from_the_rule_and_stays_narrow():
    rng = seeded(6)
    far = np.array([0.3, -0.9, 0.9, -0.6, 0.0, 0.0])
    assert np.linalg.norm(far - ANCHOR.mean) > privacy.CLIP
    # Features so small that no reward is cut off at 1, which would look like another mean.
    some = [state(weights, 150, rng, reach=0.4) for weights in rng.normal(far, 0.05, (200, WIDTH))]
    prior = ANCHOR
    for night in range(6):
        prior = estimated(some * 40, start=prior, epsilon=2.0, rng=seeded(night))
    assert np.abs(prior.mean - far).max() < 0.15
    spread = prior.noise * np.linalg.inv(prior.precision)
    assert np.sqrt(spread.diagonal()).max() < 0.12


def test_of_few_people_a_private_prior_keeps_to_the_luck_that_is_assumed():
    """The noise that hides them is as large as what they say of it."""
    rng = seeded(9)
    few = [state(weights, 5, rng) for weights in rng.normal(MEAN, 0.1, (80, WIDTH))]
    found = [estimated(few, epsilon=4.0, rng=seeded(n)).noise for n in range(60)]
    assert min(found) > 0.02
    assert max(found) < 0.8
