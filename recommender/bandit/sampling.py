"""Thompson sampling as a distribution: how often each action is the best of what may be true."""

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.explore import TIE

DRAWS = 64


def best_shares(
    scores: Floats,
    whitened: Floats,
    width: float,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Floats:
    """The share (n,) of `draws` posterior samples in which each action is the best.

    With W from the posterior (WᵀW = A⁻¹), `scores` (n,) = X theta and `whitened` (n, d) = X Wᵀ, a
    sample of all actions' worth at once is scores + width * whitened z, z ~ N(0, I): `width` is in
    reward units and scales the posterior's standard deviations. Samples come in antithetic pairs
    ±z, so `draws` is even. Actions within TIE of a sample's best share it alike, as equal actions
    must; otherwise each share is a whole multiple of 1/draws, which rounding can't move.

    An action is then drawn from these very shares, so that its propensity is exact (Thompson 1933;
    Chapelle & Li 2011, "An empirical evaluation of Thompson sampling", also for the width).
    """
    half = draws // 2
    noise = whitened @ rng.standard_normal((whitened.shape[1], half))
    noise *= width
    samples = np.empty((scores.size, 2 * half))
    middle = scores[:, None]
    np.add(middle, noise, out=samples[:, :half])
    np.subtract(middle, noise, out=samples[:, half:])
    best = samples >= np.maximum.reduce(samples, 0) - TIE
    if np.count_nonzero(best) > 2 * half:
        shares: Floats = (best / np.add.reduce(best, 0)).sum(axis=1)
    else:
        shares = np.add.reduce(best, 1, dtype=np.float64)
    shares /= 2 * half
    return shares
