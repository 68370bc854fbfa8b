"""How well tasks that are alike are found: the tables of docs/models.md.

python -m bench.alike             all of it, a minute on one core
python -m bench.alike clusters    one part: clusters, lists, twins, speed

The titles and their labels (bench/labelled_tasks.tsv, bench/twin_tasks.tsv) were written for oO. The
lexicon and the threshold were tuned on one half of the titles, told apart by a hash; what is said to
be held out is the other. Where an embedder on a machine of yours is configured (OLLAMA_URL, or
LITELLM_URL with LITELLM_LOCAL) it is measured too. The stand-in's embeddings have no meaning: its
figures would say nothing.
"""

import hashlib
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from agents.alike.groups import ALONE, APART, grouped
from agents.alike.twins import twins
from agents.alike.vectors import Vectors, _spelling, unit, vectors
from agents.alike.words import fold, words

FOLDER = Path(__file__).parent
Way = Callable[[Sequence[str]], Vectors]


class Labelled(NamedTuple):
    label: str
    language: str
    title: str

    @property
    def held_out(self) -> bool:
        return int(hashlib.sha256(self.title.encode()).hexdigest(), 16) % 2 == 1


class Score(NamedTuple):
    """V is the mean of the two before it. ARI is 0 for chance, V is not: for many small groups it is high."""

    homogeneity: float
    completeness: float
    v: float
    ari: float


def titles() -> list[Labelled]:
    return [Labelled(*row) for row in _table("labelled_tasks.tsv")]


def pairs() -> list[tuple[str, str, str]]:
    """same, worded (the same in other words) or other; and two titles."""
    return [(kind, one, two) for kind, one, two in _table("twin_tasks.tsv")]


def _table(name: str) -> list[list[str]]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


def score(some: Sequence[Labelled], way: Way, *, apart: float = APART) -> Score:
    from sklearn.metrics import adjusted_rand_score, homogeneity_completeness_v_measure

    found = grouped(way([one.title for one in some]), apart=apart)
    # Each of those that are like no other is a group of its own.
    groups = [-2 - row if group == ALONE else group for row, group in enumerate(found)]
    labels = [one.label for one in some]
    homogeneity, completeness, v = homogeneity_completeness_v_measure(labels, groups)
    return Score(homogeneity, completeness, v, adjusted_rand_score(labels, groups))


def spelling(some: Sequence[str]) -> Vectors:
    """What is left without the lexicon: TF-IDF of words and letters."""
    return unit(_spelling([" ".join(words(fold(title))) for title in some]))


@lru_cache(maxsize=1)
def embedder() -> Callable[[tuple[str, ...]], Vectors] | None:
    """The configured embedder, or None."""
    from django.utils import timezone

    from agents import embedding

    if not embedding.at_hand():
        return None
    return lru_cache(maxsize=None)(partial(embedding.embedded, now=timezone.now()))


def ways() -> dict[str, Way]:
    found: dict[str, Way] = {"as oO does without a model": vectors, "spelling alone": spelling}
    if embed := embedder():
        found["as oO does with this embedder"] = lambda t: vectors(t, embed(tuple(t)))
        found["this embedder alone"] = lambda t: embed(tuple(t))
    return found


def clusters() -> None:
    everything = titles()
    held_out = [one for one in everything if one.held_out]
    tuned = [one for one in everything if not one.held_out]
    print(f"{len(everything)} titles, {len({one.label for one in everything})} labels, "
          f"{len({one.language for one in everything})} languages\n")  # fmt: skip
    print("| vectors | titles | homogeneity | completeness | V-measure | adjusted Rand |")
    print("|---|---|--:|--:|--:|--:|")
    parts = {
        "held out": held_out,
        "tuned on": tuned,
        "held out, English": [one for one in held_out if one.language == "en"],
        "held out, German": [one for one in held_out if one.language == "de"],
        "held out, others": [one for one in held_out if one.language not in ("en", "de")],
    }
    for name, way in ways().items():
        for part, some in parts.items():
            cells = " | ".join(f"{value:.2f}" for value in score(some, way))
            print(f"| {name} | {part}, {len(some)} | {cells} |")


def lists() -> None:
    """Lists as short as people's are: 40 drawn from the titles held out, of each length."""
    held_out = [one for one in titles() if one.held_out]
    print("| vectors | " + " | ".join(f"{n} tasks" for n in LENGTHS) + " |")
    print("|---|" + "--:|" * len(LENGTHS))
    for name, way in ways().items():
        cells = []
        for length in LENGTHS:
            rng = random.Random(length)
            found = [score(rng.sample(held_out, length), way) for _ in range(40)]
            v, ari = (
                float(np.mean([getattr(one, part) for one in found])) for part in ("v", "ari")
            )
            cells.append(f"{v:.2f} ({ari:.2f})")
        print(f"| {name}, V (adjusted Rand) | " + " | ".join(cells) + " |")


LENGTHS = (5, 10, 20, 50, 100, 200)


def found_twins() -> Counter[tuple[str, bool]]:
    """How many pairs of each kind were held for twins, and how many were not."""
    return Counter((kind, bool(twins([one, two]))) for kind, one, two in pairs())


def twin() -> None:
    count = found_twins()
    told = count["same", True] + count["worded", True]
    print("| pairs | held for twins |")
    print("|---|--:|")
    for kind, says in (
        ("same", "the same, but for spelling, small words and order"),
        ("worded", "the same in other words or another language"),
        ("other", "another thing, though much alike"),
    ):
        every = count[kind, True] + count[kind, False]
        print(f"| {every} that say {says} | {count[kind, True]} |")
    recall = count["same", True] / (count["same", True] + count["same", False])
    precision = told / (told + count["other", True])
    print(f"\nPrecision {precision:.2f}, recall {recall:.2f} of the first.")
    embed = embedder()
    if embed is None:
        return
    print("\n| this embedder alone, cosine at least | same | worded | other |")
    print("|--:|--:|--:|--:|")
    kinds = np.array([kind for kind, _, _ in pairs()])
    one, two = (embed(tuple(pair[side] for pair in pairs())) for side in (1, 2))
    near = (one * two).sum(axis=1)
    for least in (0.7, 0.8, 0.9, 0.95):
        cells = [
            f"{np.mean(near[kinds == kind] >= least):.0%}" for kind in ("same", "worded", "other")
        ]
        print(f"| {least} | " + " | ".join(cells) + " |")


def speed() -> None:
    every = [one.title for one in titles()]
    vectors(every)  # imports
    print("| open tasks | ms of the core, groups and twins |")
    print("|--:|--:|")
    for length in (5, 50, 200, 490, 1000):
        some = [
            f"{every[n % len(every)]}{' ' + str(n) if n >= len(every) else ''}"
            for n in range(length)
        ]
        took = []
        for _ in range(3):
            began = time.process_time()
            grouped(vectors(some))
            twins(some)
            took.append(time.process_time() - began)
        print(f"| {length} | {1000 * min(took):.0f} |")


PARTS = {"clusters": clusters, "lists": lists, "twins": twin, "speed": speed}

if __name__ == "__main__":
    import django

    django.setup()
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
        print(flush=True)
