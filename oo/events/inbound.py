"""Taking what others publish on the bus: each message once, for ever; what can't be read is set aside."""

import hashlib
import logging
import math
import re
import uuid
from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from google.protobuf.message import DecodeError

from oo.events.bus import Arrived, Bus
from oo.events.catalogue import OutsideNoted
from oo.events.generated.bus_pb2 import Note
from oo.events.models import Inbound
from oo.events.pseudonyms import user_of
from oo.events.publish import publish

log = logging.getLogger(__name__)

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
BATCH = 100
TRIES = 5
SOONEST = datetime(2000, 1, 1, tzinfo=UTC)


class Refused(Exception):
    """A message that is not what docs/bus.md asks for. The text says why."""


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
    try:
        with transaction.atomic():
            Inbound.objects.create(
                message_id=note.event_id,
                user_id=user_id,
                subject=message.subject,
                sequence=message.sequence,
                received_at=now,
            )
            fact = OutsideNoted(user_id=user_id, kind=note.kind, value=note.value)
            publish(fact, now=occurred_at)
    except IntegrityError:
        return False  # it came before
    return True


def _read(message: Arrived, now: datetime) -> tuple[Note, int, datetime]:
    root, _, rest = message.subject.partition(".")
    kind, _, token = rest.partition(".")
    if (root, kind) != ("inbound", "note") or not token:
        raise Refused("the subject has to be inbound.note.<pseudonym>")
    user_id = user_of(token)
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


def _park(message: Arrived, error: str, now: datetime) -> None:
    # Known by what it is: without a readable id nothing else tells it apart. The words of a stranger
    # are not kept; the stream still has them, under the sequence.
    digest = hashlib.sha256(message.subject.encode() + b"\0" + message.data).hexdigest()
    Inbound.objects.get_or_create(
        message_id=f"parked:{digest}",
        defaults={
            "subject": message.subject[:200],
            "sequence": message.sequence,
            "received_at": now,
            "parked": True,
            "error": error,
        },
    )
