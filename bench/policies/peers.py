"""The policies of others, as entrants of the laboratory: installed by `make peers`.

Candidates have no identity, so a library that keeps one model an arm is given one arm, whose
contexts are the candidates' features: that is LinUCB with one weight vector (Chu et al. 2011).
Vowpal Wabbit gets one model for everyone, with the person as a feature that interacts.
"""

import importlib.util
import json
import os
import warnings
from collections import deque
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when a library is imported

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.choose import draw
from recommender.bandit.features import V2, V3, FeatureSet
from recommender.simulation.entrants import Entrant, Learner

Settings = dict[str, Any]
"""A peer's settings: JSON, so that results can be filed under them."""

MOMENT = ("hour_sin", "hour_cos", "is_weekend", "meeting_soon")
PLAIN = FeatureSet("v3-plain", (*(name for name in V3.names), *MOMENT))
"""All that V3 is made of, without its products: Vowpal Wabbit makes its own."""

LIBRARIES = ("vowpalwabbit", "mabwiser", "contextualbandits")
INSTALLED = {name: importlib.util.find_spec(name) is not None for name in LIBRARIES}


class Text:
    """Lines of Vowpal Wabbit's format for a decision over X (n, d) of PLAIN."""

    def __init__(self) -> None:
        said = len(V3.names)
        self.said = PLAIN.names[:said]
        self.when = PLAIN.names[said:]

    def lines(self, X: Floats, person: int) -> list[str]:
        """The shared line, then one for each action."""
        cut = len(self.said)
        rows = X.tolist()
        when = _pairs(self.when, rows[0][cut:])
        shared = f"shared |c {when} |u p{person}"
        return [shared, *("|a " + _pairs(self.said, row) for row in rows)]


def _pairs(names: Sequence[str], values: Sequence[float]) -> str:
    return " ".join(f"{n}:{v:.4g}" for n, v in zip(names, values, strict=False) if v)


class VowpalWabbit:
    """One workspace for all people; the action is drawn from the distribution it gives."""

    name = "vowpalwabbit"
    feature_set = PLAIN

    def __init__(self, settings: Settings, seed: int = 0) -> None:
        from vowpalwabbit import Workspace  # type: ignore[import-not-found]

        self.workspace = Workspace(f"{vw_arguments(settings)} --quiet --random_seed {seed + 1}")
        self.text = Text()

    def begin(self, person: int) -> "VowpalPerson":
        return VowpalPerson(self, person)

    def night(self, learners: Sequence[Learner]) -> None:
        return


class VowpalPerson:
    """Keeps the decisions whose reward is not known yet: VW learns from all actions of one."""

    def __init__(self, entrant: VowpalWabbit, person: int) -> None:
        self.entrant, self.person = entrant, person
        self.waiting: deque[tuple[bytes, list[str], int, float]] = deque()

    def choose(self, X: Floats, rng: np.random.Generator) -> int:
        lines = self.entrant.text.lines(X, self.person)
        pmf = np.array(self.entrant.workspace.predict(lines))
        pmf /= pmf.sum()
        index = draw(pmf, rng)
        self.waiting.append((X[index].tobytes(), lines, index, float(pmf[index])))
        return index

    def learn(self, x: Floats, reward: float) -> None:
        found = next(item for item in self.waiting if item[0] == x.tobytes())
        self.waiting.remove(found)
        _, lines, index, propensity = found
        lines[index + 1] = f"0:{-reward:.4g}:{propensity:.6g} {lines[index + 1]}"
        self.entrant.workspace.learn(lines)


def vw_arguments(settings: Settings) -> str:
    """The command line of VW for these settings."""
    explorer, *number = settings["explorer"].split()
    words = ["--cb_explore_adf", f"--cb_type {settings['cb_type']}"]
    words.append(f"-b {settings.get('bits', 20)}")
    words.append(f"--{explorer}" + (f" {number[0]}" if number else ""))
    words += [f"--{name} {settings[name]:g}" for name in VW_NUMBERS if name in settings]
    words += [f"--interactions {pair}" for pair in settings["interactions"]]
    if settings.get("coin"):
        words.append("--coin")
    return " ".join(words)


VW_NUMBERS = ("learning_rate", "power_t", "l2", "gamma_scale", "lambda", "rnd_alpha", "epsilon")


class Ridge:
    """LinUCB or LinTS of MABWiser or contextualbandits: a model for each person, or one for all."""

    def __init__(self, settings: Settings, seed: int = 0) -> None:
        self.settings, self.seed = settings, seed
        self.name = settings["library"]
        self.feature_set = {"v2": V2, "v3": V3}[settings["features"]]
        self.everyone = self._make(0) if settings["pooled"] else None

    def _make(self, person: int) -> Learner:
        make = MabWiser if self.name == "mabwiser" else ContextualBandits
        return make(self.settings, self.feature_set.width, 1000 * self.seed + person + 1)

    def begin(self, person: int) -> Learner:
        return self.everyone or self._make(person)

    def night(self, learners: Sequence[Learner]) -> None:
        return


class MabWiser:
    """MABWiser's MAB of one arm."""

    def __init__(self, settings: Settings, width: int, seed: int) -> None:
        from mabwiser.mab import MAB, LearningPolicy  # type: ignore[import-not-found]

        policy = {"ucb": LearningPolicy.LinUCB, "ts": LearningPolicy.LinTS}[settings["policy"]]
        learning = policy(alpha=settings["alpha"], l2_lambda=settings["l2"])
        self.mab = MAB(arms=[0], learning_policy=learning, seed=seed)
        # It must be fitted before it predicts. Nothing, worth nothing, leaves it at its prior.
        self.mab.fit([0], [0.0], np.zeros((1, width)))

    def choose(self, X: Floats, rng: np.random.Generator) -> int:
        expected = self.mab.predict_expectations(X)
        if len(X) == 1:
            return 0
        return int(np.argmax([each[0] for each in expected]))

    def learn(self, x: Floats, reward: float) -> None:
        self.mab.partial_fit([0], [reward], x[None, :])


class ContextualBandits:
    """contextualbandits' LinUCB or LinTS. It wants two arms at least; the second is never taken."""

    def __init__(self, settings: Settings, width: int, seed: int) -> None:
        from contextualbandits import online  # type: ignore[import-not-found]

        alike = {"fit_intercept": False, "use_float": False, "random_state": seed}
        if settings["policy"] == "ucb":
            self.model = online.LinUCB(2, alpha=settings["alpha"], lambda_=settings["l2"], **alike)
        else:
            square = settings["alpha"] ** 2
            self.model = online.LinTS(2, v_sq=square, lambda_=settings["l2"], **alike)
        self.arm = np.array([0])
        self._fit(np.zeros((1, width)), 0.0)

    def _fit(self, X: Floats, reward: float) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model.partial_fit(X, self.arm, np.array([reward]))

    def choose(self, X: Floats, rng: np.random.Generator) -> int:
        return int(self.model.decision_function(np.ascontiguousarray(X))[:, 0].argmax())

    def learn(self, x: Floats, reward: float) -> None:
        self._fit(x[None, :], reward)


def peer(settings: Settings, seed: int = 0) -> Entrant:
    """A peer with these settings, new. Raises ModuleNotFoundError where it is not installed."""
    return (VowpalWabbit if settings["library"] == "vowpalwabbit" else Ridge)(settings, seed)


def described(settings: Settings) -> str:
    """The settings in a line."""
    if settings["library"] == "vowpalwabbit":
        return vw_arguments(settings)
    return json.dumps({k: v for k, v in settings.items() if k != "library"})
