"""The search over the peers' settings. What it found is kept in peers.json, beside this file.

Every try is a full run of the mixed population, drawn from numbers that no table uses. The best of
each explorer play once more, and so does each of them in the other populations: a peer enters a
table with the settings that were best in that very population.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean

import numpy as np

from bench.policies.peers import Settings, described, peer
from bench.policies.results import Player, Setting, play, score

FOUND = Path(__file__).with_name("peers.json")
SEEDS = (1001, 1002)
VW_TRIES = 96
FINALISTS = {"Vowpal Wabbit": 8}

EXPLORERS: dict[str, Callable[[np.random.Generator], Settings]] = {
    "epsilon": lambda rng: {"explorer": f"epsilon {rng.choice([0.0, 0.02, 0.05, 0.1])}"},
    "bag": lambda rng: {"explorer": f"bag {rng.choice([3, 5, 10])}"},
    "cover": lambda rng: {"explorer": f"cover {rng.choice([3, 5])}"},
    "squarecb": lambda rng: {
        "explorer": "squarecb",
        "gamma_scale": float(rng.choice([30, 100, 300, 1000, 3000])),
    },
    "softmax": lambda rng: {
        "explorer": "softmax",
        "lambda": float(rng.choice([5, 10, 20, 40])),
    },
    "rnd": lambda rng: {
        "explorer": f"rnd {rng.choice([1, 3])}",
        "rnd_alpha": float(rng.choice([0.03, 0.1, 0.3])),
        "epsilon": float(rng.choice([0.0, 0.02])),
    },
}
"""VW's exploration algorithms for cb_explore_adf, and how their own numbers are drawn."""

INTERACTIONS = (["ac"], ["ac", "ua"], ["ac", "ua", "uac"], ["ua"])
"""a: the candidate's features, c: the moment's, u: the person."""


def vowpal_wabbit(tries: int) -> Iterator[Settings]:
    """Settings drawn at random, the explorers in turn."""
    rng = np.random.Generator(np.random.PCG64(139))
    names = list(EXPLORERS)
    for number in range(tries):
        own = EXPLORERS[names[number % len(names)]](rng)
        yield {
            "library": "vowpalwabbit",
            **own,
            "cb_type": str(rng.choice(["mtr", "mtr", "dr"]))
            if "squarecb" not in own["explorer"]
            else "mtr",
            "learning_rate": round(float(np.exp(rng.uniform(np.log(0.01), np.log(2.0)))), 4),
            "power_t": float(rng.choice([0.0, 0.5])),
            "l2": float(rng.choice([0.0, 1e-7, 1e-5])),
            "interactions": INTERACTIONS[rng.choice(4, p=[0.1, 0.5, 0.3, 0.1])],
            "coin": bool(rng.random() < 0.15),
        }


def ridge(library: str, *, pooled: bool) -> Iterator[Settings]:
    """A grid of LinUCB and LinTS; of one model for all only LinUCB, the better of the two."""
    for policy in ("ucb",) if pooled else ("ucb", "ts"):
        for features in ("v2", "v3"):
            for alpha in (0.1, 0.3, 1.0):
                for l2 in (1.0, 4.0):
                    yield {
                        "library": library,
                        "policy": policy,
                        "pooled": pooled,
                        "features": features,
                        "alpha": alpha,
                        "l2": l2,
                    }


RIVALS: dict[str, Callable[[], Iterator[Settings]]] = {
    "Vowpal Wabbit": lambda: vowpal_wabbit(VW_TRIES),
    "MABWiser, a person each": lambda: ridge("mabwiser", pooled=False),
    "MABWiser, one for all": lambda: ridge("mabwiser", pooled=True),
}
"""Who is searched for, by the name in the tables."""

FROM = {"contextualbandits, a person each": ("contextualbandits", "MABWiser, a person each")}
"""Whose settings are those of another, since LinUCB and LinTS are the same sums in both."""


def player(settings: Settings, name: str | None = None) -> Player:
    """A peer with these settings, for `play`."""
    return Player(
        name or settings["library"],
        described(settings),
        lambda world, seed: peer(settings, seed),
    )


def tried(settings: Settings, setting: Setting, seeds: tuple[int, ...]) -> float:
    """The mean score of 1-20 and 1-100, alike, on these seeds."""
    found = [play(player(settings), setting, seed).everyone for seed in seeds]
    return mean((score(each, 0, 20) + score(each)) / 2 for each in found)


def group(settings: Settings) -> str:
    """Of which the best two go on: an explorer, or a kind of ridge regression."""
    return str(settings.get("policy") or settings["explorer"].split()[0])


def search(rival: str, settings: list[Setting], say: Callable[[str], None]) -> dict[str, object]:
    """The best settings of one rival in each of `settings`, the first of which is searched."""
    ranked = []
    for number, each in enumerate(RIVALS[rival]()):
        ranked.append((tried(each, settings[0], SEEDS[:1]), number, each))
        say(f"{rival} {number + 1}: {ranked[-1][0]:.3f} {described(each)}")
    ranked.sort(key=lambda item: (-item[0], item[1]))
    chosen: list[Settings] = []
    for _, _, each in ranked:
        if sum(group(other) == group(each) for other in chosen) < 2:
            chosen.append(each)
    chosen = chosen[: FINALISTS.get(rival, 2)]
    best: dict[str, object] = {"tried": len(ranked)}
    for setting in settings:
        finals = sorted((tried(each, setting, SEEDS), n) for n, each in enumerate(chosen))
        value, n = finals[-1]
        kinds = {group(chosen[k]): round(each, 3) for each, k in finals}
        best[setting.key] = {"settings": chosen[n], "score": round(value, 4), "kinds": kinds}
        say(f"{rival} in {setting.key}: {value:.3f} {described(chosen[n])}")
    return best


def tune(settings: list[Setting], say: Callable[[str], None]) -> None:
    """Searches for every rival, and keeps what was found."""
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    for rival in RIVALS:
        found[rival] = search(rival, settings, say)
        FOUND.write_text(json.dumps(found, indent=1) + "\n")


def best(rival: str, setting: Setting) -> Settings:
    """The settings found for this population, for a new one those of the mixed population."""
    library, like = FROM.get(rival, (None, rival))
    found = json.loads(FOUND.read_text())[like]
    settings: Settings = found.get(setting.key, found["mixed"])["settings"]
    return settings | ({"library": library} if library else {})


def rivals(setting: Setting) -> list[Player]:
    """All others with their best settings."""
    return [player(best(each, setting), each) for each in (*RIVALS, *FROM)]
