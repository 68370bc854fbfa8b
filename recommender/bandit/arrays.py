"""What a number must be before it may touch a policy."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Vectors made by FeatureSet.vectorise lie within [-1, 1]. The slack is for other scalings; the
# bound itself is what keeps sums of squares finite for ever.
LIMIT = 10.0


def checked_actions(X: Any, width: int) -> Floats:
    """X as a float64 matrix (n, width) with n >= 1 and every |value| <= LIMIT, or ValueError."""
    matrix = np.asarray(X, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != width:
        raise ValueError(f"actions have shape {matrix.shape}, expected (n, {width})")
    if matrix.shape[0] == 0:
        raise ValueError("there is no action to choose from")
    _check_bounds(matrix)
    return matrix


def checked_action(x: Any, width: int) -> Floats:
    """x as a float64 vector (width,) with every |value| <= LIMIT, or ValueError."""
    vector = np.asarray(x, dtype=np.float64)
    if vector.shape != (width,):
        raise ValueError(f"the action has shape {vector.shape}, expected ({width},)")
    _check_bounds(vector)
    return vector


def checked_reward(reward: float) -> float:
    """A reward within [-1, 1], or ValueError."""
    number = float(reward)
    if not (math.isfinite(number) and -1.0 <= number <= 1.0):
        raise ValueError(f"a reward lies within [-1, 1], got {number}")
    return number


def _check_bounds(values: Floats) -> None:
    # Written as "not <=" because a NaN survives max() and fails every comparison.
    if not np.maximum.reduce(np.abs(values), None) <= LIMIT:
        raise ValueError(f"an action holds NaN, infinity or a value beyond {LIMIT:g}")
