from celery import shared_task
from django.utils import timezone

BATCH = 20


@shared_task
def sync_sweep() -> None:
    """Reads the connections that are due, a batch; when the batch was full, has another taken."""
    from integrations.sync import sync_due

    if sync_due(now=timezone.now(), limit=BATCH) == BATCH:
        sync_sweep.delay()


@shared_task
def sync_connections(user_id: int) -> None:
    """Somebody looks, or has just connected: reads their sources now."""
    from integrations.sync import sync_user

    sync_user(user_id, now=timezone.now())


@shared_task
def send_commands() -> None:
    from integrations.commands import send_due

    while send_due(now=timezone.now()):
        pass


@shared_task
def revoke_tokens() -> None:
    from integrations.disconnect import revoke_due

    while revoke_due(now=timezone.now()):
        pass
