from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from oo.lib.jobs import awake, wake

LONGEST_RUN = timedelta(seconds=60)


@shared_task
def deliver_due() -> None:
    """Delivers what is due, until nothing is, or has another go on where time is up."""
    from oo.events.deliver import deliver

    end = timezone.now() + LONGEST_RUN
    while deliver(now=timezone.now()):
        if timezone.now() > end:
            wake(deliver_due)  # others want the worker too
            return


@shared_task
def mirror_due(key: str = "bus") -> None:
    """Sends to the bus what waits for it, until nothing does. Without a bus, does nothing."""
    if not settings.NATS_URL:
        return
    awake(mirror_due, key)
    # Here, so that only workers load the client, and only where there is a bus.
    from oo.events.mirror import mirror

    end = timezone.now() + LONGEST_RUN
    while mirror(now=timezone.now, batches=20):
        if timezone.now() > end:
            wake(mirror_due)  # others want the worker too
            return


@shared_task
def take_inbound() -> None:
    """Takes what others published, until nothing is left or the next round takes over."""
    if not settings.NATS_URL:
        return
    from oo.events.inbound import take_all

    take_all(now=timezone.now, longest=LONGEST_RUN)


@shared_task
def purge_leavers() -> None:
    from oo.events.leave import sweep

    sweep(now=timezone.now())


@shared_task
def prune_log() -> None:
    from oo.events.log import prune, prune_parked

    kept = timedelta(days=settings.EVENT_RETENTION_DAYS)
    prune(now=timezone.now(), older_than=kept, mirrored_only=bool(settings.NATS_URL))
    prune_parked(now=timezone.now(), older_than=kept)
