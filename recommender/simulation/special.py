"""Two linear worlds with something planted: moments in which nothing is best, and a turn."""

from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.features import V3
from recommender.bandit.rule import rule_prior
from recommender.simulation.linear import (
    NOT_WITHIN,
    TIP,
    Linear,
    LinearPerson,
    Mixed,
    Shape,
    sample,
    within,
)
from recommender.simulation.world import ARRIVALS_PER_DAY, PER_DAY, Person, stream

SILENT = np.array([name.split("*")[0] == "is_silence" for name in V3.labels])
"""Which weights (36,) are those of silence."""


class Quiet(Linear):
    """Silence is worth nothing, to everyone and for certain, and in `share` of all moments everything
    else is worth less: before and in meetings, at weekends, early and late.
    """

    name = "quiet"
    shape = Shape(spread=0.08, rule=0.42, taste=0.18, cluster=0.13, own=0.27, noise=0.4, moment=0.1)
    share = 0.60

    MOMENTS: ClassVar[dict[str, float]] = {
        "is_tip*meeting_soon": -0.8,
        "is_tip*is_weekend": -0.8,
        "is_tip*hour_cos": -0.6,
        "is_tip*hour_sin": 0.2,
    }

    def __init__(
        self,
        *,
        candidates: int = 20,
        silence: bool = True,
        table: bool = False,
        population: int = 0,
    ) -> None:
        super().__init__(candidates=candidates, silence=silence, table=table, population=population)

    @cached_property
    def mean(self) -> Floats:
        mean = self._common()
        mean[NOT_WITHIN] = 0.0
        for name, weight in self.MOMENTS.items():
            mean[V3.labels.index(name)] = weight
        # Everything said is set off against silence, by the best of as many candidates as there are.
        X, (moments, _) = sample(self.candidates)
        rng = stream(self.population, 4)
        people = rng.normal(size=(100, V3.width)) * self.own
        people += mean + self.offsets[rng.integers(len(self.offsets), size=100)]
        best = (X @ people.T).reshape(moments, -1, 100).max(axis=1)
        mean[TIP] = -float(np.quantile(best, self.share))
        return mean

    @cached_property
    def own(self) -> Floats:
        return np.where(SILENT, 0.0, super().own)

    def noise_of(self, actions: int) -> float | Floats:
        if self.table or not self.silence:
            return self.shape.noise
        noise = np.full(actions, self.shape.noise)
        noise[-1] = 0.0
        return noise


class Shift(Mixed):
    """The mixed population, until one day everyone's taste turns: what was urgent is now unwelcome,
    and other hours suit other things. What sets people apart stays.
    """

    name = "shift"

    def turns_on(self, people: int, arrivals_per_day: float) -> int:
        return max(1, int(people / arrivals_per_day / 2))

    @cached_property
    def turned(self) -> Floats:
        """The population's weights (36,) from that day on."""
        rule = rule_prior(V3).mean.copy()
        rule[NOT_WITHIN] = 0.0
        taste = stream(self.population, 5).normal(size=V3.width) * self._scales
        taste -= rule * (taste @ within() @ rule) / (rule @ within() @ rule)
        turned = self._part(taste, self.shape.taste) - self._part(rule, self.shape.rule)
        turned[NOT_WITHIN] = self.mean[NOT_WITHIN]
        return self._levelled(turned)

    def people(
        self,
        count: int,
        seed: int,
        *,
        per_day: int = PER_DAY,
        arrivals_per_day: float = ARRIVALS_PER_DAY,
    ) -> Sequence[Person]:
        people = super().people(count, seed, per_day=per_day, arrivals_per_day=arrivals_per_day)
        for person in people:
            assert isinstance(person, LinearPerson)
            person.later = person.weights - self.mean + self.turned
            person.turns = self.turns_on(count, arrivals_per_day)
        return people
