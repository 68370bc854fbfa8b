"""How long a decision and a learning step take, for every policy in the room.

    python -m bench.policy

Prints a markdown table. Times are medians over interleaved batches, in microseconds, on one thread;
"x" is the time divided by that of one numpy matrix-vector product of the same size in the same run,
which says more than the time when machines differ.
"""

import os
import time
from collections.abc import Callable
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read once, when numpy is imported

import numpy as np

from recommender.bandit.choose import choose, seeded
from recommender.bandit.features import FEATURES, FeatureSet, vectorise
from recommender.bandit.policies.base import Policy
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.policies.uniform import Uniform
from recommender.bandit.policies.urgency import Urgency

POLICIES: list[type[Policy]] = [Uniform, Urgency, EpsilonGreedy, LinUCB]
SIZES = (20, 100)
LEARNED = 200
BATCHES, BATCH_SECONDS = 41, 0.002


def medians(jobs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Microseconds a call, each job's median over batches that take turns with the others'."""
    calls = {}
    for name, job in jobs.items():
        start, n = time.perf_counter(), 0
        while time.perf_counter() - start < BATCH_SECONDS:
            job()
            n += 1
        calls[name] = n
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(BATCHES):
        for name, job in jobs.items():
            start = time.perf_counter()
            for _ in range(calls[name]):
                job()
            times[name].append((time.perf_counter() - start) / calls[name] * 1e6)
    return {name: median(values) for name, values in times.items()}


def raw_rows(feature_set: FeatureSet, n: int) -> list[dict[str, float]]:
    rng = seeded(n)
    features = [FEATURES[name] for name in feature_set.names]
    return [{f.name: float(rng.uniform(f.low, f.high)) for f in features} for _ in range(n)]


def measure(policy_class: type[Policy]) -> str:
    feature_set = policy_class.feature_set
    actions = {n: vectorise(raw_rows(feature_set, n), feature_set) for n in SIZES}
    policy, learner = policy_class(), policy_class()
    for i in range(LEARNED):
        policy.learn(actions[100][i % 100], (-1.0, 0.1, 1.0)[i % 3])
    state, weights, rng = policy.state(), np.ones(feature_set.width), seeded(1)
    x = actions[20][0]
    jobs: dict[str, Callable[[], object]] = {
        "base 20": lambda: actions[20] @ weights,
        "base 100": lambda: actions[100] @ weights,
        "decide 20": lambda: choose(policy, actions[20], rng),
        "decide 100": lambda: choose(policy, actions[100], rng),
        "load and decide 20": lambda: choose(policy_class.load(state), actions[20], rng),
        "learn": lambda: learner.learn(x, 0.6),
        "load": lambda: policy_class.load(state),
        "save": policy.state,
    }
    took = medians(jobs)
    cells = [policy_class.id, str(feature_set.width)]
    for name in jobs:
        if not name.startswith("base"):
            base = took["base 100" if name.endswith("100") else "base 20"]
            cells.append(f"{took[name]:.1f} ({took[name] / base:.0f}x)")
    cells.append(str(len(state)))
    return row(cells)


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def measure_vectorising(feature_set: FeatureSet, n: int) -> str:
    rows, weights = raw_rows(feature_set, n), np.ones(feature_set.width)
    X = vectorise(rows, feature_set)
    took = medians({"base": lambda: X @ weights, "job": lambda: vectorise(rows, feature_set)})
    return (
        f"- vectorise {n} rows, d={feature_set.width}: {took['job']:.1f} "
        f"({took['job'] / took['base']:.0f}x; the matvec takes {took['base']:.2f})"
    )


def main() -> None:
    heads = ["policy", "d", "decide of 20", "decide of 100", "load and decide of 20"]
    heads += ["learn", "load", "save", "bytes of state"]
    print(f"Microseconds, median of {BATCHES} batches; (x) against a matvec of the same size.\n")
    print(row(heads))
    print(row(["---"] + ["---:"] * (len(heads) - 1)))
    for policy_class in POLICIES:
        print(measure(policy_class), flush=True)
    print()
    for n in SIZES:
        print(measure_vectorising(EpsilonGreedy.feature_set, n))


if __name__ == "__main__":
    main()
