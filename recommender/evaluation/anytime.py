"""Intervals that may be looked at again and again.

A 95 % interval holds for one look. Who looks every ten minutes and acts on the first that
excludes 0 is wrong nearly always, sooner or later. These hold at all times at once: the
probability that *any* of them ever misses is at most alpha.

They are normal-mixture boundaries (Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021,
"Time-uniform, nonparametric, nonasymptotic confidence sequences", section 3.2, propositions 5 and
6) put around an estimate with an estimated error, which makes them asymptotic confidence sequences
(Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, "Time-uniform central limit theory and
asymptotic confidence sequences", theorem 2.2). Time is counted in information, 1 / SE².

Why they hold for people who hang together with themselves. The boundary is made for a mean of
independent rewards, where Cov(estimate at s, estimate at t) = Var(estimate at t) for s < t. With
effects of persons that covariance is larger, at the same variances; and of two Gaussian processes
with equal variances the one whose values are more alike crosses a boundary less often (Slepian
1962). So, with errors by person, the boundary is on the safe side.
"""

import math
from statistics import NormalDist

from recommender.evaluation.people import Spread, student

# The standard error, in reward a decision, at which the boundary is tightest: about 1 000
# decisions on each side. It may not be taken from the data that are being watched.
PLANNED = 0.03

# Before there are so many, an error is not known well enough to be trusted forever.
LEAST_PEOPLE, LEAST_DECISIONS = 20, 100


def radius(found: Spread, alpha: float, *, planned: float = PLANNED) -> float:
    """Half the width of the two-sided interval of level 1 - alpha, for `found` at any time."""
    return _radius(found, alpha, planned, sides=2)


def one_sided(found: Spread, alpha: float, *, planned: float = PLANNED) -> float:
    """How far below (or above) the value the one-sided bound of level 1 - alpha lies."""
    return _radius(found, alpha, planned, sides=1)


def _radius(found: Spread, alpha: float, planned: float, sides: int) -> float:
    if not (0.0 < alpha < 1.0 and planned > 0.0):
        raise ValueError(f"no boundary for alpha = {alpha}, planned = {planned}")
    error = found.standard_error
    if not 0.0 < error < math.inf:
        # No spread at all says that everyone was alike, not that everyone will be.
        return math.inf
    level = 2.0 * math.log(sides / (2.0 * alpha))
    mixing = 1.0 / (planned**2 * (max(level, 0.0) + math.log1p(max(level, 0.0)) + 1e-9))
    ratio = 1.0 + 1.0 / (mixing * error**2)  # (information + mixing) / mixing
    if sides == 2:
        exponent = math.log(ratio / alpha**2)
    else:
        # Slightly above the exact boundary: 1 - Φ(z) <= exp(-z²/2) / 2 makes it closed.
        exponent = 2.0 * math.log1p(math.sqrt(ratio) / (2.0 * alpha))
    z = math.sqrt((1.0 + mixing * error**2) * exponent)
    return error * studentised(z, found.freedom)


def studentised(z: float, freedom: float) -> float:
    """The value of Student's t with the same probability beyond it as the normal one beyond z.

    A boundary lies far out, where an error of few people is most often too small. Beyond z = 6,
    where probabilities run out of digits, in proportion.
    """
    inner = min(z, 6.0)
    return student(NormalDist().cdf(inner), max(freedom, 2.0)) * z / inner if inner else 0.0
