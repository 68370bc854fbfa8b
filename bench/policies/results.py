"""What a run gave, as a few curves, filed so that nothing is computed twice."""

import ast
import hashlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.simulation.entrants import Entrant, LinUCBAlone
from recommender.simulation.run import Outcome, run
from recommender.simulation.world import World

FOLDER = Path("var/bench-policies")
SOURCES = Path("recommender/bandit")
ENTRANTS = Path("recommender/simulation/entrants.py")

MakesWorld = Callable[..., World]


@dataclass(frozen=True)
class Setting:
    """A world and how many live in it how long. `world(population=seed)` is made if it can be."""

    key: str
    world: MakesWorld
    people: int = 300
    decisions: int = 100

    def make(self, seed: int) -> World:
        """The world of one seed: another population where the world has several."""
        if "population" in inspect.signature(self.world).parameters:
            return self.world(population=seed)
        return self.world()


@dataclass(frozen=True, eq=False)
class Curves:
    """Means over people for each decision, (3, decisions): what was chosen, the best, the mean.

    `last` is of the last third to arrive. `turned` is of those who were there when the population
    changed, counted from that day; `after` of those who came later. None where nothing changed.
    """

    everyone: Floats
    last: Floats
    turned: Floats | None = None
    after: Floats | None = None

    def to_json(self) -> dict[str, Any]:
        return {k: None if v is None else v.round(7).tolist() for k, v in vars(self).items()}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Curves":
        parts: dict[str, Any] = {k: None if v is None else np.array(v) for k, v in data.items()}
        return cls(**parts)


def curves(outcome: Outcome, name: str) -> Curves:
    """The curves of one entrant."""
    track = outcome.tracks[name]
    cube = np.stack((track.worth, track.oracle, track.random))
    people = cube.shape[1]
    last = cube[:, -(people // 3) :].mean(axis=1)
    if outcome.turned is None:
        return Curves(cube.mean(axis=1), last)
    return Curves(cube.mean(axis=1), last, *_around(cube, outcome))


def _around(cube: Floats, outcome: Outcome) -> tuple[Floats | None, Floats | None]:
    """Those who have at least 10 decisions behind them at the turn and half of all before them."""
    assert outcome.turned is not None
    decisions = cube.shape[2]
    at = (outcome.turned - outcome.arrives) * outcome.per_day
    ahead = decisions // 2
    there = np.flatnonzero((at >= 10) & (at <= decisions - ahead))
    later = np.flatnonzero(at <= 0)
    turned = [cube[:, one, at[one] : at[one] + ahead] for one in there]
    return (
        np.mean(turned, axis=0) if turned else None,
        cube[:, later].mean(axis=1) if later.size else None,
    )


def probe(setting: Setting, seed: int) -> str:
    """What this world and the runner do, as a short word: another word, another behaviour."""
    return _probe(setting, seed)


@cache
def _probe(setting: Setting, seed: int) -> str:
    outcome = run(setting.make(seed), [LinUCBAlone()], people=6, decisions=25, seed=seed)
    track = outcome.tracks["linucb-alone"]
    numbers = np.stack((track.worth, track.oracle, track.random))
    word = f"{setting.key} {setting.people} {setting.decisions} {outcome.turned}".encode()
    return short(word, numbers.tobytes())


def short(*parts: bytes) -> str:
    """A short word for some bytes."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def code_of(module: str) -> str:
    """A module of recommender/bandit, all that it imports from there, the room's data, and what puts it
    into a run (nights, turns), as a short word: what a policy does can't change without it."""
    found, waiting = {ENTRANTS}, [module, *_imports(ENTRANTS.read_text())]
    while waiting:
        name = waiting.pop()
        for path in (
            Path(*name.split(".")).with_suffix(".py"),
            Path(*name.split("."), "__init__.py"),
        ):
            if path.exists() and path not in found:
                found.add(path)
                waiting += _imports(path.read_text())
    data = {
        path for path in SOURCES.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    return short(*(path.read_bytes() for path in sorted(found | data)))


def _imports(source: str) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return [name for name in names if name.startswith("recommender.bandit")]


@dataclass(frozen=True)
class Player:
    """An entrant by name. `key` tells when what it did before still holds."""

    name: str
    key: str
    make: Callable[[World, int], Entrant]


def play(player: Player, setting: Setting, seed: int) -> Curves:
    """The curves of one player in one world on one seed: from the file, or played now.

    Raises ModuleNotFoundError for a peer that is not in the files and not installed.
    """
    word = f"{player.name} {player.key} {probe(setting, seed)} {seed}"
    path = FOLDER / f"{short(word.encode())}.json"
    if path.exists():
        return Curves.from_json(json.loads(path.read_text())["curves"])
    world = setting.make(seed)
    entrant = player.make(world, seed)
    outcome = run(world, [entrant], people=setting.people, decisions=setting.decisions, seed=seed)
    found = curves(outcome, entrant.name)
    FOLDER.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"of": word, "curves": found.to_json()}))
    return found


def score(curve: Floats, first: int = 0, end: int | None = None) -> float:
    """(policy - random) / (oracle - random) over the decisions [first, end)."""
    worth, oracle, random = curve[:, first:end].sum(axis=1)
    return float((worth - random) / (oracle - random))
