"""Worlds in which rewards are linear in V3: the population of the benchmark, and its relatives.

A person's weights are

    w = rule + taste of the population + offset of their cluster + their own

and the expected reward is wᵀx. How much each of the four moves the worth of one candidate against
another is given as a share of its variance within a decision, so that another population, drawn
from another number, is as hard as this one. See `noise` for what keeps the worth exactly the mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import ClassVar

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.features import V3, FeatureSet, vectorise_columns
from recommender.bandit.prior import Prior
from recommender.bandit.rule import rule_prior
from recommender.simulation import days
from recommender.simulation.noise import Luck, dice, luck
from recommender.simulation.world import (
    ARRIVALS_PER_DAY,
    PER_DAY,
    Answer,
    Occasion,
    Person,
    World,
    stream,
)

DAYS_A_BLOCK = 20
EDGE = 0.98
"""Worth stays within ±EDGE: at ±1 there would be no room for noise."""
NOT_WITHIN = np.array(
    [n for n, name in enumerate(V3.labels) if name.split("*")[0] in ("is_tip", "is_silence")]
)
"""Weights of what is the same for every candidate of a decision."""
TIP = V3.labels.index("is_tip")
SURE = 1e-6
"""The variance of a weight in which nobody differs, where a matrix has to be inverted."""


@dataclass(frozen=True)
class Shape:
    """What a population is like. The shares are of the variance of worth within a decision."""

    spread: float
    """The standard deviation of worth over the candidates of a decision."""
    rule: float
    """The share that the urgency rule explains."""
    taste: float
    """The share of what all people have in common besides."""
    cluster: float
    own: float
    noise: float = 0.6
    """The standard deviation of a reward around its worth."""
    level: float = -0.08
    """The mean worth of a candidate."""
    clusters: int = 5
    products: float = 0.7
    """How much people differ in a product's weight, against that of a plain feature."""
    moment: float = 0.06
    """How much a moment moves the worth of everything said, in the population; half in persons."""


@dataclass(frozen=True)
class Block:
    """Some days of one person: features, worths and luck of every action."""

    columns: dict[str, Floats]
    when: dict[str, Floats]
    worth: Floats
    luck: Luck


class LinearPerson(Person):
    """A person of a Linear world; `weights` (36,) before and `later` from day `turns` on."""

    def __init__(
        self, world: "Linear", weights: Floats, seed: tuple[int, int, int], per_day: int
    ) -> None:
        self.world = world
        self.weights = self.later = weights
        self.turns: int | None = None
        self.seed, self.per_day = seed, per_day
        self.cluster = self.arrives = self.weekday = 0
        self._block: tuple[int, Block] | None = None

    def occasion(self, k: int) -> Occasion:
        block, row = self._at(k)
        columns: dict[str, float | Floats] = {
            name: values[row] for name, values in block.columns.items()
        }
        for name, values in block.when.items():
            columns[name] = float(values[row])
        worth = block.worth[row]
        return Occasion(columns, worth.size, worth, k, self.world.silence)

    def answer(self, occasion: Occasion, index: int) -> Answer:
        block, row = self._at(occasion.k)
        return block.luck.answer(row, index)

    def leave(self) -> None:
        self._block = None

    def _at(self, k: int) -> tuple[Block, int]:
        number, row = divmod(k, DAYS_A_BLOCK * self.per_day)
        if self._block is None or self._block[0] != number:
            self._block = number, self._live(number)
        return self._block[1], row

    def _live(self, number: int) -> Block:
        world = self.world
        rng = stream(*self.seed, number)
        weekday = (self.weekday + number * DAYS_A_BLOCK) % 7
        when = days.moments(rng, weekday, DAYS_A_BLOCK, self.per_day)
        said = days.lists(rng, DAYS_A_BLOCK * self.per_day, world.candidates)
        if world.silence:
            said = days.with_silence(said)
        rows, shape = days.flat(when, said)
        X = vectorise_columns(rows, shape[0] * shape[1], V3)
        worth = (X @ self.weights).reshape(shape)
        if self.turns is not None:
            day = self.arrives + number * DAYS_A_BLOCK + np.arange(shape[0]) // self.per_day
            later = (X @ self.later).reshape(shape)
            worth = np.where((day >= self.turns)[:, None], later, worth)
        noise = world.noise_of(shape[1])
        fate = luck(worth.clip(-EDGE, EDGE), noise, dice(rng, shape), table=world.table)
        return Block(said, when, fate.worth, fate)


class Linear(World):
    """A population whose rewards are linear in V3.

    `population` draws its tastes and clusters; `silence` offers saying nothing; `table` gives
    rewards of the reward table instead of numbers. Raises ValueError for less than one candidate.
    """

    shape: Shape
    name: ClassVar[str] = "linear"

    def __init__(
        self,
        *,
        candidates: int = 20,
        silence: bool = False,
        table: bool = False,
        population: int = 0,
    ) -> None:
        if candidates < 1:
            raise ValueError("there must be something to say")
        self.candidates, self.silence, self.table = candidates, silence, table
        self.population = population

    # --- the population ---------------------------------------------------------------------

    @cached_property
    def mean(self) -> Floats:
        """The weights (36,) of the whole population."""
        return self._common()

    def _common(self) -> Floats:
        rule = rule_prior(V3).mean.copy()
        rule[NOT_WITHIN] = 0.0
        taste = stream(self.population, 1).normal(size=V3.width) * self._scales
        taste -= rule * (taste @ within() @ rule) / (rule @ within() @ rule)
        mean = self._part(rule, self.shape.rule) + self._part(taste, self.shape.taste)
        mean += self._moments(stream(self.population, 2), 1.0)
        return self._levelled(mean)

    @cached_property
    def offsets(self) -> Floats:
        """What sets each cluster apart, (clusters, 36); over all clusters they cancel out."""
        rng = stream(self.population, 3)
        count = self.shape.clusters
        offsets = rng.normal(size=(count, V3.width)) * self._scales
        offsets -= offsets.mean(axis=0)
        share = np.einsum("ij,jk,ik->", offsets, within(), offsets) / count
        return offsets * np.sqrt(self.shape.cluster * self.shape.spread**2 / share)

    @cached_property
    def own(self) -> Floats:
        """The standard deviation (36,) of what is a person's alone."""
        share = self._scales @ (within().diagonal() * self._scales)
        own = self._scales * np.sqrt(self.shape.own * self.shape.spread**2 / share)
        return np.hypot(own, self._moments(None, 0.5))

    @property
    def _scales(self) -> Floats:
        """How much people differ in each weight, up to a factor."""
        scales = np.array([self.shape.products if "*" in name else 1.0 for name in V3.labels])
        scales[NOT_WITHIN] = 0.0
        return scales

    def _part(self, weights: Floats, share: float) -> Floats:
        return weights * np.sqrt(share * self.shape.spread**2 / (weights @ within() @ weights))

    def _levelled(self, mean: Floats) -> Floats:
        """The same weights where the mean worth of all candidates is `level`."""
        mean[TIP] = 0.0
        mean[TIP] = self.shape.level - middle() @ mean
        return mean

    def _moments(self, rng: np.random.Generator | None, factor: float) -> Floats:
        """Weights that move everything said alike, and silence: drawn, or their deviation."""
        weights = np.zeros(V3.width)
        size = factor * self.shape.moment
        weights[NOT_WITHIN] = size if rng is None else rng.normal(size=NOT_WITHIN.size) * size
        return weights

    def noise_of(self, actions: int) -> float | Floats:
        """The standard deviation of a reward, for all actions or for each (actions,)."""
        return self.shape.noise

    def truth(self, feature_set: FeatureSet) -> Prior | None:
        """Exact but for one thing: clusters are lumps, and a Gaussian has their covariance only."""
        if feature_set.version != V3.version:
            return None
        covariance = self.offsets.T @ self.offsets / len(self.offsets)
        covariance += np.diag(np.maximum(self.own**2, SURE))
        noise = self._noise
        precision = noise * np.linalg.inv(covariance)
        precision = (precision + precision.T) / 2.0
        return Prior(f"truth/{self.name}", self.mean, precision, noise)

    @cached_property
    def _noise(self) -> float:
        """The variance of a reward around its worth, where worths are cut off as they are."""
        people = self.people(40, 0)
        found = [
            person.answer(occasion, index).reward - occasion.worth[index]
            for person in people
            for k in range(10)
            for occasion in [person.occasion(k)]
            for index in (int(occasion.worth[: self.candidates].argmax()), k % self.candidates)
        ]
        return float(np.mean(np.square(found)))

    # --- its people -------------------------------------------------------------------------

    def people(
        self,
        count: int,
        seed: int,
        *,
        per_day: int = PER_DAY,
        arrivals_per_day: float = ARRIVALS_PER_DAY,
    ) -> Sequence[Person]:
        people = []
        for number in range(count):
            rng = stream(seed, number, 0)
            cluster = int(rng.integers(len(self.offsets)))
            weights = self.mean + self.offsets[cluster] + self.own * rng.normal(size=V3.width)
            person = LinearPerson(self, weights, (seed, number, 1), per_day)
            person.cluster, person.weekday = cluster, int(rng.integers(7))
            person.arrives = int(number / arrivals_per_day)
            people.append(person)
        return people


class Mixed(Linear):
    """Clusters and individual noise: the benchmark's population."""

    name = "mixed"
    shape = Shape(spread=0.155, rule=0.137, taste=0.137, cluster=0.32, own=0.406)


class Alike(Linear):
    """People who want nearly the same."""

    name = "alike"
    shape = Shape(spread=0.115, rule=0.43, taste=0.20, cluster=0.12, own=0.25)


class Individual(Linear):
    """People who have hardly anything in common."""

    name = "individual"
    shape = Shape(spread=0.13, rule=0.038, taste=0.015, cluster=0.0, own=0.947)


@cache
def sample(candidates: int = 20) -> tuple[Floats, tuple[int, int]]:
    """Some decisions of nobody in particular: X (moments * n, 36), and (moments, n)."""
    rng = stream(0, 0)
    when = days.moments(rng, 0, 140, 5)
    rows, shape = days.flat(when, days.lists(rng, 700, candidates))
    return vectorise_columns(rows, shape[0] * shape[1], V3), shape


@cache
def within() -> Floats:
    """The covariance (36, 36) of V3 over the candidates of a decision."""
    X, shape = sample()
    cube = X.reshape(*shape, V3.width)
    centred = (cube - cube.mean(axis=1, keepdims=True)).reshape(-1, V3.width)
    return centred.T @ centred / len(centred)


@cache
def middle() -> Floats:
    """The mean (36,) of V3 over all candidates."""
    mean: Floats = sample()[0].mean(axis=0)
    return mean
