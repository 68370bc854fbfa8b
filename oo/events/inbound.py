"""Taking what others publish on the bus: each message once, for ever; what can't be read is set aside."""

import hashlib
import logging
import math
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from google.protobuf.message import DecodeError

from oo.events.bus import Arrived, Bus, BusDown
from oo.events.catalogue import OutsideNoted
from oo.events.generated.bus_pb2 import Note
from oo.events.lease import TAKER, LostLease, let_go, renew
from oo.events.lease import take as take_lease
from oo.events.mirror import resting
from oo.events.models import Inbound, Pseudonym, Relay
from oo.events.pseudonyms import user_of
from oo.events.publish import publish

log = logging.getLogger(__name__)

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
BATCH = 100
TRIES = 5
MINUTE = timedelta(minutes=1)
PER_MINUTE = 60
# What is refused is kept to be looked at. Beyond this nobody would.
PARKED_PER_HOUR = 1000
SHAPE = re.compile(r"inbound\.note\.([!-~]+)")
SOONEST = datetime(2000, 1, 1, tzinfo=UTC)


class Refused(Exception):
    """A message that is not what docs/bus.md asks for. The text says why."""


def take_all(*, now: Callable[[], datetime], longest: timedelta) -> int:
    """Takes what came in, until nothing is left or the time is up. Returns how many it dealt with.

    Does nothing while another worker does it, or when the bus has just failed.
    """
    if resting(now()):
        return 0
    lease = take_lease(TAKER, now())
    if lease is None:
        return 0
    end = now() + longest
    taken = 0
    error = ""
    try:
        with Bus() as bus:
            while now() < end:
                renew(lease, now())
                dealt = take(bus, now=now(), seconds=0.3)
                taken += dealt
                if not dealt:
                    break
            if bus.unsettled:
                error = f"{bus.unsettled} came more than once and could not be taken in"
    except BusDown as down:
        log.warning("the bus gives no messages: %s", down)
        error = str(down)
    except LostLease:
        log.warning("another worker took over while we were taking")
    except BaseException:
        let_go(lease)
        raise
    _tell(lease, error, now())
    return taken


def _tell(lease: uuid.UUID, error: str, now: datetime) -> None:
    row = Relay.objects.get(pk=TAKER)
    since = (row.failing_since or now) if error else None
    let_go(lease, failing_since=since, error=error[:300])


def take(bus: Bus, *, now: datetime, seconds: float = 1.0) -> int:
    """Takes up to a batch of what came in. Returns how many it dealt with. Raises BusDown.

    A message is settled after the commit: if we die between, it comes again and is known.
    """
    arrived = bus.fetch(BATCH, seconds)
    for message in arrived:
        try:
            accept(message, now=now)
        except Exception as error:
            # Ours, not the sender's: it comes again, and doesn't keep the others waiting.
            log.exception("inbound message %d", message.sequence)
            if message.tries < TRIES:
                continue
            _park(message, f"can't be taken in: {type(error).__name__}", now)
        bus.settle(message)
    return len(arrived)


def accept(message: Arrived, *, now: datetime) -> bool:
    """Records a message and publishes what it says, in one transaction. False when it was known or
    had to be parked."""
    try:
        note, user_id, occurred_at = _read(message, now)
    except Refused as error:
        _park(message, str(error), now)
        return False
    sent_at = message.sent_at or now
    if _known(note, message):
        return False
    if _too_many(user_id, sent_at):
        # One row for the minute, however many there are: it is the flood that is worth a look.
        minute = f"{message.subject} {sent_at:%Y-%m-%d %H:%M}"
        _park(message, f"more than {PER_MINUTE} about one person in a minute", now, known_by=minute)
        return False
    try:
        with transaction.atomic():
            # Held until the commit: who leaves meanwhile waits for us, and takes this along.
            theirs = Pseudonym.objects.select_for_update().filter(user_id=user_id)
            if not theirs.exists():
                return False
            Inbound.objects.create(
                message_id=note.event_id,
                user_id=user_id,
                subject=message.subject,
                sequence=message.sequence,
                sent_at=sent_at,
                received_at=now,
            )
            fact = OutsideNoted(user_id=user_id, kind=note.kind, value=note.value)
            publish(fact, now=now, occurred_at=occurred_at)
    except IntegrityError:
        return False  # it came before
    return True


def _known(note: Note, message: Arrived) -> bool:
    return Inbound.objects.filter(message_id=note.event_id, subject=message.subject).exists()


def _too_many(user_id: int, sent_at: datetime) -> bool:
    """By when they were sent: what waited while we were away is no flood."""
    near = Inbound.objects.filter(user_id=user_id, parked=False)
    near = near.filter(sent_at__gt=sent_at - MINUTE, sent_at__lte=sent_at)
    return near.count() >= PER_MINUTE


def _read(message: Arrived, now: datetime) -> tuple[Note, int, datetime]:
    if message.unreadable:
        raise Refused("its subject or its headers are not text")
    shape = SHAPE.fullmatch(message.subject)
    if shape is None:
        raise Refused("the subject has to be inbound.note.<pseudonym>")
    user_id = user_of(shape[1])
    if user_id is None:
        raise Refused("the pseudonym is nobody's")
    try:
        note = Note.FromString(message.data)
        note.event_id = str(uuid.UUID(note.event_id))
    except DecodeError as error:
        raise Refused("not a Note of oo.bus.v1") from error
    except ValueError as error:
        raise Refused("event_id has to be a UUID") from error
    if not KIND.fullmatch(note.kind):
        raise Refused("kind has to be up to 40 of a-z, 0-9 and _, beginning with a letter")
    if not math.isfinite(note.value):
        raise Refused("value has to be a finite number")
    return note, user_id, _when(note, now)


def _when(note: Note, now: datetime) -> datetime:
    if not note.HasField("occurred_at"):
        return now
    try:
        occurred_at = note.occurred_at.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Refused("occurred_at is not a date") from error
    if occurred_at < SOONEST:
        raise Refused("occurred_at is before the year 2000")
    return min(occurred_at, now)


def _park(message: Arrived, error: str, now: datetime, known_by: str = "") -> None:
    # Known by what it is: without a readable id nothing else tells it apart. The words of a stranger
    # are not kept; the stream still has them, under the sequence.
    itself = message.subject.encode("utf-8", "backslashreplace") + b"\0" + message.data
    digest = hashlib.sha256(known_by.encode() or itself).hexdigest()
    subject = re.sub(r"[^!-~]", "?", message.subject)
    if (
        Inbound.objects.filter(parked=True, received_at__gt=now - 60 * MINUTE).count()
        >= PARKED_PER_HOUR
    ):
        log.warning("inbound message %d was refused and is not listed: %s", message.sequence, error)
        return
    Inbound.objects.get_or_create(
        message_id=f"parked:{digest}",
        subject=subject[:200],
        defaults={
            "user_id": user_of(subject.rpartition(".")[2]),
            "sequence": message.sequence,
            "sent_at": message.sent_at or now,
            "received_at": now,
            "parked": True,
            "error": error,
        },
    )
