"""What one person's rewards add up to, exactly.

Linear models need a person's rewards only as sums: Σ x xᵀ, Σ r x, Σ r² and how many. Here x is
first rounded to multiples of 1/X_GRID and r to multiples of 1/REWARD_GRID, so that every sum is a
whole number, and sums of whole numbers below 2⁵³ are exact in float64. Hence

- the order in which rewards come does not matter, to the last bit;
- taking a reward back is a subtraction after which it has never been;
- no rounding error can build up, whatever is folded in or taken out, for as long as anyone lives;
  that is what other methods keep a factor (square-root filters) instead of sums for. The factor
  that a decision needs is made when a state is loaded.

1/256 is far below what a feature can tell apart, and the reward table lies on the grid of 0.01.
"""

from collections.abc import Sequence
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

from recommender.bandit.arrays import LIMIT, Floats
from recommender.bandit.envelope import StateError

X_GRID = 256.0
REWARD_GRID = 100.0
_SMALL = 2.0**31 - 1
_EXACT = 2.0**53


@cache
def _places(width: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where the upper triangle lies in a flat (d, d), and which of its entries each place shows."""
    rows, columns = np.triu_indices(width)
    upper = rows * width + columns
    shows = np.empty((width, width), dtype=np.intp)
    shows[rows, columns] = shows[columns, rows] = np.arange(upper.size)
    upper.flags.writeable = shows.flags.writeable = False
    return upper, shows


class Sums:
    """Whole numbers: `gram` (d, d) = Σ q qᵀ, `moment` (d,) = Σ s q and `square` = Σ s², with
    q = X_GRID x and s = REWARD_GRID r rounded, over `count` rewards.
    """

    __slots__ = ("count", "gram", "moment", "square")

    def __init__(self, width: int) -> None:
        self.count = 0
        self.square = 0.0
        self.gram: Floats = np.zeros((width, width))
        self.moment: Floats = np.zeros(width)

    def add(self, x: Floats, reward: float) -> None:
        """Fold in one reward of an action x (d,). Both are checked by the caller."""
        q = x * X_GRID
        np.rint(q, out=q)
        s = float(round(reward * REWARD_GRID))
        # q qᵀ by BLAS, which is faster than broadcasting and as exact: every entry is one product.
        self.gram += q.reshape(-1, 1).dot(q.reshape(1, -1))
        self.moment += s * q
        self.square += s * s
        self.count += 1

    def take(self, x: Floats, reward: float) -> None:
        """The exact inverse of `add`."""
        q = x * X_GRID
        np.rint(q, out=q)
        s = float(round(reward * REWARD_GRID))
        self.gram -= q.reshape(-1, 1).dot(q.reshape(1, -1))
        self.moment -= s * q
        self.square -= s * s
        self.count -= 1

    def pack(self) -> bytes:
        """4 bytes a number while all are small, 8 when one is not: about 2.8 kB for d = 36."""
        width = self.moment.size
        values = np.empty(self.packed_size(width))
        values[: -1 - width] = self.gram.ravel()[_places(width)[0]]
        values[-1 - width : -1] = self.moment
        values[-1] = self.square
        return values.astype("<i4" if np.abs(values).max() <= _SMALL else "<i8").tobytes()

    @staticmethod
    def packed_size(width: int) -> int:
        """How many numbers `pack` writes."""
        return width * (width + 1) // 2 + width + 1

    @classmethod
    def unpack(cls, count: int, data: bytes, width: int) -> Self:
        """What `pack` gave, bit for bit. Raises StateError for sums that no rewards can have."""
        size = cls.packed_size(width)
        if len(data) not in (4 * size, 8 * size):
            raise StateError(f"the state holds {len(data)} bytes of numbers, not {size} numbers")
        values = np.frombuffer(data, dtype="<i4" if len(data) == 4 * size else "<i8")
        values = values.astype(np.float64)
        sums = cls(width)
        sums.count = count
        sums.gram = values[_places(width)[1]]
        sums.moment = values[-1 - width : -1]
        sums.square = float(values[-1])
        squares = sums.gram.diagonal()
        # |r| <= 1, |x| <= LIMIT and Cauchy-Schwarz bound every sum. The slack is for products
        # beyond 2^53.
        if not (
            0 <= sums.square <= count * REWARD_GRID**2
            and squares.min() >= 0
            and squares.max() <= min(count * (LIMIT * X_GRID) ** 2, _EXACT)
            and (sums.moment**2 <= sums.square * squares * (1 + 1e-12)).all()
            and (sums.gram**2 <= squares[:, None] * squares * (1 + 1e-12)).all()
        ):
            raise StateError("the state holds sums that no rewards can have")
        return sums

    @classmethod
    def unpack_many(
        cls, packed: Sequence[tuple[int, bytes]], width: int
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """(count, what `pack` gave) of p people -> count (p,), gram (p, d, d), moment (p, d) and
        square (p,), as in a Sums. Raises StateError for bytes of another length.
        """
        size = cls.packed_size(width)
        values = np.empty((len(packed), size))
        for row, (_, data) in enumerate(packed):
            if len(data) not in (4 * size, 8 * size):
                raise StateError(f"the state holds {len(data)} bytes, not {size} numbers")
            values[row] = np.frombuffer(data, dtype="<i4" if len(data) == 4 * size else "<i8")
        count = np.array([count for count, _ in packed], dtype=np.float64)
        return count, values[:, _places(width)[1]], values[:, -1 - width : -1], values[:, -1]
