"""What is believed of a person before their first reaction."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.envelope import StateError, floats, seal, unseal

# Between these the posterior stays well conditioned for as many rewards as a person can give.
SMALLEST, LARGEST = 1e-3, 1e6


@dataclass(frozen=True, eq=False)
class Prior:
    """A Gaussian belief about a linear reward model's weights.

    `mean` (d,) is in reward units per unit of scaled feature. `precision` (d, d), symmetric, with
    eigenvalues of at least SMALLEST, is in units of one observation: the inverse covariance times
    the variance of the reward noise, so that it adds to a sum of x xᵀ. `version` is stored with
    decisions.

    Keeps read-only copies. Raises ValueError if shapes differ or numbers are unusable.
    """

    version: str
    mean: Floats
    precision: Floats
    noise: float = 0.36

    def __post_init__(self) -> None:
        mean = np.array(self.mean, dtype=np.float64)
        precision = np.array(self.precision, dtype=np.float64)
        if mean.ndim != 1 or precision.shape != (mean.size, mean.size):
            raise ValueError(f"prior {self.version}: {mean.shape} and {precision.shape} do not fit")
        # Written as "not <=" because a NaN fails every comparison.
        if not (np.abs(mean).max() <= LARGEST and np.abs(precision).max() <= LARGEST):
            raise ValueError(f"prior {self.version}: holds NaN or a value beyond {LARGEST:g}")
        if not (SMALLEST <= self.noise <= LARGEST and self.version.isascii()):
            raise ValueError(f"prior {self.version!r}: unusable noise {self.noise} or version")
        if not np.array_equal(precision, precision.T):
            raise ValueError(f"prior {self.version}: the precision is not symmetric")
        if not np.linalg.eigvalsh(precision)[0] >= SMALLEST:
            raise ValueError(
                f"prior {self.version}: the precision has an eigenvalue below {SMALLEST:g}"
            )
        mean.flags.writeable = precision.flags.writeable = False
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "precision", precision)

    def to_bytes(self) -> bytes:
        """All of it but the version: 8 (d² + d + 1) bytes, labelled and with a checksum."""
        numbers = np.concatenate((self.mean, self.precision.ravel(), [self.noise]))
        return seal("prior", self.mean.size, numbers.astype("<f8").tobytes())

    @classmethod
    def from_bytes(cls, data: bytes, version: str) -> Self:
        """What `to_bytes` gave, bit for bit. Raises StateError for anything else."""
        width, numbers = unseal(data, "prior")
        values = floats(numbers, width * width + width + 1)
        try:
            precision = values[width:-1].reshape(width, width)
            return cls(version, values[:width], precision, float(values[-1]))
        except ValueError as error:
            raise StateError(str(error)) from error
