"""A small neural net, trained elsewhere (`manage.py train_net`) and read from a file beside this one.

One hidden layer beside what comes in, as in Cheng et al. 2016, "Wide & deep learning for
recommender systems": the net adds what a linear model of its inputs cannot say, and takes nothing
away. Silence has no hidden layer, so that what is learned of it is not taken for something about
candidates. The file also holds the prior over the weights of the last layer, and how both were made.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.features import V2
from recommender.bandit.prior import Prior

FILE = Path(__file__).with_name("net.json")
INPUTS = V2
TIP = slice(INPUTS.names.index("is_tip"), INPUTS.names.index("is_tip") + 1)
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Net:
    """`weights` (d, h) of the hidden layer, whose bias is the row of is_tip; the last layer's `prior`
    (d + h wide), and the `facts` of the training. Raises ValueError where they do not fit or are
    not finite.
    """

    version: str
    weights: Floats
    prior: Prior
    facts: Mapping[str, Any]

    def __post_init__(self) -> None:
        inputs, hidden = self.weights.shape
        if inputs != INPUTS.width:
            raise ValueError(f"net {self.version}: it has {inputs} inputs")
        if self.prior.mean.shape != (inputs + hidden,):
            raise ValueError(f"net {self.version}: its prior does not fit")
        if not np.isfinite(self.weights).all():
            raise ValueError(f"net {self.version}: holds NaN or infinity")
        self.weights.flags.writeable = False

    def represent(self, X: Floats) -> Floats:
        """X (..., d) and, beside it, the hidden layer: (..., d + h).

        As far within bounds as X is: |tanh| < 1, times is_tip. So within [-1, 1] for vectors made by
        the features, within arrays.LIMIT for all that a policy accepts.
        """
        hidden = X.dot(self.weights)
        np.tanh(hidden, out=hidden)
        # One vector, learned from, is a tip nearly always, and multiplying by 1 takes time.
        if X.ndim > 1 or X[TIP.start] != 1.0:
            hidden *= X[..., TIP]
        return np.concatenate((X, hidden), axis=-1)

    def to_json(self) -> str:
        """All of it, as text; every number as its shortest exact decimal."""
        return json.dumps(
            {
                "format": FORMAT,
                "version": self.version,
                "inputs": INPUTS.version,
                "facts": dict(self.facts),
                "weights": self.weights.tolist(),
                "prior": {
                    "version": self.prior.version,
                    "mean": self.prior.mean.tolist(),
                    "precision": self.prior.precision.tolist(),
                    "noise": self.prior.noise,
                },
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> "Net":
        """What `to_json` gave. Raises ValueError for another format or other inputs."""
        found = json.loads(text)
        if (found.get("format"), found.get("inputs")) != (FORMAT, INPUTS.version):
            raise ValueError("this is no net of ours")
        prior = found["prior"]
        return cls(
            found["version"],
            np.array(found["weights"], dtype=np.float64),
            Prior(
                prior["version"],
                np.array(prior["mean"], dtype=np.float64),
                np.array(prior["precision"], dtype=np.float64),
                prior["noise"],
            ),
            found["facts"],
        )


@cache
def shipped_net() -> Net:
    """The net that comes with oO, read from its file once."""
    return Net.from_json(FILE.read_text(encoding="utf-8"))
