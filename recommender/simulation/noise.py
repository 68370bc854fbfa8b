"""Luck: from what an action is worth to what is observed, the same for whoever takes it."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.reward import DISMISSED, DONE_WITHIN, SNOOZED
from recommender.simulation.world import Answer

AT_ONCE = 0.85
LATEST = 4
"""One reward in seven is known only 1 to LATEST decisions later."""

LEVELS = np.array(sorted({DISMISSED, SNOOZED, *(worth for _, worth in DONE_WITHIN)}))
_EDGES = (LEVELS[1:] + LEVELS[:-1]) / 2.0


@dataclass(frozen=True, eq=False)
class Luck:
    """(moments, n) of each: expected reward, observed reward, decisions until it is known."""

    worth: Floats
    reward: Floats
    delay: np.ndarray

    def answer(self, row: int, index: int) -> Answer:
        return Answer(float(self.reward[row, index]), int(self.delay[row, index]))


@dataclass(frozen=True, eq=False)
class Dice:
    """The numbers that luck is made of, (moments, n) each: normal, and uniform in [0, 1)."""

    normal: Floats
    rounding: Floats
    late: Floats


def dice(rng: np.random.Generator, shape: tuple[int, ...]) -> Dice:
    return Dice(rng.normal(size=shape), rng.random(shape), rng.random(shape))


def luck(worth: Floats, noise: float | Floats, dice: Dice, *, table: bool) -> Luck:
    """Rewards (moments, n) with mean `worth` and deviation `noise`, on the grid of 0.01.

    Noise is cut off alike on both sides where a reward would leave [-1, 1], which leaves the mean
    where it is. With `table` rewards are those of the reward table nearest to what would have been,
    the worth is their mean, and `noise` is one number.
    """
    wobble = noise * dice.normal
    later = 1 + np.floor((dice.late - AT_ONCE) / (1.0 - AT_ONCE) * LATEST)
    delay = np.where(dice.late < AT_ONCE, 0, later).astype(np.intp)
    if table:
        reward = LEVELS[_EDGES.searchsorted(worth + wobble)]
        return Luck(expected_of_table(worth, float(noise)), reward, delay)
    room = 1.0 - np.abs(worth)
    # Rounded up as often as the rest demands, so that rounding does not move the mean either.
    hundreds = np.floor(100.0 * (worth + wobble.clip(-room, room)) + dice.rounding)
    return Luck(worth, hundreds.clip(-100, 100) / 100.0, delay)


def nearest(reward: float) -> float:
    """The value of the reward table that is nearest to a number."""
    return float(LEVELS[_EDGES.searchsorted(reward)])


def expected_of_table(worth: Floats, noise: float) -> Floats:
    """The mean reward where worth + noise is moved to the nearest value of the reward table."""
    grid, means = _means(noise)
    return np.interp(worth, grid, means)


@cache
def _means(noise: float) -> tuple[Floats, Floats]:
    grid = np.linspace(-1.0, 1.0, 2001)
    below = [
        np.array([0.5 * (1.0 + math.erf((edge - at) / (noise * math.sqrt(2.0)))) for at in grid])
        for edge in _EDGES
    ]
    bounds = [np.zeros_like(grid), *below, np.ones_like(grid)]
    means = sum(
        level * (high - low)
        for level, low, high in zip(LEVELS, bounds[:-1], bounds[1:], strict=True)
    )
    return grid, np.asarray(means)
