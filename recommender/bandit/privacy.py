"""How much noise hides one person in what a population taught.

Differential privacy with regard to exchanging one person's whole history for any other, all others'
staying as they are: the Gaussian mechanism, counted in zero-concentrated terms (Bun & Steinke 2016,
"Concentrated differential privacy", propositions 1.3 and 1.6), in which budgets add up. How many
people take part is not hidden.

What is released of n people, and how far one of them can move it:

    mean      Σ of distances from the last prior, each at most CLIP long        2 CLIP
    spread    Σ of ddᵀ + posterior covariance, at most LARGEST_COVARIANCE       √2 (CLIP² + that)
    scale     Σ of how much wider than the prior a person is, within [0, 4]     LARGEST_SCALE
    scalars   Σ of squared residuals and of their weights, each in [0, 1]       √2
    vote      Σ of whether the last prior explained a person better, in ±1      2

Two positive semidefinite matrices of norm r are at most √2 r apart. The spread has d (d + 1) / 2
numbers and drowns in noise where people are few: then only its scale is released.
"""

import math
from dataclasses import dataclass

DELTA = 1e-6
CLIP = 1.0  # as far as people of very different tastes were from each other, in simulated lives
LARGEST_COVARIANCE = 0.5  # Frobenius norm; a person's posterior covariance is scaled down to it
LARGEST_SCALE = 4.0
VARIANCE_WORTH_KNOWING = 0.005  # of a weight; in simulated populations they are around 0.007

MEAN, SPREAD = 2.0 * CLIP, math.sqrt(2.0) * (CLIP**2 + LARGEST_COVARIANCE)
SCALE, SCALARS, VOTE = LARGEST_SCALE, math.sqrt(2.0), 2.0

# An estimate spends privacy, so it is made when there is something new to learn, not every night.
GROWTH, NIGHTS = 1.25, 30
# The rule's largest weight is 0.6: a prior that noise moves further than this is no better than none.
MOST_NOISE = 0.25

_FEW = {"mean": 0.7, "spread": 0.0, "scale": 0.1, "scalars": 0.1, "vote": 0.1}
_MANY = {"mean": 0.45, "spread": 0.35, "scale": 0.0, "scalars": 0.1, "vote": 0.1}


@dataclass(frozen=True, slots=True)
class Deviations:
    """Standard deviations of the noise on each sum; None for what is not released."""

    mean: float
    spread: float | None
    scale: float | None
    scalars: float
    vote: float


def deviations(epsilon: float, people: float) -> Deviations:
    """The noise that makes one release of all five (epsilon, DELTA)-differentially private."""
    rho = rho_of(epsilon)

    def deviation(sensitivity: float, share: float) -> float:
        return sensitivity / math.sqrt(2.0 * share * rho)

    many = deviation(SPREAD, _MANY["spread"]) <= VARIANCE_WORTH_KNOWING * people
    shares = _MANY if many else _FEW
    return Deviations(
        mean=deviation(MEAN, shares["mean"]),
        spread=deviation(SPREAD, shares["spread"]) if many else None,
        scale=None if many else deviation(SCALE, shares["scale"]),
        scalars=deviation(SCALARS, shares["scalars"]),
        vote=deviation(VOTE, shares["vote"]),
    )


def is_due(people: int, *, before: int, nights: int) -> bool:
    """Whether to estimate anew with so many people, when the last estimate was of `before`, so many
    nights ago. 0 before: there was none.
    """
    return people >= GROWTH * before or nights >= NIGHTS


def noise_on_mean(people: float, width: int, epsilon: float) -> float:
    """How long the noise on the mean of so many people is, in reward units, before any of it is
    shrunk away: the root of its mean squared Euclidean length.
    """
    return math.sqrt(width) * deviations(epsilon, people).mean / max(people, 1.0)


def people_needed(width: int, epsilon: float) -> int:
    """The fewest people whose mean noise moves by no more than MOST_NOISE."""
    return math.ceil(noise_on_mean(1, width, epsilon) / MOST_NOISE)


def rho_of(epsilon: float, delta: float = DELTA) -> float:
    """The zero-concentrated budget that gives (epsilon, delta): solves rho + 2 √(rho ln 1/delta)
    = epsilon (proposition 1.3).
    """
    log = math.log(1.0 / delta)
    return (math.sqrt(log + epsilon) - math.sqrt(log)) ** 2


def epsilon_of(rho: float, delta: float = DELTA) -> float:
    """The inverse of `rho_of`. Budgets of several releases add up in rho, not in epsilon."""
    return rho + 2.0 * math.sqrt(rho * math.log(1.0 / delta))
