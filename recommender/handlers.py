"""What the recommender does when something happened."""

from datetime import UTC, datetime

from oo.events.catalogue import (
    ConnectionChanged,
    RewardSettled,
    TaskCompleted,
    TaskSynced,
    TipFeedback,
)
from oo.events.subscribe import on
from oo.lib.jobs import wake, wake_soon
from recommender.jobs import LEARN_SECONDS, learn_user, settle_rewards
from recommender.late import close_completed, completed_elsewhere
from recommender.react import close_untrue


@on(TipFeedback)
def settle_it(event: TipFeedback, now: datetime) -> None:
    wake(settle_rewards)


@on(RewardSettled)
def learn_from_it(event: RewardSettled, now: datetime) -> None:
    wake_soon(learn_user, event.user_id, seconds=LEARN_SECONDS)


@on(TaskCompleted)
def count_it_as_done(event: TaskCompleted, now: datetime) -> None:
    if event.where == "source":
        said = event.completed_at
        at = datetime.fromtimestamp(said, UTC) if said is not None else None
        completed_elsewhere(event.task_id, at=at, now=now)
        close_completed(event.task_id, at=at, now=now)


@on(TaskCompleted, TaskSynced, ConnectionChanged)
def take_back_what_is_untrue(event: TaskSynced, now: datetime) -> None:
    close_untrue(event.user_id, now=now)
