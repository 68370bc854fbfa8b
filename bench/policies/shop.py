"""The Open Bandit Dataset's sample that obp carries (Saito et al. 2021, "Open bandit dataset and
pipeline", https://research.zozo.com/data.html), read from its package's files.

Three campaigns of a fashion shop, 10 000 decisions each, in which items were drawn at random and
clicked 38 to 46 times. People have no identity, so a person here is one of about 230 combinations
of the user features.
"""

import csv
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from recommender.bandit.arrays import Floats

CAMPAIGNS = ("all", "men", "women")
WIDTH = 36


@dataclass(frozen=True, eq=False)
class Campaign:
    """n logged decisions over m items. `items` (m, WIDTH) lacks what depends on the person, which
    is column 2: how often the person clicked the item before, in `affinity` (n, m).
    """

    items: Floats
    affinity: Floats
    chosen: np.ndarray
    click: Floats
    propensity: Floats
    person: np.ndarray
    lines: Sequence[str]
    """Each item as a line for Vowpal Wabbit."""
    shared: Sequence[str]
    """The same of each decision."""

    def actions(self, t: int) -> Floats:
        """X (m, WIDTH) of decision t."""
        X = self.items.copy()
        X[:, 2] = self.affinity[t]
        return X


def folder() -> Path:
    """Where obp lies. It is not imported: it wants a torch. Raises ModuleNotFoundError."""
    found = importlib.util.find_spec("obp")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("obp is not installed: make peers")
    return Path(found.origin).parent / "dataset" / "obd"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


@cache
def campaign(name: str) -> Campaign:
    """A campaign of the log in which items were drawn at random."""
    log = rows(folder() / "random" / name / f"{name}.csv")
    items = sorted(
        rows(folder() / "random" / name / "item_context.csv"), key=lambda item: int(item["item_id"])
    )
    users = [tuple(each[f"user_feature_{i}"][:6] for i in range(4)) for each in log]
    number = {user: n for n, user in enumerate(dict.fromkeys(users))}
    names = [f"user-item_affinity_{i}" for i in range(len(items))]
    return Campaign(
        items=_columns(items),
        affinity=np.array([[min(float(each[n]), 4.0) / 4.0 for n in names] for each in log]),
        chosen=np.array([int(each["item_id"]) for each in log]),
        click=np.array([float(each["click"]) for each in log]),
        propensity=np.array([float(each["propensity_score"]) for each in log]),
        person=np.array([number[user] for user in users]),
        lines=[
            f"|a tip n:{float(item['item_feature_0']) / 4:.4g} "
            + " ".join(f"f{i}={item[f'item_feature_{i}'][:6]}" for i in (1, 2, 3))
            for item in items
        ],
        shared=[
            f"shared |c p{each['position']} |u p{number[user]} "
            + " ".join(f"u{i}={part}" for i, part in enumerate(user))
            for each, user in zip(log, users, strict=True)
        ],
    )


def _columns(items: Sequence[dict[str, str]]) -> Floats:
    """An intercept, the number, room for affinity, then whether it is of each kind, the most
    frequent kinds first, so that narrower policies see the first columns of the same."""
    X = np.zeros((len(items), WIDTH))
    X[:, 0] = 1.0
    X[:, 1] = [np.clip(float(item["item_feature_0"]) / 4.0, -1.0, 1.0) for item in items]
    kinds = [(f"item_feature_{i}", item[f"item_feature_{i}"]) for item in items for i in (1, 2, 3)]
    ranked = sorted(dict.fromkeys(kinds), key=lambda kind: (-kinds.count(kind), kind))
    for column, (feature, value) in enumerate(ranked[: WIDTH - 3], start=3):
        X[:, column] = [item[feature] == value for item in items]
    return X


def live_clicks() -> list[float]:
    """The clicks of the shop's own policy, Bernoulli Thompson sampling, in all campaigns."""
    return [
        float(each["click"])
        for name in CAMPAIGNS
        for each in rows(folder() / "bts" / name / f"{name}.csv")
    ]
