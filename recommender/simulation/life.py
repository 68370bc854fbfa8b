"""Believable lives: projects with deadlines, chores that come back, things done elsewhere, moods,
drift, habituation, and moments in which nothing is best.

Here lives react. What was done is gone, what was put off rests, and a kind of tip that is shown
again is worth less; so every policy advises its own copy of a life, in which the same things happen
to the same person.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recommender.bandit.arrays import Floats
from recommender.simulation import days
from recommender.simulation.judges import Judge, Tip, When
from recommender.simulation.noise import Dice, Luck, dice, luck
from recommender.simulation.personas import Persona, Scene, Traits, somebody, worth
from recommender.simulation.tasks import SPAN, TASK, THING, Things, things, walk, words
from recommender.simulation.world import (
    ARRIVALS_PER_DAY,
    PER_DAY,
    Answer,
    Occasion,
    Person,
    World,
    stream,
)

NOISE, NOISE_OF_SILENCE = 0.45, 0.1
FORGETS = 0.75
"""What is left, a moment later, of having been shown a kind."""
DRIFT = 0.02
"""How far a trait wanders in a day."""
LUCKS = 61
"""So many things have luck of their own in a moment; it is shared beyond."""
EDGE = 0.98
DONE, DISMISSED = 0.3, -0.5
"""A reward of at least DONE says that a thing was done, of at most DISMISSED that it was refused;
between the two it was put off."""
RESTS_WHEN_DONE, RESTS_WHEN_DISMISSED, RESTS_WHEN_SNOOZED = 3.0, 7.0, 0.3
"""In days. A task that was done is gone."""
DRIFTS = ("deadline", "priority", "place", "advice", "insight", "reminder", "prime")


class Life(World):
    """`candidates` is the most that is offered at once; `silence` offers saying nothing. With a
    `judge` its verdicts are the rewards of what is said, without luck; worth stays what it is.
    """

    name = "life"
    reacts = True

    def __init__(
        self,
        *,
        candidates: int = 20,
        silence: bool = True,
        table: bool = False,
        judge: Judge | None = None,
    ) -> None:
        if candidates < 1:
            raise ValueError("there must be something to say")
        self.candidates, self.silence, self.table = candidates, silence, table
        self.judge = judge

    def unjudged(self) -> "Life":
        return Life(candidates=self.candidates, silence=self.silence, table=self.table)

    def people(
        self,
        count: int,
        seed: int,
        *,
        per_day: int = PER_DAY,
        arrivals_per_day: float = ARRIVALS_PER_DAY,
    ) -> Sequence[Person]:
        return [
            LifePerson(self, seed, number, per_day, int(number / arrivals_per_day))
            for number in range(count)
        ]


class LifePerson(Person):
    """One life, led moment by moment: `occasion` and `answer` take turns."""

    def __init__(self, world: Life, seed: int, number: int, per_day: int, arrives: int) -> None:
        rng = stream(seed, number, 0)
        self.world, self.per_day, self.arrives = world, per_day, arrives
        self.seed = seed, number, 1
        self.persona: Persona = somebody(rng)
        self.cluster = self.persona.cluster
        self.weekday = int(rng.integers(7))
        self.shown = np.zeros(len(days.KINDS))
        self.span = -1
        self.now = 0.0
        self.items: Things = {name: np.empty(0) for name in THING}
        self.offered = np.empty(0, dtype=np.intp)
        self.when: Things
        self.energy: Floats
        self.drift: Floats
        self.dice: Dice
        self.luck: Luck

    # --- what happens to them, whoever advises them -------------------------------------------

    def _live_until(self, day: int) -> None:
        while day >= (self.span + 1) * SPAN:
            self.span += 1
            rng = stream(*self.seed, self.span)
            begins, moments = self.span * SPAN, SPAN * self.per_day
            self.when = days.moments(rng, (self.weekday + begins) % 7, SPAN, self.per_day)
            self.energy = walk(rng, moments)
            self.drift = np.cumsum(rng.normal(size=(SPAN, len(DRIFTS))) * DRIFT, axis=0)
            self.dice = dice(rng, (moments, LUCKS + 1))
            more = things(rng, begins, backlog=self.span == 0)
            self.items = {
                name: np.concatenate((values, more[name])) for name, values in self.items.items()
            }

    def _row(self, k: int) -> int:
        return k - self.span * SPAN * self.per_day

    def scene(self, k: int) -> Scene:
        """The k-th moment as this person feels it."""
        when, row = self.when, self._row(k)
        turn = np.arctan2(when["hour_sin"][row], when["hour_cos"][row]) / (2.0 * np.pi)
        return Scene(
            hour=float(24.0 * (turn % 1.0)),
            weekend=bool(when["is_weekend"][row]),
            meeting_soon=bool(when["meeting_soon"][row]),
            energy=float(self.energy[row]),
        )

    def traits(self, k: int) -> Traits:
        """What moves them by now."""
        wandered = self.drift[k // self.per_day - self.span * SPAN]
        now = {
            name: getattr(self.persona.traits, name) + float(by)
            for name, by in zip(DRIFTS, wandered, strict=True)
        }
        return replace(self.persona.traits, **now)

    def _living(self, now: float) -> npt.NDArray[np.intp]:
        """What may be offered: all but tasks, then the tasks that are due first, then the newest."""
        items = self.items
        alive = np.flatnonzero(
            (items["born"] <= now) & (items["gone"] > now) & (items["rests"] <= now)
        )
        if not alive.size:
            return np.zeros(1, dtype=np.intp)
        task = items["kind"][alive] == TASK
        due = np.nan_to_num(items["due"][alive], nan=np.inf)
        order = np.lexsort((-items["born"][alive], due, task))
        return np.sort(alive[order[: self.world.candidates]])

    # --- moment by moment -----------------------------------------------------------------------

    def occasion(self, k: int) -> Occasion:
        day, turn = divmod(k, self.per_day)
        self._live_until(day)
        row = self._row(k)
        self.now = now = day + (turn + 0.5) / self.per_day
        self.offered = self._living(now)
        mine = {name: values[self.offered] for name, values in self.items.items()}
        said = self._said(mine)
        scene = self.scene(k)
        value = worth(self.traits(k), said, scene) + mine["appeal"]
        columns: dict[str, float | Floats] = dict(self._features(mine, said, day))
        columns |= {name: float(values[row]) for name, values in self.when.items()}
        noise = np.full(value.size, NOISE)
        slots = self.offered % LUCKS
        if self.world.silence:
            # Being left in peace is worth a little to the worn out, and nothing to the others.
            value = np.append(value, 0.15 * max(-scene.energy, 0.0))
            noise, slots = np.append(noise, NOISE_OF_SILENCE), np.append(slots, LUCKS)
        self.luck = luck(
            value.clip(-EDGE, EDGE)[None],
            NOISE if self.world.table else noise,
            Dice(
                *(
                    part[row, slots][None]
                    for part in (self.dice.normal, self.dice.rounding, self.dice.late)
                )
            ),
            table=self.world.table,
        )
        return Occasion(columns, value.size, self.luck.worth[0], k, self.world.silence)

    def _said(self, mine: Things) -> Things:
        return {
            "kind": mine["kind"],
            "days_to_due": mine["due"] - self.now,
            "priority": mine["priority"],
            "age_days": np.maximum(self.now - mine["born"], 0.0),
            "effort": mine["effort"],
            "work": mine["work"],
            "shown": self.shown[mine["kind"].astype(np.intp)],
        }

    def told(self, kind: int, item: int | None) -> Things:
        """A thing of this kind as it looks now: one of the life's own, or any fresh one."""
        if item is None:
            fresh = {"due": np.nan, "priority": 1.0, "born": self.now, "effort": 0.2, "work": 0.0}
            mine = {name: np.array([value]) for name, value in fresh.items()}
        else:
            mine = {name: values[item : item + 1] for name, values in self.items.items()}
        return self._said({**mine, "kind": np.array([float(kind)])})

    def was_shown(self, kind: int | None) -> None:
        """Something of a kind was said, or nothing: kinds wear off, and recover."""
        self.shown *= FORGETS
        if kind is not None:
            self.shown[kind] += 1.0

    def _features(self, mine: Things, said: Things, day: int) -> Things:
        task, due = mine["kind"] == TASK, said["days_to_due"]
        columns = {
            "is_tip": np.ones(task.size),
            "is_silence": np.zeros(task.size),
            "is_overdue": (task & (due < 0)).astype(np.float64),
            "is_due_today": ((due >= 0) & (mine["due"] < day + 1)).astype(np.float64),
            "task_age_days": said["age_days"].round(2),
            "priority": mine["priority"],
        }
        for number, name in enumerate(days.KINDS):
            columns[f"kind_{name}"] = (mine["kind"] == number).astype(np.float64)
        if not self.world.silence:
            return columns
        rows = days.with_silence({name: values[None] for name, values in columns.items()})
        return {name: values[0] for name, values in rows.items()}

    def answer(self, occasion: Occasion, index: int) -> Answer:
        answer = self.luck.answer(0, index)
        if index == self.offered.size:
            self.was_shown(None)
            return answer
        item = self.offered[index]
        kind = int(self.items["kind"][item])
        if self.world.judge is not None:
            verdict = self.world.judge.judge(*self.as_told(int(item), occasion.k))
            answer = Answer(verdict.reward, answer.delay)
        self.was_shown(kind)
        if answer.reward >= DONE:
            if kind == TASK:
                self.items["gone"][item] = self.now
            self.items["rests"][item] = self.now + RESTS_WHEN_DONE
        elif answer.reward <= DISMISSED:
            self.items["rests"][item] = self.now + RESTS_WHEN_DISMISSED
        else:
            self.items["rests"][item] = self.now + RESTS_WHEN_SNOOZED
        return answer

    def as_told(self, item: int, k: int) -> tuple[Tip, When, Persona]:
        """What a judge is told of a thing said in the k-th moment."""
        day = k // self.per_day
        thing = {name: float(values[item]) for name, values in self.items.items()}
        kind, scene = int(thing["kind"]), self.scene(k)
        tip = Tip(
            text=words(kind, item, work=thing["work"] == 1.0),
            kind=days.KINDS[kind],
            days_to_due=None if np.isnan(thing["due"]) else thing["due"] - self.now,
            priority=int(thing["priority"]),
            age_days=max(self.now - thing["born"], 0.0),
            effort=thing["effort"],
            work=thing["work"] == 1.0,
        )
        moment = When(
            scene.hour, (self.weekday + day) % 7, scene.meeting_soon, scene.energy,
            float(self.shown[kind]),
        )  # fmt: skip
        return tip, moment, replace(self.persona, traits=self.traits(k))
