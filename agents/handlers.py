"""What agents do when something happened."""

from datetime import datetime

from accounts import preferences
from agents.infer import infer
from agents.jobs import refresh_user
from agents.pool import retire_about, retire_closed
from agents.refresh import refresh
from agents.registry import agents
from agents.withdraw import say_afresh, withdraw_unfounded
from oo.events.catalogue import (
    CalendarChanged,
    ConnectionChanged,
    Event,
    ProfileChanged,
    TaskCompleted,
    TaskSynced,
    TipFeedback,
    kind_of,
)
from oo.events.subscribe import on
from oo.lib.jobs import wake_soon

# Events come in flocks; one refresh answers them all.
SETTLE_SECONDS = 1.0


@on(TaskCompleted)
def retire_what_was_done(event: TaskCompleted, now: datetime) -> None:
    # Also where the task goes on with its next occurrence: the refresh says what is true of that.
    retire_about(event.task_id, now=now)


@on(TaskCompleted, TaskSynced)
def retire_what_is_gone(event: TaskCompleted | TaskSynced, now: datetime) -> None:
    retire_closed(event.user_id, now=now)


@on(ConnectionChanged, ProfileChanged)
def withdraw_what_is_not_allowed(event: ConnectionChanged | ProfileChanged, now: datetime) -> None:
    withdraw_unfounded(event.user_id, now=now)


@on(ConnectionChanged)
def look_back_on_what_is_left(event: ConnectionChanged, now: datetime) -> None:
    # What came from a source is gone with it: also what was concluded from it, by agents that need none.
    if event.status != "connected":
        say_afresh(event.user_id, now=now)
    infer([event.user_id], now=now)


# What the pool itself is made of, and whatever an agent's manifest listens to. An answer is among the
# former: an advice that rests leaves its place to another.
REFRESHING = {
    *(TaskCompleted, TaskSynced, CalendarChanged, ConnectionChanged, ProfileChanged, TipFeedback),
    *(kind_of(subject) for agent in agents for subject in agent.manifest.listens),
}


@on(*REFRESHING)
def refresh_the_pool(event: Event, now: datetime) -> None:
    wake_soon(refresh_user, event.user_id, seconds=SETTLE_SECONDS)


def go_by_what_they_want(user_id: int, now: datetime) -> None:
    refresh([user_id], now=now)


preferences.when_changed(go_by_what_they_want)
