"""The contract of a simulated world: people, the moments of their days, and what they answer.

Nothing here reads a clock or draws a number of its own: with the same seed the same people live the
same lives, whoever advises them.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.choose import seeded
from recommender.bandit.features import FeatureSet
from recommender.bandit.prior import Prior

PER_DAY = 5
ARRIVALS_PER_DAY = 3


def stream(seed: int, *path: int) -> np.random.Generator:
    """The generator of one part of a world: another path, another stream.

    Raises ValueError for a negative number, or one that needs more than 64 bits (a step: 32).
    """
    if not 0 <= seed < 1 << 64 or any(not 0 <= step < 1 << 32 for step in path):
        raise ValueError(f"no stream has the seed {seed} and the path {path}")
    # Led by how long it is: otherwise a path that begins with zeros would be that of a shorter one.
    number = (len(path) + 1) << 64 | seed
    for step in path:
        number = number << 32 | step
    return seeded(number)


@dataclass(frozen=True, slots=True, eq=False)
class Occasion:
    """One moment of one person: what could be said, and what each would be worth.

    `columns` are raw named features, as a decision stores them: `count` values, or one value for
    all. Silence is the last action where it is offered. `worth` (count,) is the expected reward
    of each action, which no policy sees.
    """

    columns: Mapping[str, float | Floats]
    count: int
    worth: Floats
    k: int
    silence: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A reward within [-1, 1], on the grid of 0.01, known `delay` decisions after the next one."""

    reward: float
    delay: int = 0


class Person(ABC):
    """One life. `arrives` is the day, from 0, of their first decision."""

    cluster: int
    arrives: int

    @abstractmethod
    def occasion(self, k: int) -> Occasion:
        """The k-th moment. The same for whoever asks, unless the world says that lives react."""

    @abstractmethod
    def answer(self, occasion: Occasion, index: int) -> Answer:
        """What becomes of action `index`: with the same luck for every policy that takes it.

        Its reward is worth[index] on average. Asked once for each k, in order.
        """

    def leave(self) -> None:
        """Lets go of what can be made again. They may be asked again later."""
        return


class World(ABC):
    """A population and its days."""

    name: ClassVar[str]

    reacts: ClassVar[bool] = False
    """Whether what was said changes later moments, so that every policy needs its own copies."""

    @abstractmethod
    def people(
        self,
        count: int,
        seed: int,
        *,
        per_day: int = PER_DAY,
        arrivals_per_day: float = ARRIVALS_PER_DAY,
    ) -> Sequence[Person]:
        """`count` people in the order of their arrival, `per_day` moments a day each."""

    def unjudged(self) -> "World":
        """The same world by its own luck, where others say what was good: for the lives that the
        best choice and chance lead, which need nobody's opinion.
        """
        return self

    def truth(self, feature_set: FeatureSet) -> Prior | None:
        """The true prior of this population, None where rewards are not linear in these features.

        What a policy can do that starts from it is the practical ceiling.
        """
        return None

    def turns_on(self, people: int, arrivals_per_day: float) -> int | None:
        """The day on which the population changes, None where it does not."""
        return None
