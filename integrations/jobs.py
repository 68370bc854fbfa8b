import time
import uuid
from collections.abc import Callable
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.seen import saw
from oo.lib.jobs import awake, wake_soon

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
    from integrations.due import pull_in
    from integrations.sync import sync_due

    pull_in(now=timezone.now())
    if _work_off(sync_due):
        # One that finds no free worker for so long is not needed: beat brings the next.
        sync_sweep.apply_async(expires=30)


@shared_task
def sync_connections(user_id: int) -> None:
    """Somebody looks, or has just connected: reads their sources now."""
    from integrations.sync import sync_user

    now = timezone.now()
    saw(user_id, now=now)
    sync_user(user_id, now=now)


@shared_task
def send_commands() -> None:
    from integrations.commands import send_due

    _work_off(send_due)


@shared_task
def work_off_deliveries(endpoint_id: str | None = None) -> None:
    """Takes in what was posted to an endpoint of a user's, or to any."""
    from integrations.work_off import work_off

    if endpoint_id is None:
        _work_off(work_off)
    else:
        awake(work_off_deliveries, endpoint_id)
        work_off(now=timezone.now(), only=uuid.UUID(endpoint_id))


# Reading a whole export takes minutes; the reader itself ends after HEALTH_READ_SECONDS.
@shared_task(
    soft_time_limit=settings.HEALTH_READ_SECONDS + 60, time_limit=settings.HEALTH_READ_SECONDS + 90
)
def read_uploads() -> None:
    """Reads one file that was handed over, and has the next one taken when it is done."""
    from integrations.uploads import read_waiting, sweep_uploads

    sweep_uploads(now=timezone.now())
    if read_waiting(now=timezone.now(), limit=1):
        read_uploads.apply_async(expires=30)


@shared_task
def read_told(connection_id: str | None = None) -> None:
    """Reads the list that a webhook told us of, or all of which there is news."""
    from integrations.hooks import make_due, still_waiting
    from integrations.sync import sync_due, sync_told

    if connection_id is None:
        if make_due(now=timezone.now()):
            _work_off(sync_due)
        return
    awake(read_told, connection_id)
    only = uuid.UUID(connection_id)
    make_due(now=timezone.now(), only=only)
    if still_waiting(only, now=timezone.now()):
        # Just this one: it waits behind nothing, and works off nobody's backlog.
        sync_told(only, now=timezone.now())
    if still_waiting(only, now=timezone.now()):
        wake_soon(read_told, connection_id, seconds=2.0)  # somebody else is reading it just now


@shared_task
def read_histories() -> None:
    """Reads what was completed before people connected, as much as fits."""
    from integrations.history import read_histories_due

    _work_off(read_histories_due)


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
