"""Are the logged propensities true? If not, no estimate from the log is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recommender.evaluation.log import TOLERANCE, Floats, Ints

# An odd number, so that the degrees of freedom are even and the distribution has a closed form.
CELLS = 21


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """Pearson's statistic, its degrees of freedom (even), and the probability of a larger one."""

    statistic: float
    freedom: int
    p_value: float
    n: int


def drawn_against_logged(
    pmfs: Sequence[Floats], chosen: Ints, rng: np.random.Generator
) -> ChiSquare:
    """Whether the actions `chosen` (n,), by index, look drawn from the logged distributions.

    Every decision has a distribution of its own, so each is turned into a number that is uniform if
    it is true: with the actions in order of falling probability, a point drawn at random within the
    chosen action's stretch of the cumulative sum (the randomised probability integral transform:
    Smith 1985, "Diagnostic checks of non-standard time series models"). Over the stretches'
    uniform cells Pearson's chi-square is exact enough from 5 a cell, however people hang together.
    Raises ValueError for a pmf that does not sum to 1 within 1e-9, an index outside it or with
    probability 0, and for fewer than 5 decisions a cell.
    """
    n = len(pmfs)
    if len(chosen) != n or n < 5 * CELLS:
        raise ValueError(f"{n} distributions, {len(chosen)} choices; {5 * CELLS} or more needed")
    check_sums(pmfs)
    begin, width = np.empty(n), np.empty(n)
    for row, (pmf, index) in enumerate(zip(pmfs, chosen, strict=True)):
        if not (0 <= index < pmf.size and pmf[index] > 0.0):
            raise ValueError(f"decision {row}: action {index} can't have been drawn")
        p = pmf[index]
        alike = pmf == p
        begin[row] = pmf[pmf > p].sum() + p * int(alike[:index].sum())
        width[row] = p
    places = begin + width * rng.random(n)
    cells = np.minimum((places * CELLS).astype(np.int64), CELLS - 1)
    observed = np.bincount(cells, minlength=CELLS)
    expected = n / CELLS
    statistic = float(((observed - expected) ** 2).sum() / expected)
    return ChiSquare(statistic, CELLS - 1, chi_square_beyond(statistic, CELLS - 1), n)


def check_sums(pmfs: Sequence[Floats]) -> None:
    """Raises ValueError, naming the first decision, unless all sum to 1 within 1e-9 and none is
    negative or NaN anywhere."""
    for row, pmf in enumerate(pmfs):
        # Written as "not" because a NaN fails every comparison.
        if not (pmf.size and pmf.min() >= 0.0 and abs(pmf.sum() - 1.0) <= TOLERANCE):
            raise ValueError(f"decision {row}: the probabilities do not make a distribution")


def chi_square_beyond(statistic: float, freedom: int) -> float:
    """P(X > statistic) for an even number of degrees of freedom: e^(-s/2) Σ_k<f/2 (s/2)^k / k!
    (Abramowitz & Stegun 1964, 26.4.21)."""
    if freedom < 2 or freedom % 2 or not statistic >= 0.0:
        raise ValueError(f"no closed form for {freedom} degrees of freedom at {statistic}")
    half = statistic / 2.0
    if not half:
        return 1.0
    terms = [k * math.log(half) - math.lgamma(k + 1) - half for k in range(freedom // 2)]
    return min(1.0, math.fsum(math.exp(term) for term in terms))
