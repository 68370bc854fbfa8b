from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone


@shared_task
def deliver_due() -> None:
    """Delivers what is due, until nothing is."""
    from oo.events.deliver import deliver

    while deliver(now=timezone.now()):
        pass


@shared_task
def prune_log() -> None:
    from oo.events.log import prune

    prune(now=timezone.now(), older_than=timedelta(days=settings.EVENT_RETENTION_DAYS))
