"""The contract of an agent: one file in agents/library/, one line in settings.AGENTS. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

Kind = Literal["task", "advice", "insight", "reminder"]


@dataclass(frozen=True)
class TaskFact:
    """An open task, without its text."""

    id: int
    priority: int  # 1 normal ... 4 most urgent
    added_at: datetime
    due_on: date | None = None
    due_at: datetime | None = None
    recurring: bool = False
    project: str = ""  # the source's own id of its list, opaque; "" where there is none
    cluster: str = ""  # which open tasks it is alike to, "" where nothing is known
    twin: int | None = None  # the older task that says the same, be it open or done


@dataclass(frozen=True)
class EventFact:
    """An occurrence in a calendar, without its text. `kind` is busy, focus or away."""

    id: int
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False
    kind: str = "busy"


@dataclass(frozen=True)
class DoneFact:
    """A task that was completed, without its text."""

    at: datetime
    added_at: datetime | None = None
    due_on: date | None = None
    project: str = ""
    recurring: bool = False


@dataclass(frozen=True)
class HealthFact:
    """One measure of one day: `sleep` or `mindful` in minutes, `steps`, `resting` heartbeats a minute."""

    day: date
    measure: str
    value: float


@dataclass(frozen=True)
class Inputs:
    """All that agents may know of one user, as of `now` (aware, in the user's zone)."""

    user_id: int
    now: datetime
    zone: ZoneInfo
    tasks: tuple[TaskFact, ...] = ()
    events: tuple[EventFact, ...] = ()
    done_at: tuple[datetime, ...] = ()  # completions of the last 28 days, oldest first
    health: tuple[HealthFact, ...] = ()  # of the last 14 days, oldest first
    contexts: frozenset[str] = frozenset()  # the user's own named situations that hold now
    preferences: Mapping[str, Any] = field(default_factory=dict)
    said: frozenset[str] = frozenset()  # the preferences that are the user's own word
    forgotten: Mapping[str, datetime] = field(default_factory=dict)  # since when it counts anew
    stale: frozenset[str] = frozenset()  # kinds of input older than promised: calendar
    # The advices that were answered and rest, by the keys of their candidates. For the writer alone: no
    # agent sees them, so that an answer gives none of them anything to compute anew.
    resting: frozenset[str] = frozenset()

    def forgotten_at(self, *names: str) -> datetime | None:
        """When the user last had one of these forgotten."""
        return max((self.forgotten[name] for name in names if name in self.forgotten), default=None)


@dataclass(frozen=True)
class History:
    """What a year told of one user, as of `now` (aware, in the user's zone). Nothing in it is later."""

    user_id: int
    now: datetime
    zone: ZoneInfo
    done: tuple[DoneFact, ...] = ()  # oldest first
    tasks: tuple[TaskFact, ...] = ()  # open now
    events: tuple[EventFact, ...] = ()
    health: tuple[HealthFact, ...] = ()  # oldest first


@dataclass(frozen=True)
class Snippet:
    """A short text of context about the user, without their own words, and the facts behind it."""

    text: str
    facts: Mapping[str, Any]
    confidence: float = 1.0


@dataclass(frozen=True)
class Inferred:
    """What a history says of a parameter: JSON values only. `evidence` are the numbers behind it."""

    value: Any
    confidence: float  # 0 to 1
    evidence: Mapping[str, Any] = field(default_factory=dict)


def completions(history: History) -> int:
    """How much history there is, for what is inferred from completed tasks."""
    return len(history.done)


@dataclass(frozen=True)
class Param:
    """Something an agent would rather infer than assume; a preference of that name.

    `infer` is asked when `amount(history)` reaches `min_history`; until then, and where it fails or
    gives None, `default` holds. `accepts` says which values it can have, `hint` says so in words.
    `says(value, evidence)` is the belief as a plain sentence to the user ("Most of what you finish,
    you finish between 9 and 11."), true of exactly this evidence.

    Another word of the user's would change nothing where it is not `sayable`: then it is shown, and can
    be forgotten. What is `told_with` others, from one count, is forgotten with them, whichever agent
    tells them.

    One that is not `asked` is a number we count with, of which nobody has an opinion: no page asks for
    it or has it confirmed. It is told and forgotten like any other, and said over the profile API.
    """

    name: str
    default: Any
    min_history: int
    meaning: str
    accepts: Callable[[Any], bool]
    hint: str
    infer: Callable[[History], Inferred | None]
    says: Callable[[Any, Mapping[str, Any]], str]
    amount: Callable[[History], int] = completions
    sayable: bool = True
    asked: bool = True
    told_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What the registry, the docs and the scheduler know about an agent.

    `grain` is how finely it sees the time: within one day, or one hour, it says the same of the same.
    """

    id: str
    version: str
    says: str
    listens: tuple[str, ...]  # subjects of events after which it is computed anew
    ttl: timedelta
    grain: Literal["hour", "day"] = "hour"
    needs: tuple[str, ...] = ()  # any one of these sources must be connected; empty: none
    consents: tuple[str, ...] = ()  # every one of these must stand (accounts.models.Consent)
    params: tuple[Param, ...] = ()


class Agent(ABC):
    """A pure function with a manifest: inputs to a snippet, or to none."""

    manifest: ClassVar[Manifest]

    @property
    def id(self) -> str:
        return self.manifest.id

    @abstractmethod
    def compute(self, inputs: Inputs) -> Snippet | None:
        """Never reads the clock, the database or anything but its inputs."""


def is_overdue(task: TaskFact, now: datetime) -> bool:
    """Whether its due day, or its due time when it has one, has passed in the user's zone."""
    if task.due_at is not None:
        return task.due_at < now
    return task.due_on is not None and task.due_on < now.date()


def part_of_day(now: datetime) -> str:
    """morning 5-12, afternoon 12-17, evening 17-22, night."""
    hours = ((5, "night"), (12, "morning"), (17, "afternoon"), (22, "evening"), (24, "night"))
    return next(name for end, name in hours if now.hour < end)


def end_of_part(now: datetime) -> datetime:
    """When this part of the day is over: what was written for it is not true any longer."""
    end = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while part_of_day(end) == part_of_day(now):
        end += timedelta(hours=1)
    return end
