"""Every policy on the Open Bandit Dataset's sample, off-policy.

A policy meets the log in some order: of each decision the probability that it would have given to
the logged item is noted, then it learns the logged click. Its value is estimated from those by the
estimators of recommender.evaluation.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import sqrt
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from bench.policies import shop, tune
from bench.policies.peers import MabWiser, Settings, VowpalWabbit, vw_arguments
from bench.policies.players import our_policies
from bench.policies.results import FOLDER, code_of, short
from bench.policies.shop import CAMPAIGNS, WIDTH, Campaign, campaign, live_clicks
from bench.policies.tables import POPULATIONS, head, row, with_error
from recommender.bandit.arrays import Floats
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior
from recommender.bandit.ridge import RidgePolicy
from recommender.evaluation import estimators
from recommender.evaluation.log import FLOORS, Floors, Log
from recommender.simulation.entrants import PolicyEntrant, PolicyLearner

NO_FLOORS = Floors(decisions=1, people=1, effective=0.0, effective_people=0.0)
SPREAD, NOISE = 0.02**2, 0.01
DAYS = 7


def flat(width: int) -> Prior:
    """Nothing is known of what people click."""
    return Prior("flat", np.zeros(width), NOISE / SPREAD * np.eye(width), NOISE)


class Contestant:
    """What is asked of a policy here: the distribution (m,) over items, and to learn a click."""

    def pmf(self, log: Campaign, t: int, rng: np.random.Generator) -> Floats:
        raise NotImplementedError

    def learn(self, log: Campaign, t: int) -> None:
        return

    def night(self) -> None:
        return


class Anyhow(Contestant):
    """All items alike, as in the log."""

    def pmf(self, log: Campaign, t: int, rng: np.random.Generator) -> Floats:
        return np.full(len(log.items), 1.0 / len(log.items))


class Ours(Contestant):
    """A policy of ours over the first d columns, from a prior that knows nothing."""

    def __init__(self, cls: type[Policy]) -> None:
        self.width = cls.feature_set.width
        prior = flat(self.width)
        # Its own first prior is the urgency rule, which means nothing for the items of a shop.
        cls = type("OnItems", (cls,), {"first_prior": classmethod(lambda _: prior)})
        self.entrant = PolicyEntrant(cls)
        self.people: dict[int, PolicyLearner] = {}

    def pmf(self, log: Campaign, t: int, rng: np.random.Generator) -> Floats:
        one = int(log.person[t])
        if one not in self.people:
            self.people[one] = self.entrant.begin(one)
        return self.people[one].policy.pmf(log.actions(t)[:, : self.width], rng)

    def learn(self, log: Campaign, t: int) -> None:
        x = log.items[log.chosen[t], : self.width].copy()
        x[2] = log.affinity[t, log.chosen[t]]
        self.people[int(log.person[t])].learn(x, float(log.click[t]))

    def night(self) -> None:
        self.entrant.night(list(self.people.values()))


class Vowpal(Contestant):
    """Vowpal Wabbit as tuned for the mixed population, with its own features of item and user."""

    def __init__(self, settings: Settings) -> None:
        self.workspace = VowpalWabbit(settings).workspace

    def _lines(self, log: Campaign, t: int) -> list[str]:
        known = log.affinity[t]
        lines = [
            f"{line} k:{known[i]:.4g}" if known[i] else line for i, line in enumerate(log.lines)
        ]
        return [log.shared[t], *lines]

    def pmf(self, log: Campaign, t: int, rng: np.random.Generator) -> Floats:
        pmf: Floats = np.array(self.workspace.predict(self._lines(log, t)))
        return pmf / pmf.sum()

    def learn(self, log: Campaign, t: int) -> None:
        lines = self._lines(log, t)
        at = int(log.chosen[t]) + 1
        lines[at] = f"0:{-log.click[t]:g}:{log.propensity[t]:.6g} {lines[at]}"
        self.workspace.learn(lines)


class Wise(Contestant):
    """MABWiser's LinUCB over the first 12 columns: one for each person, or one for all."""

    def __init__(self, *, pooled: bool) -> None:
        self.pooled, self.width = pooled, 12
        self.settings = {"policy": "ucb", "alpha": 0.1, "l2": NOISE / SPREAD}
        self.people: dict[int, MabWiser] = {}

    def _one(self, log: Campaign, t: int) -> MabWiser:
        one = 0 if self.pooled else int(log.person[t])
        if one not in self.people:
            self.people[one] = MabWiser(self.settings, self.width, one + 1)
        return self.people[one]

    def pmf(self, log: Campaign, t: int, rng: np.random.Generator) -> Floats:
        expected = self._one(log, t).mab.predict_expectations(log.actions(t)[:, : self.width])
        values = np.array([each[0] for each in expected])
        best = values >= values.max() - 1e-9
        return best / best.sum()

    def learn(self, log: Campaign, t: int) -> None:
        x = log.actions(t)[log.chosen[t], : self.width]
        self._one(log, t).learn(x, float(log.click[t]))


class RewardModel:
    """Clicks by ridge regression over everyone's decisions so far: for doubly robust estimates."""

    def __init__(self) -> None:
        self.gram, self.moment = NOISE / SPREAD * np.eye(WIDTH), np.zeros(WIDTH)
        self.theta: Floats = np.zeros(WIDTH)

    def learn(self, x: Floats, click: float) -> None:
        self.gram += np.outer(x, x)
        self.moment += click * x

    def solve(self) -> None:
        self.theta[:] = np.linalg.solve(self.gram, self.moment)


def met(contestant: Contestant, log: Campaign, seed: int) -> Log:
    """The log with what the contestant would have done, in an order drawn from `seed`."""
    rng = np.random.Generator(np.random.PCG64(seed))
    order, n = rng.permutation(len(log.click)), len(log.click)
    chance, q_chosen, v_target = np.zeros(n), np.zeros(n), np.zeros(n)
    model = RewardModel()
    for place, t in enumerate(order):
        X, chosen = log.actions(t), log.chosen[t]
        pmf = contestant.pmf(log, t, rng)
        chance[place], q_chosen[place] = pmf[chosen], X[chosen] @ model.theta
        v_target[place] = pmf @ (X @ model.theta)
        contestant.learn(log, t)
        model.learn(X[chosen], log.click[t])
        if (place + 1) % (n // DAYS) == 0:
            contestant.night()
            model.solve()
    return Log(
        reward=log.click[order],
        propensity=log.propensity[order],
        person=log.person[order],
        order=np.arange(n, dtype=np.float64),
        pi_chosen=chance,
        q_chosen=q_chosen,
        v_target=v_target,
    )


def joined(logs: Sequence[Log]) -> Log:
    """Several campaigns as one log; nobody is in two of them."""
    apart = [
        dataclasses.replace(each, person=each.person + 10_000 * i) for i, each in enumerate(logs)
    ]
    columns: dict[str, Any] = {
        f.name: np.concatenate([getattr(each, f.name) for each in apart])
        for f in dataclasses.fields(Log)
        if f.name not in ("v_live", "overlap")
    }
    return Log(**columns)


Judgement = dict[str, tuple[float, float, float]]
"""By estimator: value, standard error over the log, effective sample size."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A contestant by name; `key` tells when what was found of it still holds."""

    name: str
    key: str
    make: Callable[[], Contestant]


def contestants() -> Iterator[Entry]:
    yield Entry("all alike (the logged policy)", "", Anyhow)
    for name, cls in our_policies().items():
        # A net was trained on other columns than these.
        if issubclass(cls, RidgePolicy) and cls.represent is RidgePolicy.represent:
            yield Entry(name, code_of(cls.__module__), partial(Ours, cls))
    settings = tune.best("Vowpal Wabbit", POPULATIONS[0])
    yield Entry("Vowpal Wabbit", vw_arguments(settings), partial(Vowpal, settings))
    yield Entry("MABWiser LinUCB, a person each", "", partial(Wise, pooled=False))
    yield Entry("MABWiser LinUCB, one for all", "", partial(Wise, pooled=True))


def judged(entry: Entry, seed: int) -> Judgement:
    """What the estimators say of one order of the log: from the file, or found out now.

    Raises ModuleNotFoundError for what is neither filed nor installed.
    """
    how = b"".join(
        Path(each).read_bytes() for each in (__file__, shop.__file__, estimators.__file__)
    )
    path = FOLDER / f"shop-{short(entry.name.encode(), entry.key.encode(), how)}-{seed}.json"
    if path.exists():
        found: Judgement = json.loads(path.read_text())
        return found
    log = joined([met(entry.make(), campaign(each), seed) for each in CAMPAIGNS])
    draws = np.random.Generator(np.random.PCG64(seed))
    found = {
        "replay": _numbers(estimators.replay(log, rng=draws, floors=NO_FLOORS)),
        "snips": _numbers(estimators.snips(log, floors=NO_FLOORS)),
        "dr": _numbers(estimators.doubly_robust(log, floors=NO_FLOORS)),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return found


def _numbers(found: estimators.Estimate) -> tuple[float, float, float]:
    return found.value, found.standard_error, found.effective_sample_size


def table(seeds: int, say: Callable[[str], None]) -> list[str]:
    """Markdown: clicks in a thousand by three estimators, over all campaigns."""
    lines = head(["policy", "replay", "matches", "SNIPS", "doubly robust", "effective sample"])
    for entry in contestants():
        try:
            found = [judged(entry, seed) for seed in range(1, seeds + 1)]
        except ModuleNotFoundError as missing:
            say(f"{entry.name}: left out, {missing}")
            continue
        matches = mean(each["replay"][2] for each in found)
        effective = mean(each["snips"][2] for each in found)
        small = " (too few)" if effective < FLOORS.effective else ""
        cells = [_clicks([each[name] for each in found]) for name in ("replay", "snips", "dr")]
        cells = [cells[0], f"{matches:.0f}", *cells[1:], f"{effective:.0f}{small}"]
        lines.append(row([entry.name, *cells]))
        say(lines[-1])
    clicks = live_clicks()
    error = sqrt(mean(clicks) / len(clicks))
    value = f"{1000 * mean(clicks):.1f} ± {1000 * error:.1f}"
    lines += ["", f"The shop's own Bernoulli Thompson sampling, in its own log: {value}."]
    return lines


def _clicks(found: Sequence[tuple[float, float, float]]) -> str:
    """Mean over orders, ± the log's own standard error, ± that of the orders."""
    values = with_error([1000 * value for value, _, _ in found], 1)
    log = 1000 * mean(error for _, error, _ in found)
    return values.replace(" ±", f" ± {log:.1f} ±")
