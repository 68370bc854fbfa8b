from celery import shared_task
from django.utils import timezone

from oo.lib.jobs import awake

BATCH = 100


@shared_task
def refresh_user(user_id: int) -> None:
    """Something about this user changed."""
    from agents.refresh import refresh

    awake(refresh_user, user_id)
    refresh([user_id], now=timezone.now())


@shared_task
def precompute() -> None:
    """Has the pools of all who are about refreshed, a job for each batch of users."""
    from agents.active import active_users

    for batch in active_users(now=timezone.now(), size=BATCH):
        refresh_users.delay(batch)


@shared_task
def refresh_users(user_ids: list[int]) -> None:
    from agents.refresh import refresh

    refresh(user_ids, now=timezone.now())


@shared_task
def prune_candidates() -> None:
    from agents.refresh import prune

    prune(now=timezone.now())
