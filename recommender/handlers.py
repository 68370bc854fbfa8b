"""What the recommender does when something happened."""

from datetime import datetime

from oo.events.catalogue import (
    ConnectionChanged,
    RewardSettled,
    TaskCompleted,
    TaskSynced,
    TipFeedback,
)
from oo.events.subscribe import on
from oo.lib.jobs import wake, wake_soon
from recommender.jobs import learn_user, settle_rewards
from recommender.react import close_untrue
from recommender.serving import LEARN_SECONDS


@on(TipFeedback)
def settle_it(event: TipFeedback, now: datetime) -> None:
    wake(settle_rewards)


@on(RewardSettled)
def learn_from_it(event: RewardSettled, now: datetime) -> None:
    wake_soon(learn_user, event.user_id, seconds=LEARN_SECONDS)


@on(TaskCompleted, TaskSynced, ConnectionChanged)
def take_back_what_is_untrue(event: TaskSynced, now: datetime) -> None:
    close_untrue(event.user_id, now=now)
