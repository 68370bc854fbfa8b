from celery import shared_task
from django.utils import timezone

from oo.lib.jobs import awake

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
    while users := users_to_teach(limit=BATCH):
        for user_id in users:
            learn(user_id, now=timezone.now())


@shared_task
def expire_tips() -> None:
    from recommender.react import expire

    expire(now=timezone.now())
