"""What an advice is, when it fits and what it stands on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Days = Literal["any", "weekday", "weekend"]
Energy = Literal["any", "some", "low"]

MORNING = ("morning",)
AFTERNOON = ("afternoon",)
EVENING = ("evening",)
DAY = ("morning", "afternoon")
LATER = ("afternoon", "evening")
ALL = ("morning", "afternoon", "evening")

HOME = frozenset({"home"})
WORK = frozenset({"work"})
DAYLIGHT = (9, 16)  # hours in which it is light, also in winter: nobody is sent out into the dark
LATE = (20, 24)  # hours in which it gets dark, and bed is not far
IN_PASSING = 0  # minutes that have to be free: it can be done in company, without getting up


@dataclass(frozen=True)
class Work:
    """A published work, or ourselves where it is common sense."""

    author: str
    year: int
    title: str

    def __str__(self) -> str:
        return f"{self.author} ({self.year}). {self.title}"


OO = Work("oO", 2026, "Common sense")


@dataclass(frozen=True)
class Ground:
    """What is known, how strongly, and where it is written."""

    evidence: str
    source: Work = OO


SENSE = Ground("Common sense; no study is claimed.")


@dataclass(frozen=True)
class Moment:
    """When it fits. `minutes` it takes, `free` minutes it needs before the next appointment.

    Without `places` it fits anywhere. Energy: `low` fits only when it is low, `some` only when it
    is not. `hours` are those of the parts in which it fits, from the first until before the second.
    """

    parts: tuple[str, ...]
    minutes: int
    free: int
    days: Days = "any"
    places: frozenset[str] = frozenset()
    energy: Energy = "any"
    hours: tuple[int, int] = (0, 24)


@dataclass(frozen=True)
class Advice:
    id: str
    text: str
    moment: Moment
    evidence: str
    source: Work
    topic: str = ""

    @property
    def key(self) -> str:
        """By which its candidate is known again, and so its rest."""
        return f"advice:{self.id}"

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the day in which it fits."""
        return self.moment.parts


def advise(
    id: str,
    text: str,
    parts: tuple[str, ...],
    minutes: int,
    ground: Ground = SENSE,
    *,
    free: int | None = None,
    days: Days = "any",
    places: frozenset[str] = frozenset(),
    energy: Energy = "any",
    hours: tuple[int, int] = (0, 24),
) -> Advice:
    """One advice. What it says nothing about is open: it needs as many free minutes as it takes."""
    needs = minutes if free is None else free
    moment = Moment(parts, minutes, needs, days, places, energy, hours)
    return Advice(id, text, moment, ground.evidence, ground.source)


def about(topic: str, advices: Iterable[Advice]) -> tuple[Advice, ...]:
    return tuple(replace(advice, topic=topic) for advice in advices)
