"""What a log can't tell of a policy, known exactly: both policies' probabilities of every action.

An action that the live policy gives one chance in a thousand is hardly in its log. What another
policy would have earned by it is then not estimated but guessed by the model; and the weights that
were drawn do not show it, since the few large ones are just those that were not drawn. So nothing
here looks at what was drawn. "Deficient support": Sachdeva, Su & Joachims 2020, "Off-policy bandits
with deficient support".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# How often, at least, an action would have been drawn had it always been on offer, before a target
# that is sure of it is believed to be in the log. So no decision weighs more than a tenth of all.
LOOKS = 10.0


@dataclass(frozen=True, eq=False, slots=True)
class Overlap:
    """Of n decisions, arrays (n,), with a target's weights π(a) / p(a) cut at `cap`.

    beyond: the target's probability of what the log can't tell, Σ max(0, π(a) - cap p(a)); the rest
    is supported. v_beyond: the reward that the model expects of just that, Σ max(0, ...) q(a).
    second: the expected square of the weight of a draw from p, Σ min(π(a), cap p(a))² / p(a).
    """

    cap: float
    beyond: Floats
    v_beyond: Floats
    second: Floats

    @classmethod
    def of(
        cls,
        target: Sequence[Floats],
        live: Sequence[Floats],
        expected: Sequence[Floats] | None = None,
    ) -> Self:
        """From each decision's probabilities by the two policies and, with a reward model, the
        rewards it expects; all over the same actions. Raises ValueError for what is no distribution.
        """
        sizes = np.array([len(pmf) for pmf in target], dtype=np.int64)
        others = [live] if expected is None else [live, expected]
        if any([len(row) for row in other] != sizes.tolist() for other in others):
            raise ValueError("target, live policy and model are not over the same actions")
        if sizes.size and not sizes.min():
            raise ValueError("a decision without actions")
        n = sizes.size
        cap = max(n / LOOKS, 1.0)
        if not n:
            return cls(cap, np.empty(0), np.empty(0), np.empty(0))
        starts = np.append(0, sizes.cumsum()[:-1])
        pi, p = np.concatenate(target), np.concatenate(live)
        for pmf in (pi, p):
            sums = np.add.reduceat(pmf, starts)
            # Written as "not" because a NaN fails every comparison.
            if not (pmf.min() >= 0.0 and np.abs(sums - 1.0).max() <= 1e-6):
                raise ValueError("probabilities that do not make a distribution")
        told = np.minimum(pi, cap * p)
        weight = np.divide(told, p, out=np.zeros_like(p), where=p > 0.0)
        q = np.zeros_like(p) if expected is None else np.concatenate(expected)
        return cls(
            cap=cap,
            beyond=np.add.reduceat(pi - told, starts),
            v_beyond=np.add.reduceat((pi - told) * q, starts),
            second=np.add.reduceat(told * weight, starts),
        )
