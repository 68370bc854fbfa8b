"""What there is to say when there is no tip, or beside it: why, and what the user can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from accounts.models import User
from agents.models import AgentOutput
from integrations.freshness import input_of
from integrations.models import Connection, Task
from integrations.source import SignalSource, sources
from recommender.seat import time_of

State = Literal["tip", "connect", "reading", "reconnect", "quiet"]

# Who has just connected a list came to see what is in it, and waits so long for it.
PATIENCE = timedelta(seconds=30)


@dataclass(frozen=True)
class Standing:
    """Where a user's sources stand. `reconnect` names those that only the user can mend; `slow`
    says that a first read is under way and its source makes it wait.
    """

    state: State
    reconnect: tuple[SignalSource, ...] = ()
    slow: bool = False


def standing(
    user: User,
    rows: Sequence[Mapping[str, Any]],
    *,
    has_tip: bool,
    silent: bool = False,
    reading: bool = False,
    now: datetime,
) -> Standing:
    """One query when there is nothing to say, else none. `rows` are the user's connections: source,
    status, when they were synced, failures, since when there is one. Trouble that will pass is not
    the user's to know. `reading` says that their list is waited for.
    """
    broken = tuple(
        sources.get(row["source"])
        for row in rows
        if row["status"] == Connection.Status.RECONNECT and row["source"] in sources
    )
    if has_tip:
        return Standing("tip", broken)
    if silent:
        return Standing("quiet", broken)
    if not rows:
        return Standing("connect")
    unread = [
        row
        for row in rows
        if row["status"] == Connection.Status.CONNECTED and row["synced"] is None
    ]
    if unread or reading:
        return Standing(
            "reading", broken, slow=bool(unread) and all(row["failures"] for row in unread)
        )
    if broken:
        return Standing("reconnect", broken)
    # Who comes back after a while finds a pool that has run out, and is being filled just now.
    stocked = AgentOutput.objects.filter(user=user, expires_at__gt=now).exists()
    return Standing("quiet" if stocked else "reading")


def just_connected(rows: Sequence[Mapping[str, Any]], *, now: datetime) -> list[Mapping[str, Any]]:
    """The user's connections to lists of tasks that are so new that what is in them is waited for."""
    return [
        row
        for row in rows
        if row["status"] == Connection.Status.CONNECTED
        and input_of(row["source"]) == "tasks"
        and timedelta(0) <= now - time_of(row["since"]) < PATIENCE
    ]


def is_first_read(rows: Sequence[Mapping[str, Any]], *, now: datetime) -> bool:
    """Whether a list is read for the first time just now."""
    return any(row["synced"] is None for row in just_connected(rows, now=now))


def awaits_its_pool(
    user: User, rows: Sequence[Mapping[str, Any]], about_tasks: bool, *, now: datetime
) -> bool:
    """Whether a list was just read and has open tasks, and the agents have said nothing of them yet.
    A query only where somebody has just connected and there is nothing `about_tasks`.
    """
    if about_tasks or not just_connected(rows, now=now):
        return False
    return Task.objects.filter(user=user, closed_at=None).exists()
