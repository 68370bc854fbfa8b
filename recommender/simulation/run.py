"""The runner: people arrive, their moments come, several entrants advise them on the same seeds.

A day is: everyone who lives that day has `per_day` moments, in turns; at night every entrant may
learn of the whole population. Rewards reach a learner when they are known.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.features import FeatureSet, vectorise_columns
from recommender.simulation.entrants import Entrant, Learner
from recommender.simulation.world import (
    ARRIVALS_PER_DAY,
    PER_DAY,
    Answer,
    Occasion,
    Person,
    World,
    stream,
)

Progress = Callable[[int], None]
"""Told how many decisions were made since it was last told."""


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of one entrant, as it was made."""

    entrant: str
    person: int
    cluster: int
    k: int
    day: int
    kind: str
    index: int
    count: int
    worth: float
    best: float
    answer: Answer


@dataclass(frozen=True, eq=False)
class Track:
    """What one entrant's choices were worth, beside the best and the mean of the same moments.

    All (people, decisions). Where lives react, best and mean are those of lives that were led by
    the best choice and by chance.
    """

    worth: Floats
    oracle: Floats
    random: Floats
    reward: Floats
    """What was answered."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """A run of one seed. `arrives` (people,) is the day of each person's first decision."""

    world: str
    seed: int
    per_day: int
    arrives: np.ndarray
    tracks: Mapping[str, Track]
    turned: int | None = None
    """The day on which the population changed."""


class _Best:
    """Whoever knows what everything is worth."""

    name = "oracle"

    def pick(self, occasion: Occasion, rng: np.random.Generator) -> int:
        return int(occasion.worth.argmax())


class _Chance:
    name = "random"

    def pick(self, occasion: Occasion, rng: np.random.Generator) -> int:
        return int(rng.integers(occasion.count))


@dataclass
class _Seat:
    """One person with one entrant."""

    person: Person
    learner: Learner
    rng: np.random.Generator
    waiting: list[tuple[int, Floats, float]] = field(default_factory=list)

    def learn_until(self, k: int) -> None:
        if not self.waiting:
            return
        known = [item for item in self.waiting if item[0] <= k]
        if known:
            self.waiting = [item for item in self.waiting if item[0] > k]
            for _, x, reward in known:
                self.learner.learn(x, reward)


def run(
    world: World,
    entrants: Sequence[Entrant],
    *,
    people: int = 300,
    decisions: int = 100,
    per_day: int = PER_DAY,
    arrivals_per_day: float = ARRIVALS_PER_DAY,
    seed: int = 0,
    nights_apart: int = 1,
    progress: Progress | None = None,
    record: Callable[[Step], None] | None = None,
) -> Outcome:
    """All entrants through the same `people` * `decisions` moments. Each is used up by it.

    `nights_apart` = 2 lets entrants learn of the population every other night. `record` is given
    every step, `progress` the number of decisions made. Raises ValueError for two entrants of one
    name.
    """
    names = [entrant.name for entrant in entrants]
    if len(set(names)) != len(names):
        raise ValueError(f"two entrants are called alike: {', '.join(names)}")
    shape = (people, decisions)
    worth = {name: np.zeros(shape) for name in names}
    reward = {name: np.zeros(shape) for name in names}
    oracle, random = np.zeros(shape), np.zeros(shape)

    def populate(world: World) -> list[Person]:
        return list(world.people(people, seed, per_day=per_day, arrivals_per_day=arrivals_per_day))

    shared = populate(world)
    arrives = np.array([person.arrives for person in shared])
    mine = {name: populate(world) if world.reacts else shared for name in names}
    if world.reacts:
        _lead(populate(world.unjudged()), _Best(), decisions, oracle, seed)
        _lead(populate(world.unjudged()), _Chance(), decisions, random, seed)
    seats: dict[str, list[_Seat]] = {name: [] for name in names}
    for day, living in _days(arrives, decisions, per_day):
        for number, entrant in enumerate(entrants):
            _welcome(entrant, seats[entrant.name], mine[entrant.name], living, seed, number)
        for turn in range(per_day):
            for one in living:
                k = (day - int(arrives[one])) * per_day + turn
                if k >= decisions:
                    continue
                seen: dict[str, Floats] = {}
                occasion = None
                for entrant in entrants:
                    seat = seats[entrant.name][one]
                    seat.learn_until(k)
                    if occasion is None or world.reacts:
                        occasion, seen = seat.person.occasion(k), {}
                    step = _decide(entrant, seat, occasion, seen)
                    worth[entrant.name][one, k] = step[1]
                    reward[entrant.name][one, k] = step[2].reward
                    if record:
                        record(_step(entrant.name, one, day, seat, occasion, *step))
                if not world.reacts:
                    occasion = occasion or shared[one].occasion(k)
                    oracle[one, k], random[one, k] = occasion.worth.max(), occasion.worth.mean()
                if progress:
                    progress(len(entrants))
        for one in living:
            if (day + 1 - int(arrives[one])) * per_day >= decisions:
                shared[one].leave()
        if (day + 1) % nights_apart == 0:
            for entrant in entrants:
                entrant.night([seat.learner for seat in seats[entrant.name]])
    return Outcome(
        world.name,
        seed,
        per_day,
        arrives,
        {name: Track(worth[name], oracle, random, reward[name]) for name in names},
        world.turns_on(people, arrivals_per_day),
    )


def _days(arrives: np.ndarray, decisions: int, per_day: int) -> Iterator[tuple[int, list[int]]]:
    """Every day with those who live it. Days on which nobody lives are left out."""
    stay = -(-decisions // per_day)
    for day in range(int(arrives.max()) + stay):
        living = np.flatnonzero((arrives <= day) & (day < arrives + stay)).tolist()
        if living:
            yield day, living


def _welcome(
    entrant: Entrant,
    seats: list[_Seat],
    people: list[Person],
    living: list[int],
    seed: int,
    number: int,
) -> None:
    """Seats for those who arrived today, in order of arrival."""
    for one in living:
        if one >= len(seats):
            seats.append(_Seat(people[one], entrant.begin(one), stream(seed, one, 2, number)))


def _decide(
    entrant: Entrant, seat: _Seat, occasion: Occasion, seen: dict[str, Floats]
) -> tuple[int, float, Answer]:
    """One choice, its worth and its answer. `seen` keeps X for the next entrant that asks."""
    X, worth = seen_as(occasion, entrant.feature_set, seen)
    index = seat.learner.choose(X, seat.rng)
    answer = seat.person.answer(occasion, index)
    seat.waiting.append((occasion.k + 1 + answer.delay, X[index], answer.reward))
    return index, float(worth[index]), answer


def seen_as(
    occasion: Occasion, feature_set: FeatureSet, seen: dict[str, Floats] | None = None
) -> tuple[Floats, Floats]:
    """X (n, d) and worth (n,) of what may be chosen with these features: silence only by those who
    can tell it.
    """
    X = None if seen is None else seen.get(feature_set.version)
    if X is None:
        X = vectorise_columns(occasion.columns, occasion.count, feature_set)
        if occasion.silence and not feature_set.silence:
            X = X[:-1]
        if seen is not None:
            seen[feature_set.version] = X
    return X, occasion.worth


def _step(
    name: str,
    one: int,
    day: int,
    seat: _Seat,
    occasion: Occasion,
    index: int,
    worth: float,
    answer: Answer,
) -> Step:
    return Step(
        name, one, seat.person.cluster, occasion.k, day, kind_of(occasion, index), index,
        occasion.count, worth, float(occasion.worth.max()), answer,
    )  # fmt: skip


def kind_of(occasion: Occasion, index: int) -> str:
    """What action `index` is: "task", ..., or "silence"."""
    for kind in ("task", "advice", "insight", "reminder"):
        column = occasion.columns.get(f"kind_{kind}", 0.0)
        if (column if isinstance(column, float) else column[index]) == 1.0:
            return kind
    return "silence"


def _lead(
    people: list[Person], guide: _Best | _Chance, decisions: int, worth: Floats, seed: int
) -> None:
    """Lives as they would have been, led by `guide`."""
    for one, person in enumerate(people):
        rng = stream(seed, one, 3)
        for k in range(decisions):
            occasion = person.occasion(k)
            index = guide.pick(occasion, rng)
            person.answer(occasion, index)
            worth[one, k] = occasion.worth[index]
