"""Carrying recorded events to their handlers: at least once, each handler's effect exactly once."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, transaction

from oo.events import catalogue
from oo.events.models import Delivery, Record
from oo.events.subscribe import Handler, handlers_of
from oo.lib.claim import claim

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=1)
# Within the lease of what was claimed, and well below CELERY_TASK_SOFT_TIME_LIMIT.
LONGEST_BATCH_SECONDS = 30.0


def deliver(*, now: datetime, limit: int = 200) -> int:
    """Delivers up to `limit` due events; returns how many it took.

    A handler that raises pushes its event away, longer each time, and holds up no other event and no
    other handler. What there is no time left for goes back to the queue.
    """
    records = claim(Record.objects.due(now), now=now, lease=LEASE, limit=limit)
    end = time.monotonic() + LONGEST_BATCH_SECONDS
    for number, record in enumerate(records):
        if number and time.monotonic() > end:
            _let_go(records[number:])
            return number
        try:
            _deliver_one(record, now)
        except SoftTimeLimitExceeded as error:
            # Of all that is due, this may be what takes so long: the others go before it next time.
            _push_away(record, error, now)
            _let_go(records[number + 1 :])
            raise
    return len(records)


def _deliver_one(record: Record, now: datetime) -> None:
    try:
        event = catalogue.restore(record.subject, record.user_id, record.payload)
    except catalogue.UnknownEvent as error:
        # It left the catalogue with an upgrade: no retry will make it known again.
        log.error("%s can't be delivered: %s", record, error)
        _finish(record, now, error=f"UnknownEvent: {error}"[:300])
        return
    first: Exception | None = None
    done = set(record.deliveries.values_list("handler", flat=True))
    for name, handler in handlers_of(record.subject).items():
        if name in done:
            continue
        try:
            _hand_over(record, name, handler, event, now)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            log.exception("delivery of %s to %s", record, name)
            first = first or error
    if first:
        _push_away(record, first, now)
    else:
        _finish(record, now)


def _let_go(records: Sequence[Record]) -> None:
    for record in records:
        Record.objects.filter(pk=record.pk, claim_token=record.claim_token).update(
            claim_token=None, claimed_until=None
        )


def _finish(record: Record, now: datetime, error: str = "") -> None:
    Record.objects.filter(pk=record.pk, claim_token=record.claim_token).update(
        delivered_at=now, claim_token=None, claimed_until=None, error=error
    )


def _hand_over(
    record: Record, name: str, handler: Handler, event: catalogue.Event, now: datetime
) -> None:
    with transaction.atomic():
        try:
            with transaction.atomic():
                Delivery.objects.create(record_id=record.pk, handler=name)
        except IntegrityError:
            return  # done by a worker whose lease we took over, or the person was erased meanwhile
        handler(event, now)


def _push_away(record: Record, error: Exception, now: datetime) -> None:
    wait = min(timedelta(seconds=5 * 2 ** min(record.attempts, 12)), LONGEST_WAIT)
    Record.objects.filter(pk=record.pk, claim_token=record.claim_token).update(
        attempts=record.attempts + 1,
        due_at=now + wait,
        error=f"{type(error).__name__}: {error}"[:300],
        claim_token=None,
        claimed_until=None,
    )
