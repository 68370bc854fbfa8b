"""What a source's answer becomes: values without behaviour, shared by all formats. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

EventKind = Literal["busy", "focus", "away"]


class BadFormat(ValueError):
    """The input is not what the source promises. The message is fit for the user."""


@dataclass(frozen=True)
class SeenTask:
    """A task as its source told it. `title` is text and goes to the snapshot only.

    `due_at` is an aware UTC instant when the source gave a fixed time; `due_local` is naive, in the
    user's zone, when it floats; `due_on` is the day, always set when there is any due date.
    `assigned_to` is whose it is to do, by the source's id of them, where the source says so.
    """

    external_id: str
    title: str
    project_id: str = ""
    priority: int = 1  # 1 normal ... 4 most urgent
    due_on: date | None = None
    due_local: datetime | None = None
    due_at: datetime | None = None
    recurring: bool = False
    added_at: datetime | None = None
    assigned_to: str = ""


@dataclass(frozen=True)
class SeenEvent:
    """A coming occurrence in a calendar, in UTC; all-day and floating ones in the user's zone.

    `kind` is "busy", or "focus" or "away": a time the user set aside, in which nobody is nudged.
    """

    external_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False
    kind: EventKind = "busy"


@dataclass(frozen=True)
class Closed:
    """A task that is no longer open in its source."""

    external_id: str
    completed_at: datetime | None = None  # None: deleted there
    completed_by: str = ""  # the source's id of who did, where it says so


@dataclass(frozen=True)
class TaskPull:
    """One read of a task list. `complete` means: what isn't here isn't there any more.

    `done` says when tasks, or occurrences of those that recur, were completed lately, oldest first:
    it tells a task that is gone from one that was deleted, and one that moved on from one put off.
    `sifted`: none of these is counted already. Else only what is due later than we knew was done anew.
    `account` is whose list it is, where the answer says so.
    """

    open: list[SeenTask]
    closed: list[Closed] = field(default_factory=list)
    complete: bool = True
    cursor: str = ""
    refused: int = 0  # entries that made no sense and were left out
    done: dict[str, list[datetime]] = field(default_factory=dict)  # no list is empty
    sifted: bool = False
    account: str = ""


@dataclass(frozen=True)
class CompletedTask:
    """A task that its source remembers as completed. Its text is left out.

    `due_at` is set when the source gave a fixed time: then the day depends on where the user is.
    """

    external_id: str
    completed_at: datetime
    project_id: str = ""
    priority: int = 1
    due_on: date | None = None
    due_at: datetime | None = None
    recurring: bool = False
    added_at: datetime | None = None
    completed_by: str = ""


@dataclass(frozen=True)
class CompletedPage:
    """Some completed tasks, and where the next page is, if there is one."""

    tasks: list[CompletedTask]
    cursor: str = ""


@dataclass(frozen=True)
class Told:
    """What a webhook says: whose account, and which task was completed when, if one was."""

    account: str
    completed: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class CalendarPull:
    """One read of a calendar: all its occurrences inside the window, or what of them changed.

    `complete` means: what isn't here isn't there any more; else `gone` names what went, and
    `unchanged` that there is no news at all. `rest`: not to be read again before.
    """

    coming: list[SeenEvent]
    refused: list[str] = field(
        default_factory=list
    )  # why entries were left out, without their text
    complete: bool = True
    gone: list[str] = field(default_factory=list)
    cursor: str = ""
    unchanged: bool = False
    rest: timedelta = timedelta(0)


@dataclass(frozen=True)
class SeenDay:
    """What one day of a health export comes to, in one measure: minutes, steps or beats a minute."""

    day: date
    measure: str  # "sleep", "steps", "mindful" or "resting"
    value: float


@dataclass(frozen=True)
class HealthPull:
    """One read of a health export: all its days from `since` to the day it was made on."""

    days: list[SeenDay]
    since: date
    made_on: date
    refused: list[str] = field(default_factory=list)  # what was left out and why, without its text
