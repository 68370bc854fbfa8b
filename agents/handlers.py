"""What agents do when something happened."""

from datetime import datetime

from agents.jobs import refresh_user
from agents.refresh import retire_closed
from oo.events.catalogue import CalendarChanged, ConnectionChanged, TaskCompleted, TaskSynced
from oo.events.subscribe import on
from oo.lib.jobs import wake_soon

# Events come in flocks; one refresh answers them all.
SETTLE_SECONDS = 1.0


@on(TaskCompleted, TaskSynced)
def retire_what_is_gone(event: TaskCompleted | TaskSynced, now: datetime) -> None:
    retire_closed(event.user_id, now=now)


@on(TaskCompleted, TaskSynced, CalendarChanged, ConnectionChanged)
def refresh_the_pool(event: TaskSynced, now: datetime) -> None:
    wake_soon(refresh_user, event.user_id, seconds=SETTLE_SECONDS)
