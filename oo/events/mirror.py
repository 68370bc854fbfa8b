"""Carrying recorded events to the bus: each at least once, a person's in their order, in batches.

One worker at a time does it, under a lease, and none of them waits for it. Delivery to handlers knows
nothing of this: a bus that is down leaves marks on rows and a date to try again, and that is all.
"""

import logging
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from oo.events import catalogue, wire
from oo.events.bus import Bus, BusDown, Message
from oo.events.lease import RELAY, LostLease, let_go, renew, take
from oo.events.models import Record, Relay
from oo.events.pseudonyms import pseudonyms_of

log = logging.getLogger(__name__)

LONGEST_WAIT = timedelta(minutes=1)
BATCH = 500
# The length of a run. A job that takes longer than Celery allows would be killed.
BATCHES = 100

Clock = Callable[[], datetime]


def mirror(*, now: Clock, batch: int = BATCH, batches: int = BATCHES) -> int:
    """Sends what waits, until nothing does or `batches` are sent. Returns how many records it sent.

    Does nothing, at the cost of two queries, while another worker does it or the bus has just failed.
    The clock is asked before each batch, which renews the lease.
    """
    if not Record.objects.unmirrored().exists():
        return 0
    lease = take(RELAY, now())
    if lease is None:
        return 0
    sent = 0
    try:
        with Bus() as bus:
            for _ in range(batches):
                renew(lease, now())
                carried = _carry(bus, batch, now())
                sent += carried
                if carried < batch:
                    break
        let_go(lease, due_at=None, failing_since=None, attempts=0, error="")
    except BusDown as error:
        _back_off(lease, str(error), now())
    except LostLease:
        log.warning("another worker took over while we were sending")
    except BaseException:
        let_go(lease)
        raise
    return sent


def resting(now: datetime) -> bool:
    """The bus has just failed, and it is not time yet to try it again."""
    return Relay.objects.filter(due_at__gt=now).exists()


def _back_off(lease: uuid.UUID, error: str, now: datetime) -> None:
    row = Relay.objects.get(pk=RELAY)
    wait = min(timedelta(seconds=2 * 2 ** min(row.attempts, 8)), LONGEST_WAIT)
    log.warning("the bus doesn't take events, trying again in %s s: %s", wait.seconds, error)
    let_go(
        lease,
        due_at=now + wait,
        attempts=row.attempts + 1,
        failing_since=row.failing_since or now,
        error=error[:300],
    )


def _carry(bus: Bus, batch: int, now: datetime) -> int:
    """Sends the first `batch` that wait and marks those that are there. Returns how many it took.

    Where the bus fails on the way, what it confirmed is marked all the same: else a batch it is too
    slow for would come again for ever. A person's order stands: what they have next to be sent is
    the first that was not confirmed. Raises BusDown.
    """
    records = list(Record.objects.unmirrored()[:batch])
    if not records:
        return 0
    names = pseudonyms_of({record.user_id for record in records})
    messages: list[Message] = []
    never: dict[str, str] = {}
    for record in records:
        try:
            event = catalogue.restore(record.subject, record.user_id, record.payload)
            data = wire.seal(event, record.uid, names[record.user_id], record.occurred_at)
        except catalogue.UnknownEvent as error:
            # It left the catalogue with an upgrade: no retry will make it known again.
            never[str(record.uid)] = str(error)
        else:
            name = f"{record.subject}.{names[record.user_id]}"
            messages.append(Message(str(record.uid), name, data))
    try:
        never |= bus.publish(messages)
    except BusDown:
        _mark(records, bus.stored, never, now)
        raise
    _mark(records, bus.stored, never, now)
    return len(bus.stored) + len(never)


def _mark(
    records: Sequence[Record], stored: set[str], never: dict[str, str], now: datetime
) -> None:
    good = [record.pk for record in records if str(record.uid) in stored]
    Record.objects.filter(pk__in=good).update(unmirrored=False, mirrored_at=now, mirror_error="")
    for record in records:
        if reason := never.get(str(record.uid)):
            log.error("%s can't be mirrored: %s", record, reason)
            Record.objects.filter(pk=record.pk).update(unmirrored=False, mirror_error=reason[:300])
