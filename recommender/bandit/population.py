"""What a population taught: a newcomer's prior, estimated from everyone's sums.

A person's weights are drawn from N(mean, covariance) and their rewards are linear in features with
Gaussian noise: a linear mixed-effects model. `estimate` is empirical Bayes by expectation and
maximisation (Dempster, Laird & Rubin 1977; for this model Laird & Ware 1982, "Random-effects models
for longitudinal data", section 3): each person's posterior follows from their sums in closed form,
and mean, covariance and noise are re-estimated from the posteriors.

With few people a covariance of d(d+1)/2 numbers can't be told from noise. Two things keep it sane:
the mean starts as if PEOPLE_OF_ANCHOR people had been the anchor, and the covariance is drawn
towards its own diagonal as if PEOPLE_OF_DIAGONAL people had shown nothing else. The anchor is
ours, never the prior of the day before, and each night whichever of the two explains people better is
where the estimate starts: a wrong prior is dropped overnight.

With `epsilon` the sums over people are noised (recommender.bandit.privacy), nobody counts for more than
CLIP, and one round is made: the mean then moves by as much as people's rewards say of them, which takes some
releases where each said little, instead of by generalised least squares, whose matrix noise would drown.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from recommender.bandit import privacy
from recommender.bandit.arrays import Floats
from recommender.bandit.envelope import StateError, unseal
from recommender.bandit.prior import Prior
from recommender.bandit.privacy import CLIP, LARGEST_COVARIANCE, LARGEST_SCALE
from recommender.bandit.sums import REWARD_GRID, X_GRID, Sums

Read = Callable[[], Iterable[Sequence[bytes]]]

ROUNDS = 3  # nightly, from last night's result: it moves little, and each round reads everyone
PEOPLE_OF_ANCHOR = 2.0
PEOPLE_OF_DIAGONAL = 60.0
PEOPLE_OF_SPREAD = 20.0
PEOPLE_OF_SCALE = 2.0
REWARDS_OF_NOISE = 20.0
DEVIATIONS_OF_NOISE = 3.0  # of what hides people in the sum of residuals, outweighed by the anchor
SMALLEST_SPREAD, LARGEST_SPREAD = 1e-4, 1.0  # variances of weights
SMALLEST_NOISE, LARGEST_NOISE = 0.01, 1.0


@dataclass(eq=False)
class _Totals:
    """Sums over people of what the maximisation needs."""

    width: int
    people: float = 0.0
    mean: Floats = field(init=False)  # (d,) of clipped distances from the prior's mean
    spread: Floats = field(init=False)  # (d, d) of posterior covariances, products of distances
    noise: float = 0.0  # of each person's mean squared residual, weighted as `weight`
    weight: float = 0.0
    scale: float = 0.0  # of how much wider than the prior a person's weights are, about 1
    pull: Floats = field(init=False)  # (d,) of A⁻¹ (b - G anchor): where rewards draw the mean, and
    cover: Floats = field(init=False)  # (d, d) of A⁻¹: how little they say of it, both per reward

    def __post_init__(self) -> None:
        self.mean, self.pull = np.zeros(self.width), np.zeros(self.width)
        self.spread, self.cover = (np.zeros((self.width, self.width)) for _ in range(2))


def estimate(
    read: Read,
    start: Prior,
    anchor: Prior,
    *,
    label: str,
    sure: int | None = None,
    rounds: int = ROUNDS,
    epsilon: float | None = None,
    rng: np.random.Generator | None = None,
) -> Prior:
    """The population's prior, from the states (bytes, labelled `label`) that `read` gives in
    batches, once a round. Memory is that of one batch. People without rewards are passed over.

    `sure` is the column that is 1 for actions whose reward is hardly ever luck, as saying nothing is:
    they tell nothing of how much luck there is in the others.

    Starts from `start`, or from `anchor` if the first round shows that it explains people better.
    With `epsilon`, in one round, (epsilon, privacy.DELTA)-differentially private with regard to
    exchanging one person's rewards for any others; `rng` must then be one that nobody can repeat.
    With nobody: `anchor`. Raises ValueError for an epsilon that is not positive, StateError for a
    state that is damaged or of another policy.
    """
    if epsilon is not None and (not epsilon > 0 or rng is None):
        raise ValueError("a private estimate needs an epsilon above 0 and random numbers")
    width = anchor.mean.size
    first, other = _Totals(width), _Totals(width)
    lead = votes = 0.0  # of the start over the anchor: in nats, and in people
    for batch in _batches(read, label, width, sure):
        gain = _add(first, start, anchor, batch) - _add(other, anchor, anchor, batch)
        lead += float(gain.sum())
        votes += float(np.clip(gain, -1.0, 1.0).sum())
    if not first.people:
        return anchor
    if epsilon is not None and rng is not None:
        noise = privacy.deviations(epsilon, first.people)
        stays = votes + rng.standard_normal() * noise.vote >= 0
        totals, under = (first, start) if stays else (other, anchor)
        return _maximised_private(_noised(totals, noise, rng), noise, anchor, under)
    best, prior = (first, start) if lead >= 0 else (other, anchor)
    prior = _maximised(best, anchor, under=prior)
    for _ in range(rounds - 1):
        totals = _Totals(width)
        for batch in _batches(read, label, width, sure):
            _add(totals, prior, anchor, batch)
        prior = _maximised(totals, anchor, under=prior)
    return prior


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    count: Floats  # (p,)
    noisy: Floats  # (p,) of these, rewards that luck had a part in
    gram: Floats  # (p, d, d), in units of features and rewards, as all below
    moment: Floats  # (p, d)
    square: Floats  # (p,)


def _batches(read: Read, label: str, width: int, sure: int | None = None) -> Iterable[_Batch]:
    for states in read():
        unsealed = []
        for state in states:
            count, numbers = unseal(state, label)
            if count:
                unsealed.append((count, numbers))
        if unsealed:
            counts, gram, moment, square = Sums.unpack_many(unsealed, width)
            gram /= X_GRID**2
            moment /= X_GRID * REWARD_GRID
            noisy = counts
            if sure is not None:
                noisy = np.clip(counts - gram[:, sure, sure], 0.0, counts)
            yield _Batch(counts, noisy, gram, moment, square / REWARD_GRID**2)


def _add(totals: _Totals, prior: Prior, anchor: Prior, batch: _Batch) -> Floats:
    """The expectations under `prior` of one batch of people, added to the totals. Returns how well
    it explains each of them (p,): log marginal likelihoods, in nats.
    """
    a = prior.precision + batch.gram
    try:
        factor = np.linalg.cholesky(a)
    except np.linalg.LinAlgError as error:
        raise StateError("a state's matrix is not positive definite") from error
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
    evidence: Floats = -0.5 * (
        batch.noisy * math.log(2.0 * math.pi * prior.noise)
        + log_det
        - np.linalg.slogdet(prior.precision)[1]
        + (against_prior - halves) / prior.noise
    )
    residual = (
        batch.square
        - 2.0 * np.einsum("pi,pi->p", theta, batch.moment)
        + np.einsum("pi,pij,pj->p", theta, batch.gram, theta, optimize=True)
        + np.einsum("pij,pij->p", batch.gram, covariance)
    )
    # A person's say on the noise grows with their rewards, up to a point: it must be bounded.
    weight = np.minimum(batch.noisy, 100.0) / 100.0
    each = residual / np.maximum(batch.noisy, 1.0)
    totals.noise += float((weight * np.clip(each, 0.0, LARGEST_NOISE)).sum())
    totals.weight += float(weight.sum())

    # Expected of a person of this prior is 1.
    apart = theta - prior.mean
    scale = np.einsum("pi,ij,pj->p", apart, prior.precision, apart, optimize=True)
    scale += np.einsum("ij,pij->p", prior.precision, covariance)
    scale /= prior.noise * prior.mean.size
    totals.scale += float(np.clip(scale, 0.0, LARGEST_SCALE).sum())

    # As theta, from the anchor's mean instead of the prior's.
    shifted = batch.moment - batch.gram @ anchor.mean
    half = np.einsum("pij,pj->pi", whitener, shifted)
    totals.pull += np.einsum("pji,pj->i", whitener, half)
    totals.cover += covariance.sum(axis=0) / prior.noise

    # From the prior's mean, not from the anchor's: a population far from the rule would be clipped
    # to a fraction of its way, and what is missing be taken for people who differ.
    distance = theta - prior.mean
    length = np.sqrt(np.einsum("pi,pi->p", distance, distance))
    distance *= np.minimum(1.0, CLIP / np.maximum(length, 1e-12))[:, None]
    size = np.sqrt(np.einsum("pij,pij->p", covariance, covariance))
    bounded = np.minimum(1.0, LARGEST_COVARIANCE / np.maximum(size, 1e-12))
    totals.people += len(batch.count)
    totals.mean += distance.sum(axis=0)
    totals.spread += np.einsum("p,pij->ij", bounded, covariance) + distance.T @ distance
    return evidence


def _maximised(totals: _Totals, anchor: Prior, *, under: Prior) -> Prior:
    """The prior that the totals, made under `under`, ask for, drawn towards the anchor as far as
    people are few.
    """
    moved = _moved(totals, under)
    covariance = _covariance(totals, moved - (under.mean - anchor.mean), anchor)
    return _prior(anchor.mean + moved, covariance, _noise(totals, anchor))


def _maximised_private(
    totals: _Totals, noise: privacy.Deviations, anchor: Prior, under: Prior
) -> Prior:
    """As `_maximised`, from noised totals: what is new is shrunk by as much of it as must be noise
    (James & Stein 1961), so that few people move little.
    """
    people, before = totals.people, under.mean - anchor.mean
    new = (totals.mean - PEOPLE_OF_ANCHOR * before) / (people + PEOPLE_OF_ANCHOR)
    expected = new.size * (noise.mean / (people + PEOPLE_OF_ANCHOR)) ** 2
    new *= max(0.0, 1.0 - expected / max(float(new @ new), 1e-12))
    moved = before + new
    if noise.spread is None:
        scale = (totals.scale + PEOPLE_OF_SCALE) / (people + PEOPLE_OF_SCALE)
        usual = under.noise * np.linalg.inv(under.precision)
        factor = float(np.clip(scale, 1.0 / LARGEST_SCALE, LARGEST_SCALE))
        covariance = np.asarray(usual * factor, dtype=np.float64)
    else:
        covariance = _covariance(totals, moved - before, anchor, noise.spread)
    # Of few people the sums are mostly noise of our own making: the anchor must outweigh that.
    more = DEVIATIONS_OF_NOISE * noise.scalars / anchor.noise
    return _prior(anchor.mean + moved, covariance, _noise(totals, anchor, more))


def _covariance(totals: _Totals, moved: Floats, anchor: Prior, noise: float = 0.0) -> Floats:
    """The covariance (d, d) around a mean that has `moved` (d,) from that of the prior which the totals
    were made under; `noise` is on the sums.
    """
    people = totals.people
    # Σ (θ - mean)(θ - mean)ᵀ from distances to the old mean.
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
    # As many people more as make the noise of an entry a tenth of a usual variance.
    towards = PEOPLE_OF_DIAGONAL + 10.0 * noise / float(usual.mean())
    return np.asarray((spread + towards * np.diag(diagonal)) / (people + towards))


def _noise(totals: _Totals, anchor: Prior, more: float = 0.0) -> float:
    """The variance of a reward around what is expected of a person; the anchor's counts as much as
    REWARDS_OF_NOISE, and `more` in units of the totals' weight.
    """
    more += REWARDS_OF_NOISE / 100.0
    found = (totals.noise + more * anchor.noise) / (max(totals.weight, 0.0) + more)
    return float(np.clip(found, SMALLEST_NOISE, LARGEST_NOISE))


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


def _noised(totals: _Totals, noise: privacy.Deviations, rng: np.random.Generator) -> _Totals:
    """What may be known of the totals: noised sums, and nothing of the others."""
    result, width = _Totals(totals.width), totals.width
    result.people = totals.people
    result.mean = totals.mean + rng.standard_normal(width) * noise.mean
    if noise.spread is not None:
        # Symmetric, with √2 less off the diagonal, where each number stands twice.
        square = rng.standard_normal((width, width)) * noise.spread / math.sqrt(2.0)
        upper = np.triu(square, 1)
        result.spread = (
            totals.spread + upper + upper.T + np.diag(square.diagonal() * math.sqrt(2.0))
        )
    if noise.scale is not None:
        result.scale = totals.scale + float(rng.standard_normal()) * noise.scale
    scalars = rng.standard_normal(2) * noise.scalars
    result.noise, result.weight = (
        totals.noise + float(scalars[0]),
        totals.weight + float(scalars[1]),
    )
    return result
