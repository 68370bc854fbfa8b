import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from oo.lib.jobs import awake

log = logging.getLogger(__name__)

BATCH = 200


@shared_task
def settle_rewards() -> None:
    from recommender.react import settle

    while settle(now=timezone.now(), limit=BATCH) == BATCH:
        pass


@shared_task
def learn_user(user_id: int) -> None:
    from recommender.learn import learn

    awake(learn_user, user_id)
    learn(user_id, now=timezone.now())


@shared_task
def learn_sweep() -> None:
    """Settles and learns whatever a lost wake-up left behind."""
    from recommender.learn import learn, users_to_teach

    settle_rewards()
    last = 0
    while users := users_to_teach(limit=BATCH, after=last):
        for user_id in users:
            try:
                learn(user_id, now=timezone.now())
            except Exception:
                # One person's fault must not keep the others untaught.
                log.exception("learning for user %s", user_id)
        last = users[-1]


@shared_task
def prune_decisions() -> None:
    """Drops decisions that nobody answered, past their retention."""
    from recommender.react import prune_unanswered

    keep = timedelta(days=settings.EVENT_RETENTION_DAYS)
    prune_unanswered(now=timezone.now(), older_than=keep)


@shared_task
def expire_tips() -> None:
    from recommender.react import expire

    expire(now=timezone.now())
