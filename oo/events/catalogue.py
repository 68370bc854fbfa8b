"""Every fact that crosses a floor, typed. Facts carry ids, enums and numbers, never a user's text."""

import dataclasses
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

_by_subject: dict[str, type["Event"]] = {}


class UnknownEvent(Exception):
    """A stored subject or field is not in the catalogue."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact about one user. Subclasses name their subject; fields that aren't declared don't exist."""

    subject: ClassVar[str]
    user_id: int

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _by_subject[cls.subject] = cls

    def payload(self) -> dict[str, Any]:
        """The fields as JSON values, without the user."""
        fields = {k: v for k, v in dataclasses.asdict(self).items() if k != "user_id"}
        return {k: str(v) if isinstance(v, uuid.UUID) else v for k, v in fields.items()}


def restore(subject: str, user_id: int, payload: dict[str, Any]) -> Event:
    """The event a record holds. Raises UnknownEvent."""
    try:
        return _by_subject[subject](user_id=user_id, **payload)
    except (KeyError, TypeError) as error:
        raise UnknownEvent(f"{subject}: {error}") from error


def kind_of(subject: str) -> type[Event]:
    """The kind of event that has this subject. Raises UnknownEvent."""
    try:
        return _by_subject[subject]
    except KeyError as error:
        raise UnknownEvent(subject) from error


def subjects() -> list[str]:
    return sorted(_by_subject)


@dataclass(frozen=True, kw_only=True)
class TaskSynced(Event):
    """A read of a task source changed what we know: counts of tasks new, altered and gone."""

    subject: ClassVar[str] = "signals.task.synced"
    connection_id: str
    added: int
    changed: int
    gone: int


@dataclass(frozen=True, kw_only=True)
class TaskCompleted(Event):
    """A task was completed: in its source, or in oO (which then tells the source).

    `completed_at` is when, in seconds since 1970, where its source says so. A task that recurs may
    have been completed more than once since we last knew.
    """

    subject: ClassVar[str] = "signals.task.completed"
    task_id: int
    where: Literal["source", "oo"]
    completed_at: float | None = None


@dataclass(frozen=True, kw_only=True)
class CalendarChanged(Event):
    """A calendar was read and its coming events differ from those we knew."""

    subject: ClassVar[str] = "signals.calendar.changed"
    connection_id: str
    coming: int


@dataclass(frozen=True, kw_only=True)
class WebhookReceived(Event):
    """A delivery to an endpoint of the user's was taken in, and told of so many tasks."""

    subject: ClassVar[str] = "signals.webhook.received"
    connection_id: str
    tasks: int


@dataclass(frozen=True, kw_only=True)
class HealthSampled(Event):
    """A health export changed what we know: counts of daily values new, altered and gone."""

    subject: ClassVar[str] = "signals.health.sampled"
    connection_id: str
    added: int
    changed: int
    gone: int


@dataclass(frozen=True, kw_only=True)
class ConnectionChanged(Event):
    """A connection was made, needs the user, works again or was cut."""

    subject: ClassVar[str] = "signals.connection.changed"
    connection_id: str
    source: str
    status: Literal["connected", "reconnect", "disconnected"]


@dataclass(frozen=True, kw_only=True)
class ProfileChanged(Event):
    """The user said what they want or allow, or took it back: about what, and not what they said.

    `key` is the name of the preference or document; of a context, its number in oO, as the name is
    the user's own word. What agents infer is not told of.
    """

    subject: ClassVar[str] = "signals.profile.changed"
    what: Literal["preference", "consent", "context"]
    key: str


@dataclass(frozen=True, kw_only=True)
class TipServed(Event):
    """A policy chose a tip and the user can see it."""

    subject: ClassVar[str] = "signals.tip.served"
    decision_id: str
    kind: str
    policy: str


@dataclass(frozen=True, kw_only=True)
class TipFeedback(Event):
    """The user answered a tip; `dwell_ms` is how long it was visible."""

    subject: ClassVar[str] = "signals.tip.feedback"
    decision_id: str
    reaction: str  # done, snooze or dismiss
    dwell_ms: int


@dataclass(frozen=True, kw_only=True)
class RewardSettled(Event):
    """A reaction's worth was fixed, once."""

    subject: ClassVar[str] = "feedback.reward.settled"
    decision_id: str
    reward: float


@dataclass(frozen=True, kw_only=True)
class OutsideNoted(Event):
    """A program beside oO published a note about a person on the bus: a name and a number."""

    subject: ClassVar[str] = "signals.outside.noted"
    kind: str
    value: float
