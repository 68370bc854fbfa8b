"""What a source's answer becomes: values without behaviour, shared by all formats. Pure."""

from dataclasses import dataclass, field
from datetime import date, datetime


class BadFormat(ValueError):
    """The input is not what the source promises. The message is fit for the user."""


@dataclass(frozen=True)
class SeenTask:
    """A task as its source told it. `title` is text and goes to the snapshot only.

    `due_at` is an aware UTC instant when the source gave a fixed time; `due_local` is naive, in the
    user's zone, when it floats; `due_on` is the day, always set when there is any due date.
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


@dataclass(frozen=True)
class SeenEvent:
    """A coming occurrence in a calendar, in UTC; all-day and floating ones in the user's zone."""

    external_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False


@dataclass(frozen=True)
class Closed:
    """A task that is no longer open in its source."""

    external_id: str
    completed_at: datetime | None = None  # None: deleted there


@dataclass(frozen=True)
class TaskPull:
    """One read of a task list. `complete` means: what isn't here isn't there any more."""

    open: list[SeenTask]
    closed: list[Closed] = field(default_factory=list)
    complete: bool = True
    cursor: str = ""
    refused: int = 0  # entries that made no sense and were left out


@dataclass(frozen=True)
class CalendarPull:
    """One read of a calendar: all its occurrences inside the window."""

    coming: list[SeenEvent]
    refused: list[str] = field(
        default_factory=list
    )  # why entries were left out, without their text
