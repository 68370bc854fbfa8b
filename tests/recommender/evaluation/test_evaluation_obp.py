"""The Open Bandit Pipeline gives the same numbers for the same logs."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from recommender.evaluation import estimators
from recommender.evaluation.log import Floors, Log

HERE = Path(__file__).parent
PYTHON = HERE.parents[2] / ".venv-peers" / "bin" / "python"
ANY = Floors(decisions=1, people=2, effective=1.0, effective_people=1.0)
CLIP = 2.0


def logs(count=5, n=700, actions=7):
    """Logs with everything obp asks for: all actions' probabilities and expected rewards."""
    for seed in range(count):
        rng = np.random.default_rng([9, seed])
        live, pi = (rng.dirichlet(np.ones(actions), n) * 0.9 + 0.1 / actions for _ in range(2))
        action = (rng.random(n)[:, None] > live.cumsum(axis=1)).sum(axis=1)
        yield {
            "reward": rng.uniform(-1.0, 1.0, n),
            "action": np.minimum(action, actions - 1),
            "live": live,
            "pi": pi,
            "q": rng.uniform(-1.0, 1.0, (n, actions)),
            "greedy": np.eye(actions)[rng.integers(actions, size=n)],
            "person": rng.integers(50, size=n),
        }


def ours(log):
    n = log["reward"].size
    rows = np.arange(n), log["action"]
    common = {"reward": log["reward"], "person": log["person"], "order": np.arange(n)}
    weighted = Log(
        propensity=log["live"][rows], pi_chosen=log["pi"][rows], q_chosen=log["q"][rows],
        v_target=(log["pi"] * log["q"]).sum(axis=1), **common,
    )  # fmt: skip
    # obp's replay takes every log for a uniform one.
    alike = np.full(n, 1.0 / log["q"].shape[1])
    replayed = Log(propensity=alike, pi_chosen=log["greedy"][rows], **common)
    return {
        "ips": estimators.ips(weighted, floors=ANY).value,
        "ips clipped": estimators.ips(weighted, clip=CLIP, floors=ANY).value,
        "snips": estimators.snips(weighted, floors=ANY).value,
        "dr": estimators.doubly_robust(weighted, floors=ANY).value,
        "dr clipped": estimators.doubly_robust(weighted, clip=CLIP, floors=ANY).value,
        "dr-sn": estimators.doubly_robust(weighted, normalised=True, floors=ANY).value,
        "replay": estimators.replay(replayed, floors=ANY).value,
    }


def theirs(python, several):
    """(obp's version, its numbers for each log). Raises CalledProcessError without obp."""
    asked = [
        {
            **{key: log[key].tolist() for key in ("reward", "action", "pi", "q", "greedy")},
            "propensity": log["live"][np.arange(log["reward"].size), log["action"]].tolist(),
            "clip": CLIP,
        }
        for log in several
    ]
    done = subprocess.run(
        [python, HERE / "obp_numbers.py"],
        input=json.dumps(asked), capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    return answer["version"], answer["answers"]


def test_obp_gives_the_same_numbers():
    if not PYTHON.exists():
        pytest.skip("obp is not installed, so nothing was compared with it: `make peers` first")
    several = list(logs())
    version, answers = theirs(PYTHON, several)
    assert version == "0.5.7"
    for log, answer in zip(several, answers, strict=True):
        assert ours(log) == pytest.approx(answer, rel=0.0, abs=1e-9)
