"""The contract of an agent: one file in agents/library/, one line in settings.AGENTS. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
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


@dataclass(frozen=True)
class EventFact:
    """A coming occurrence in a calendar, without its text."""

    id: int
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False


@dataclass(frozen=True)
class Inputs:
    """All that agents may know of one user, as of `now` (aware, in the user's zone)."""

    user_id: int
    now: datetime
    zone: ZoneInfo
    tasks: tuple[TaskFact, ...] = ()
    events: tuple[EventFact, ...] = ()
    done_at: tuple[datetime, ...] = ()  # completions of the last 28 days, oldest first
    preferences: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Snippet:
    """A short text of context about the user, without their own words, and the facts behind it."""

    text: str
    facts: Mapping[str, Any]
    confidence: float = 1.0


@dataclass(frozen=True)
class Param:
    """Something an agent would rather infer than assume: its default and what it needs to infer."""

    name: str
    default: Any
    min_history: int
    meaning: str


@dataclass(frozen=True)
class Manifest:
    """What the registry, the docs and the scheduler know about an agent."""

    id: str
    version: str
    says: str
    listens: tuple[str, ...]  # subjects of events after which it is computed anew
    ttl: timedelta
    needs: tuple[str, ...] = ()  # any one of these sources must be connected; empty: none
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
