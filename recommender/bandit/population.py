"""What a population taught: a newcomer's prior, estimated from everyone's sums.

A person's weights are drawn from N(mean, covariance) and their rewards are linear in features with
Gaussian noise: a linear mixed-effects model. `estimate` is empirical Bayes by expectation and
maximisation (Dempster, Laird & Rubin 1977; for this model Laird & Ware 1982, "Random-effects models
for longitudinal data", section 3): each person's posterior follows from their sums in closed form,
and mean, covariance and noise are re-estimated from the posteriors.

With few people a covariance of d(d+1)/2 numbers can't be told from noise. Two things keep it sane:
the mean starts as if PEOPLE_OF_ANCHOR people had been the anchor, and the covariance is drawn
towards its own diagonal as if PEOPLE_OF_DIAGONAL people had shown nothing else. The anchor is
ours, never the prior of the day before, so that a wrong prior is forgotten overnight.

Nobody counts for more than CLIP: a person whose weights lie further from the anchor is drawn in to
that distance. With `epsilon` the sums over people are also noised, and the result is differentially
private: whatever one person's whole history had been, it might have come out alike. How many people
took part is not hidden. It is the Gaussian mechanism in zero-concentrated terms (Bun & Steinke 2016,
propositions 1.3 and 1.6).
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.envelope import StateError, unseal
from recommender.bandit.prior import Prior
from recommender.bandit.sums import REWARD_GRID, X_GRID, Sums

Read = Callable[[], Iterable[Sequence[bytes]]]

ROUNDS = 3  # nightly, from last night's result: it moves little, and each round reads everyone
PEOPLE_OF_ANCHOR = 2.0
PEOPLE_OF_DIAGONAL = 30.0
PEOPLE_OF_SPREAD = 20.0
PEOPLE_OF_SCALE = 2.0
REWARDS_OF_NOISE = 20.0
CLIP = 2.0  # twice how far people of very different tastes were from the rule, in simulated lives
MOST_COVARIANCE = 1.0  # Frobenius norm; a person's posterior covariance is scaled down to it
DELTA = 1e-6
SMALLEST_SPREAD, LARGEST_SPREAD = 1e-4, 1.0  # variances of weights
SMALLEST_NOISE, LARGEST_NOISE = 0.01, 1.0


@dataclass(eq=False)
class _Totals:
    """Sums over people of what the maximisation needs."""

    people: float
    mean: Floats  # (d,) of clipped distances from the anchor's mean
    spread: Floats  # (d, d) of posterior covariances and products of those distances
    noise: float  # of each person's mean squared residual, weighted as `weight`
    weight: float
    pull: Floats  # (d,) of A⁻¹ (b - G anchor): where people's rewards draw the mean, and
    cover: Floats  # (d, d) of A⁻¹: how little they say of it, both in units of one observation
    evidence: float  # log marginal likelihood, nats

    @classmethod
    def zero(cls, width: int) -> "_Totals":
        square = (width, width)
        return cls(
            0.0, np.zeros(width), np.zeros(square), 0.0, 0.0, np.zeros(width), np.zeros(square), 0.0
        )


def estimate(
    read: Read,
    start: Prior,
    anchor: Prior,
    *,
    label: str,
    rounds: int = ROUNDS,
    epsilon: float | None = None,
    rng: np.random.Generator | None = None,
) -> Prior:
    """The population's prior, from the states (bytes, labelled `label`) that `read` gives in
    batches, once a round. Memory is that of one batch. People without rewards are passed over.

    Starts from `start`, or from `anchor` if the first round shows that it explains people better.
    With `epsilon`, in one round, (epsilon, DELTA)-differentially private with regard to exchanging
    one person's rewards for any others; `rng` then must be given, and be one that nobody can repeat.
    With nobody: `anchor`. Raises ValueError for an epsilon that is not positive.
    """
    if epsilon is not None and (not epsilon > 0 or rng is None):
        raise ValueError("a private estimate needs an epsilon above 0 and random numbers")
    width = anchor.mean.size
    first, other = _Totals.zero(width), _Totals.zero(width)
    for sums in _batches(read, label, width):
        _add(first, start, anchor, sums)
        if epsilon is None:
            _add(other, anchor, anchor, sums)
    if epsilon is not None and rng is not None:
        return _maximised(_noised(first, epsilon, rng), anchor, tau=_tau(epsilon))
    best, prior = (first, start) if first.evidence >= other.evidence else (other, anchor)
    if not best.people:
        return anchor
    prior = _maximised(best, anchor, under=prior)
    for _ in range(rounds - 1):
        totals = _Totals.zero(width)
        for sums in _batches(read, label, width):
            _add(totals, prior, anchor, sums)
        prior = _maximised(totals, anchor, under=prior)
    return prior


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    count: Floats  # (p,)
    gram: Floats  # (p, d, d), in units of features and rewards, as all below
    moment: Floats  # (p, d)
    square: Floats  # (p,)


def _batches(read: Read, label: str, width: int) -> Iterable[_Batch]:
    for states in read():
        unsealed = []
        for state in states:
            count, numbers = unseal(state, label)
            if count:
                unsealed.append((count, numbers))
        if unsealed:
            try:
                counts, gram, moment, square = Sums.unpack_many(unsealed, width)
            except ValueError as error:
                raise StateError(str(error)) from error
            gram /= X_GRID**2
            moment /= X_GRID * REWARD_GRID
            yield _Batch(counts, gram, moment, square / REWARD_GRID**2)


def _add(totals: _Totals, prior: Prior, anchor: Prior, batch: _Batch) -> None:
    """The expectations under `prior` of one batch of people, added to the totals."""
    a = prior.precision + batch.gram
    factor = np.linalg.cholesky(a)
    whitener = np.linalg.inv(factor)
    shifted = batch.moment - batch.gram @ prior.mean
    half = np.einsum("pij,pj->pi", whitener, shifted)
    theta = prior.mean + np.einsum("pji,pj->pi", whitener, half)
    covariance = prior.noise * (whitener.transpose(0, 2, 1) @ whitener)

    # What the rewards leave over against the prior's mean, then against the person's own.
    against_prior = (
        batch.square - 2.0 * (batch.moment @ prior.mean) + (batch.gram @ prior.mean) @ prior.mean
    )
    halves = np.einsum("pi,pi->p", half, half)
    log_det = 2.0 * np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    totals.evidence += -0.5 * float(
        (
            batch.count * math.log(2.0 * math.pi * prior.noise)
            + log_det
            - np.linalg.slogdet(prior.precision)[1]
            + (against_prior - halves) / prior.noise
        ).sum()
    )
    residual = (
        batch.square
        - 2.0 * np.einsum("pi,pi->p", theta, batch.moment)
        + np.einsum("pi,pij,pj->p", theta, batch.gram, theta, optimize=True)
        + np.einsum("pij,pij->p", batch.gram, covariance)
    )
    # A person's say on the noise grows with their rewards, up to a point: it must be bounded.
    weight = np.minimum(batch.count, 100.0) / 100.0
    totals.noise += float((weight * np.clip(residual / batch.count, 0.0, LARGEST_NOISE)).sum())
    totals.weight += float(weight.sum())

    # As theta, from the anchor's mean instead of the prior's.
    shifted = batch.moment - batch.gram @ anchor.mean
    half = np.einsum("pij,pj->pi", whitener, shifted)
    totals.pull += np.einsum("pji,pj->i", whitener, half)
    totals.cover += covariance.sum(axis=0) / prior.noise

    distance = theta - anchor.mean
    length = np.sqrt(np.einsum("pi,pi->p", distance, distance))
    distance *= np.minimum(1.0, CLIP / np.maximum(length, 1e-12))[:, None]
    size = np.sqrt(np.einsum("pij,pij->p", covariance, covariance))
    bounded = np.minimum(1.0, MOST_COVARIANCE / np.maximum(size, 1e-12))
    totals.people += len(batch.count)
    totals.mean += distance.sum(axis=0)
    totals.spread += np.einsum("p,pij->ij", bounded, covariance) + distance.T @ distance


def _maximised(
    totals: _Totals, anchor: Prior, *, under: Prior | None = None, tau: "_Tau | None" = None
) -> Prior:
    """The prior that the totals ask for, drawn towards the anchor as far as they are few.

    `under` is the prior that they were made with.
    """
    people = totals.people
    if tau is None:
        moved = _moved(totals, under or anchor)
    else:
        moved = totals.mean * (1.0 / (people + PEOPLE_OF_ANCHOR))
        # Noise of known size: shrink by how much of the squared length it must be (James & Stein).
        noise = moved.size * (tau.mean / (people + PEOPLE_OF_ANCHOR)) ** 2
        length = max(float(moved @ moved), 1e-12)
        moved *= max(0.0, 1.0 - noise / length) * min(1.0, CLIP / math.sqrt(length))
    mean = anchor.mean + moved
    # Σ (θ - mean)(θ - mean)ᵀ from distances to the anchor.
    around = np.outer(moved, totals.mean)
    spread = totals.spread - around - around.T + people * np.outer(moved, moved)
    usual = anchor.noise * np.linalg.inv(anchor.precision).diagonal()
    # How far people differ at all is one number, and soon known; how far in each weight takes more.
    usual = usual * (
        (float(np.maximum(spread.diagonal() / usual, 0.0).mean()) + PEOPLE_OF_SCALE)
        / (people + PEOPLE_OF_SCALE)
    )
    diagonal = (np.maximum(spread.diagonal(), 0.0) + PEOPLE_OF_SPREAD * usual) / (
        people + PEOPLE_OF_SPREAD
    )
    towards = PEOPLE_OF_DIAGONAL
    if tau is not None:
        # As many people more as make the noise of an entry a tenth of a usual variance.
        towards += 10.0 * tau.spread / float(usual.mean())
    covariance = (spread + towards * np.diag(diagonal)) / (people + towards)
    noise = (totals.noise + REWARDS_OF_NOISE / 100.0 * anchor.noise) / (
        max(totals.weight, 0.0) + REWARDS_OF_NOISE / 100.0
    )
    return _prior(mean, covariance, float(np.clip(noise, SMALLEST_NOISE, LARGEST_NOISE)))


def _moved(totals: _Totals, under: Prior) -> Floats:
    """The mean's distance (d,) from the anchor at which the rewards are likeliest, people's weights
    integrated out: generalised least squares (Laird & Ware 1982, equation 3.1). With little said by
    each person, maximising over expected weights would get there in a hundred nights.

    A person's rewards say P - P A⁻¹ P about the mean, where P is the prior's precision.
    """
    precision = under.precision
    says = (totals.people + PEOPLE_OF_ANCHOR) * precision - precision @ totals.cover @ precision
    return np.asarray(np.linalg.solve(says, precision @ totals.pull), dtype=np.float64)


def _prior(mean: Floats, covariance: Floats, noise: float) -> Prior:
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    values = np.clip(values, SMALLEST_SPREAD, LARGEST_SPREAD)
    precision = (vectors * (noise / values)) @ vectors.T
    precision = 0.5 * (precision + precision.T)
    digest = hashlib.sha256(mean.tobytes() + precision.tobytes()).hexdigest()
    return Prior(f"people-{digest[:12]}", mean, precision, noise)


@dataclass(frozen=True, slots=True)
class _Tau:
    """Standard deviations of the noise on the totals."""

    mean: float
    spread: float
    scalar: float


# How the privacy budget is shared among the three things that are released.
_SHARES = {"mean": 0.45, "spread": 0.45, "scalar": 0.10}


def rho_of(epsilon: float, delta: float = DELTA) -> float:
    """The zero-concentrated budget that gives (epsilon, delta): solves rho + 2 √(rho ln 1/delta)
    = epsilon (Bun & Steinke 2016, proposition 1.3)."""
    log = math.log(1.0 / delta)
    return (math.sqrt(log + epsilon) - math.sqrt(log)) ** 2


def epsilon_of(rho: float, delta: float = DELTA) -> float:
    """The inverse of `rho_of`. Budgets of several releases add up in rho, not in epsilon."""
    return rho + 2.0 * math.sqrt(rho * math.log(1.0 / delta))


def _tau(epsilon: float) -> _Tau:
    """Noise for what another history of one person can change at most: a vector as long as CLIP
    turned about; a spread, positive semidefinite and as large as CLIP² and a posterior covariance,
    exchanged for one at right angles to it; and 1 each in the noise and its weight."""
    rho = rho_of(epsilon)

    def deviation(most: float, share: float) -> float:
        return most / math.sqrt(2.0 * share * rho)

    return _Tau(
        deviation(2.0 * CLIP, _SHARES["mean"]),
        deviation(math.sqrt(2.0) * (CLIP**2 + MOST_COVARIANCE), _SHARES["spread"]),
        deviation(math.sqrt(2.0), _SHARES["scalar"]),
    )


def noise_on_mean(people: float, width: int, epsilon: float) -> float:
    """How long the noise is, in reward units, that privacy puts on the mean of so many people: the
    root of its mean squared Euclidean length, before any of it is shrunk away.
    """
    return math.sqrt(width) * _tau(epsilon).mean / (people + PEOPLE_OF_ANCHOR)


def _noised(totals: _Totals, epsilon: float, rng: np.random.Generator) -> _Totals:
    tau, width = _tau(epsilon), totals.mean.size
    # Symmetric, with √2 less off the diagonal, where each number stands twice.
    square = rng.standard_normal((width, width)) * tau.spread / math.sqrt(2.0)
    noise = np.triu(square, 1)
    noise = noise + noise.T + np.diag(square.diagonal() * math.sqrt(2.0))
    scalars = rng.standard_normal(2) * tau.scalar
    return _Totals(
        totals.people,
        totals.mean + rng.standard_normal(width) * tau.mean,
        totals.spread + noise,
        totals.noise + float(scalars[0]),
        totals.weight + float(scalars[1]),
        np.zeros(width),
        np.zeros((width, width)),
        0.0,
    )
