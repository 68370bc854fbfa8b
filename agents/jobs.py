from celery import shared_task
from django.utils import timezone

from oo.lib.jobs import awake

BATCH = 100
EVERY_SECONDS = 600


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
        # What is still queued when the next round comes is not worth doing any more.
        refresh_users.apply_async((batch,), expires=EVERY_SECONDS)


@shared_task
def refresh_users(user_ids: list[int]) -> None:
    from agents.refresh import refresh

    refresh(user_ids, now=timezone.now())


@shared_task
def prune_candidates() -> None:
    from agents.pool import prune

    prune(now=timezone.now())
