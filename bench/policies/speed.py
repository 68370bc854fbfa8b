"""How long choosing and learning take, for every policy of ours and for the peers, in one run.

Times are medians over short batches that take turns with everyone else's, so that a slow moment of
the machine hits all alike: microseconds of processor time, on one thread. What is handed to each is
ready: vectors for ours and for MABWiser, lines of text for Vowpal Wabbit. Making them is timed apart.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from bench.policies import tune
from bench.policies.peers import INSTALLED, PLAIN, Ridge, Settings, Text, VowpalPerson, VowpalWabbit
from bench.policies.players import our_policies
from bench.policies.tables import POPULATIONS, head, row
from recommender.bandit.choose import choose, draw, seeded
from recommender.bandit.features import FEATURES, V2, V3, FeatureSet, vectorise, vectorise_columns
from recommender.bandit.policies.base import Policy

LEARNED = 200
BATCHES, BATCH_SECONDS = 61, 0.002

Jobs = dict[str, Callable[[], object]]
COLUMNS = (
    "score 20",
    "choose of 20",
    "choose of 100",
    "learn",
    "load",
    "load and choose of 20",
    "save",
)


def medians(jobs: Jobs) -> dict[str, float]:
    """Microseconds a call, each job's median over batches that take turns with the others'."""
    calls = {}
    for name, job in jobs.items():
        job()
        start, n = time.process_time(), 0
        while time.process_time() - start < BATCH_SECONDS:
            job()
            n += 1
        calls[name] = n
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(BATCHES):
        for name, job in jobs.items():
            start = time.process_time()
            for _ in range(calls[name]):
                job()
            times[name].append((time.process_time() - start) / calls[name] * 1e6)
    return {name: median(values) for name, values in times.items()}


def raw_rows(feature_set: FeatureSet, n: int) -> list[dict[str, float]]:
    """n candidates as they are stored, with every feature drawn from its range."""
    rng = seeded(n)
    features = [FEATURES[name] for name in feature_set.read]
    moment = {f.name: float(rng.uniform(f.low, f.high)) for f in features}
    rows = [{f.name: float(rng.uniform(f.low, f.high)) for f in features} for _ in range(n)]
    same = {"hour_sin", "hour_cos", "weekday_sin", "weekday_cos", "is_weekend", "meeting_soon"}
    return [{k: moment[k] if k in same else v for k, v in each.items()} for each in rows]


def of_policy(cls: type[Policy]) -> tuple[Jobs, int]:
    """What is timed of a policy of ours, and the bytes of a person's state."""
    actions = {n: vectorise(raw_rows(cls.feature_set, n), cls.feature_set) for n in (20, 100)}
    policy, learner, rng = cls.fresh(), cls.fresh(), seeded(1)
    for i in range(LEARNED):
        policy.learn(actions[100][i % 100], (-1.0, 0.1, 1.0)[i % 3])
    state, prior, x = policy.state(), getattr(policy, "prior", None), actions[20][0]
    jobs: Jobs = {
        "score 20": lambda: policy.scores(actions[20]),
        "choose of 20": lambda: choose(policy, actions[20], rng),
        "choose of 100": lambda: choose(policy, actions[100], rng),
        "learn": lambda: learner.learn(x, 0.6),
        "load": lambda: cls.load(state, prior),
        "load and choose of 20": lambda: choose(cls.load(state, prior), actions[20], rng),
        "save": policy.state,
    }
    return jobs, len(state)


LEAST: Settings = {
    "library": "vowpalwabbit",
    "explorer": "epsilon 0.05",
    "cb_type": "mtr",
    "interactions": ["ac", "ua"],
}
"""The fastest of VW's explorers, with the interactions that it needs here."""


def of_vowpal_wabbit(folder: Path, settings: Settings) -> Jobs:
    """VW with LEARNED rewards learned."""
    from vowpalwabbit import Workspace  # type: ignore[import-not-found]

    # A smaller table than in the worlds: loading a model is mostly reading it.
    entrant = VowpalWabbit(settings | {"bits": 18})
    person, rng = entrant.begin(1), seeded(1)
    assert isinstance(person, VowpalPerson)
    actions = {n: vectorise(raw_rows(PLAIN, n), PLAIN) for n in (20, 100)}
    lines = {n: entrant.text.lines(X, 1) for n, X in actions.items()}
    for i in range(LEARNED):
        chosen = person.choose(actions[20], rng)
        person.learn(actions[20][chosen], (-1.0, 0.1, 1.0)[i % 3])
    answered = [*lines[20]]
    answered[3] = f"0:-0.6:0.4 {answered[3]}"
    file = folder / settings["explorer"].replace(" ", "-")
    entrant.workspace.save(str(file))

    def choice(workspace: Workspace, n: int) -> int:
        pmf = np.array(workspace.predict(lines[n]))
        return draw(pmf / pmf.sum(), rng)

    def loaded() -> Workspace:
        return Workspace(f"-i {file} --quiet")

    return {
        "score 20": lambda: entrant.workspace.predict(lines[20]),
        "choose of 20": lambda: choice(entrant.workspace, 20),
        "choose of 100": lambda: choice(entrant.workspace, 100),
        "learn": lambda: entrant.workspace.learn(answered),
        "load": lambda: loaded().finish(),
        "load and choose of 20": lambda: choice(loaded(), 20),
    }


def of_ridge(library: str) -> Jobs:
    """LinUCB of a library, d = 12, each person alone."""
    settings = {
        "library": library,
        "policy": "ucb",
        "pooled": False,
        "features": "v2",
        "alpha": 0.3,
        "l2": 1.0,
    }
    learners, rng = [Ridge(settings).begin(i) for i in range(2)], seeded(1)
    actions = {n: vectorise(raw_rows(V2, n), V2) for n in (20, 100)}
    for i in range(LEARNED):
        learners[0].learn(actions[20][i % 20], (-1.0, 0.1, 1.0)[i % 3])
    return {
        "choose of 20": lambda: learners[0].choose(actions[20], rng),
        "choose of 100": lambda: learners[0].choose(actions[100], rng),
        "learn": lambda: learners[1].learn(actions[20][0], 0.6),
    }


def of_features() -> Jobs:
    """From what is stored to what a policy is handed."""
    jobs: Jobs = {}
    for feature_set in (V2, V3):
        for n in (20, 100):
            rows = raw_rows(feature_set, n)
            columns = {name: [each[name] for each in rows] for name in rows[0]}
            jobs[f"{n} rows as {feature_set.version}"] = partial(
                vectorise_columns, columns, n, feature_set
            )
    text, X = Text(), vectorise(raw_rows(PLAIN, 20), PLAIN)
    jobs["20 rows as text for Vowpal Wabbit"] = lambda: text.lines(X, 1)
    return jobs


def everyone(folder: Path) -> Iterator[tuple[str, str, Jobs, str]]:
    """Name, d, jobs and bytes of state."""
    for name, cls in our_policies().items():
        jobs, size = of_policy(cls)
        yield name, str(cls.feature_set.width), jobs, str(size)
    if INSTALLED["vowpalwabbit"]:
        for each in (tune.best("Vowpal Wabbit", POPULATIONS[0]), LEAST):
            name = f"Vowpal Wabbit, {each['explorer']}"
            yield name, "", of_vowpal_wabbit(folder, each), ""
    for library, name in (("mabwiser", "MABWiser"), ("contextualbandits",) * 2):
        if INSTALLED[library]:
            yield f"{name} LinUCB", "12", of_ridge(library), ""


def table() -> list[str]:
    """Markdown: a row for everyone."""
    with tempfile.TemporaryDirectory() as folder:
        all_jobs: Jobs = {}
        rows = list(everyone(Path(folder)))
        for name, _, jobs, _ in rows:
            all_jobs |= {f"{name}: {what}": job for what, job in jobs.items()}
        all_jobs |= of_features()
        weights = np.ones(V3.width)
        X = vectorise(raw_rows(V3, 20), V3)
        all_jobs["matvec"] = lambda: X @ weights
        took = medians(all_jobs)
    base = f"A numpy product of (20, 36) and (36,) took {took['matvec']:.2f}."
    lines = [f"Microseconds of one core, medians of {BATCHES} interleaved batches. {base}"]
    lines += ["", *head(["policy", "d", *COLUMNS, "bytes a person"])]
    for name, d, jobs, size in rows:
        cells = [f"{took[f'{name}: {c}']:.1f}" if c in jobs else "" for c in COLUMNS]
        lines.append(row([name, d, *cells, size]))
    made = "; ".join(f"{what} {took[what]:.1f}" for what in of_features())
    lines += ["", f"From stored features to what a policy is handed: {made}."]
    return lines
