import time
from collections.abc import Callable
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

# With the longest that one piece of work takes, below CELERY_TASK_SOFT_TIME_LIMIT.
SECONDS = 40.0


def _work_off(step: Callable[..., int]) -> bool:
    """Has one piece of work done after the other; whether time was up before the work was."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not step(now=timezone.now(), limit=1):
            return False
    return True


@shared_task
def sync_sweep() -> None:
    """Reads the connections that are due, as many as fit; when more are due, has them taken."""
    from integrations.sync import sync_due

    if _work_off(sync_due):
        # One that finds no free worker for so long is not needed: beat brings the next.
        sync_sweep.apply_async(expires=30)


@shared_task
def sync_connections(user_id: int) -> None:
    """Somebody looks, or has just connected: reads their sources now."""
    from integrations.sync import sync_user

    sync_user(user_id, now=timezone.now())


@shared_task
def send_commands() -> None:
    from integrations.commands import send_due

    _work_off(send_due)


@shared_task
def revoke_tokens() -> None:
    from integrations.disconnect import revoke_due

    _work_off(revoke_due)


@shared_task
def prune_signals() -> None:
    """Drops tasks closed, events over and commands finished past their retention."""
    from integrations.retention import prune_past

    keep = timedelta(days=settings.EVENT_RETENTION_DAYS)
    prune_past(now=timezone.now(), older_than=keep)
