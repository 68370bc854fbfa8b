"""What there is to say when there is no tip, or beside it: why, and what the user can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from accounts.models import User
from agents.models import AgentOutput
from integrations.models import Connection
from integrations.source import SignalSource, sources

State = Literal["tip", "connect", "reading", "reconnect", "quiet"]


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
    now: datetime,
) -> Standing:
    """One query when there is nothing to say, else none. `rows` are the user's connections: source,
    status, when they were synced, failures. Trouble that will pass is not the user's to know.
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
    if unread:
        return Standing("reading", broken, slow=all(row["failures"] for row in unread))
    if broken:
        return Standing("reconnect", broken)
    # Who comes back after a while finds a pool that has run out, and is being filled just now.
    stocked = AgentOutput.objects.filter(user=user, expires_at__gt=now).exists()
    return Standing("quiet" if stocked else "reading")
