"""What rewards to expect, learned from the log itself without letting anyone grade their own work.

The reward model of doubly robust estimates. It may be crude, since errors are corrected where
actions were tried; but it must not have seen the rewards that it is corrected by, or the estimate
is biased towards the model. So it is fitted in folds, and a person's decisions are only ever
predicted by the fit that left that person out (Chernozhukov et al. 2018, "Double/debiased machine
learning", section 3, with folds by person because rewards of one person hang together).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from recommender.evaluation.log import Floats, Ints

FOLDS = 5
# In units of one observation. Features lie within [-1, 1], so this is as much as a decision or two
# say of each: enough to make any matrix invertible, little beside some hundred decisions.
STRENGTH = 1.0


@dataclass(frozen=True, eq=False, slots=True)
class CrossFitted:
    """Ridge regressions with an intercept, one for each fold, and who was left out of which.

    weights (folds + 1, d + 1): the last row is fitted on everyone, for people not in the fit.
    people (p,), sorted, and fold_of (p,).
    """

    weights: Floats
    people: Ints
    fold_of: Ints

    @classmethod
    def fit(
        cls,
        x: Floats,
        reward: Floats,
        person: Ints,
        *,
        folds: int = FOLDS,
        strength: float = STRENGTH,
    ) -> Self:
        """From logged actions x (n, d), their rewards (n,) and whose they are (n,).

        Everyone's decisions are in one fold. Raises ValueError for shapes that do not fit, NaN and
        infinity, and fewer people than folds.
        """
        x, reward = np.asarray(x, dtype=np.float64), np.asarray(reward, dtype=np.float64)
        if x.ndim != 2 or reward.shape != x.shape[:1] or person.shape != x.shape[:1]:
            raise ValueError(f"shapes do not fit: {x.shape}, {reward.shape}, {person.shape}")
        if not (np.isfinite(x).all() and np.isfinite(reward).all()):
            raise ValueError("actions or rewards hold NaN or infinity")
        people, codes = np.unique(person, return_inverse=True)
        if people.size < folds or folds < 2:
            raise ValueError(f"{people.size} people can't be put into {folds} folds")
        fold_of = np.arange(people.size, dtype=np.int64) % folds
        fold = fold_of[codes]
        inputs = np.column_stack((x, np.ones(len(x))))
        grams = np.stack([inputs[fold == k].T @ inputs[fold == k] for k in range(folds)])
        moments = np.stack([inputs[fold == k].T @ reward[fold == k] for k in range(folds)])
        # What is left without a fold, and for the last row without none. Added up anew rather than
        # taken from the total, which would leave a rounding of the rewards left out.
        left = [[j for j in range(folds) if j != k] for k in range(folds + 1)]
        gram = np.stack([grams[others].sum(0) for others in left])
        moment = np.stack([moments[others].sum(0) for others in left])
        gram += strength * np.diag(np.append(np.ones(x.shape[1]), 1e-6))  # the mean is not shrunk
        weights = np.linalg.solve(gram, moment[..., None])[..., 0]
        return cls(weights, people.astype(np.int64), fold_of)

    def predict(self, x: Floats, person: Ints | int) -> Floats:
        """Expected rewards (m,) of actions x (m, d) of one person, or of person (m,)."""
        who = np.broadcast_to(np.asarray(person, dtype=np.int64), x.shape[:1])
        place = np.minimum(np.searchsorted(self.people, who), self.people.size - 1)
        known = self.people[place] == who
        weights = self.weights[np.where(known, self.fold_of[place], len(self.weights) - 1)]
        expected: Floats = np.einsum("md,md->m", x, weights[:, :-1]) + weights[:, -1]
        return np.clip(expected, -1.0, 1.0)
