"""Writing facts: in the same transaction as the state they are about, both or neither."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from oo.events.catalogue import Event
from oo.events.jobs import deliver_due, mirror_due
from oo.events.models import Record
from oo.lib.jobs import wake, wake_soon

# Many events within this time go to the bus together.
GATHER_SECONDS = 0.5


class OutsideTransaction(Exception):
    """`publish` was called where nothing binds the event to the change it tells of."""


def publish(*events: Event, now: datetime, occurred_at: datetime | None = None) -> None:
    """Appends events to the log and wakes their delivery after the commit.

    `occurred_at` is for a fact we hear of later: it is due now all the same.

    Raises OutsideTransaction when not inside `atomic()`.
    """
    if not transaction.get_connection().in_atomic_block:
        raise OutsideTransaction(
            "publish() belongs inside atomic(), beside the change it tells of."
        )
    if not events:
        return
    Record.objects.bulk_create(
        Record(
            subject=event.subject,
            user_id=event.user_id,
            payload=event.payload(),
            occurred_at=occurred_at or now,
            due_at=now,
            unmirrored=bool(settings.NATS_URL),
        )
        for event in events
    )
    wake(deliver_due)
    if settings.NATS_URL:
        wake_soon(mirror_due, "bus", seconds=GATHER_SECONDS)
