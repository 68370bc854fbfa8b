"""A source says that something changed: proven, written down once, and then the list is read.

Nothing of what it says is believed but that: what is in a list, its list says. See
docs/adr/0018-webhooks-say-that-not-what.md.
"""

import hashlib
import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import IntegrityError, transaction

from integrations.formats.facts import BadFormat, Told
from integrations.jobs import read_told
from integrations.models import Connection, Delivery
from integrations.source import TellsOfChanges, sources
from oo.lib.cache import this_minute
from oo.lib.encrypted import CannotDecrypt, fingerprints
from oo.lib.jobs import wake_soon

log = logging.getLogger(__name__)

SETTLE_SECONDS = 1.0  # changes come in flocks
APART_SECONDS = 5.0  # between two reads of one list
LONGEST_NAME = 100
# What one account can fill our table with in a minute. What comes beyond that has the list read too.
MOST_A_MINUTE = 300
READ_AT_ONCE = 10 * MOST_A_MINUTE  # the rest waits for the next read
# A read that failed leaves its deliveries waiting; the sweep is enough for those.
STILL_NEWS = timedelta(minutes=5)


class NotGenuine(Exception):
    """The source did not sign these bytes."""


def take_notice(
    source_id: str, body: bytes, *, signature: str, delivery_id: str, now: datetime
) -> int:
    """Writes down that something changed, once for each delivery, and has the list read soon.
    Returns for how many connections there was news. Raises NotGenuine.

    What is signed and means nothing to us (an unknown account, an unknown event) is no mistake of
    the sender's: there is no news, and that is all.
    """
    source = sources.get(source_id)
    assert isinstance(source, TellsOfChanges)
    if not source.is_genuine(body, signature):
        raise NotGenuine
    try:
        told = source.hear(body)
    except BadFormat as error:
        log.warning("a webhook of %s makes no sense: %s", source_id, error)
        return 0
    connected = Connection.objects.filter(
        source=source_id,
        account__in=fingerprints(told.account),
        status=Connection.Status.CONNECTED,
        user__is_active=True,
    )
    named = delivery_id[:LONGEST_NAME] if delivery_id.isprintable() else ""
    delivery_id = named or hashlib.sha256(body).hexdigest()
    count = 0
    for connection in connected.only("pk", "synced_at"):
        count += _write_down(connection, source_id, told, delivery_id, now)
    return count


def _write_down(
    connection: Connection, source_id: str, told: Told, delivery_id: str, now: datetime
) -> bool:
    ago = (now - connection.synced_at).total_seconds() if connection.synced_at else APART_SECONDS
    wait = max(SETTLE_SECONDS, min(APART_SECONDS - ago, APART_SECONDS))
    try:
        with transaction.atomic():
            if _has_room(connection, now):
                Delivery.objects.create(
                    connection=connection,
                    source=source_id,
                    delivery_id=delivery_id,
                    received_at=now,
                    due_at=now,
                    body=_kept(told),
                )
            wake_soon(read_told, str(connection.pk), seconds=wait)
    except IntegrityError:
        return False  # it was here before, or its connection was cut this moment
    return True


def _kept(told: Told) -> str:
    """What is sealed: ids and a time, and only where no read of the list would tell."""
    if not told.completed or told.at is None:
        return ""
    return json.dumps({"completed": told.completed, "at": told.at.isoformat()})


def _has_room(connection: Connection, now: datetime) -> bool:
    key = this_minute("hooks", connection.pk, now)
    with suppress(ValueError):  # without Redis nothing is counted, and all is written down
        cache.add(key, 0, timeout=120)
        return cache.incr(key) <= MOST_A_MINUTE
    return True


def heard(connection: Connection) -> tuple[list[int], dict[str, set[datetime]]]:
    """What waits to be worked off by a read that begins now: the deliveries, the newest first, and
    which tasks they say were completed, each time.
    """
    waiting = Delivery.objects.filter(connection=connection, outcome=Delivery.Outcome.WAITING)
    newest = waiting.order_by("-received_at", "-pk").values_list("pk", flat=True)
    ids = list(newest[:READ_AT_ONCE])
    done: dict[str, set[datetime]] = {}
    for body in _opened(connection, ids):
        try:
            if said := json.loads(body or "{}"):
                at = datetime.fromisoformat(said["at"])
                done.setdefault(said["completed"], set()).add(at)
        except (ValueError, KeyError, TypeError) as error:
            log.warning("what a webhook told %s is lost: %s", connection.pk, error)
    return ids, done


def _opened(connection: Connection, ids: list[int]) -> Iterator[str]:
    """Their bodies. One that no key opens takes no other along."""
    bodies = Delivery.objects.values_list("body", flat=True)
    try:
        yield from list(bodies.filter(pk__in=ids))
        return
    except CannotDecrypt:
        pass
    for pk in ids:
        try:
            yield from list(bodies.filter(pk=pk))
        except CannotDecrypt as error:
            log.warning("what a webhook told %s is lost: %s", connection.pk, error)


def worked_off(ids: list[int], *, now: datetime) -> None:
    """They have been answered by a read. Call in the transaction that took it in."""
    for start in range(0, len(ids), 500):
        Delivery.objects.filter(pk__in=ids[start : start + 500]).update(
            outcome=Delivery.Outcome.DONE, body="", finished_at=now
        )


def make_due(*, now: datetime, only: uuid.UUID | None = None) -> int:
    """Has the lists read of which there is news, save for those that wait for a source in trouble.
    Returns how many there are.
    """
    telling = [source.id for source in sources if isinstance(source, TellsOfChanges)]
    news = Delivery.objects.filter(source__in=telling, outcome=Delivery.Outcome.WAITING)
    if only is not None:
        news = news.filter(connection=only)
    return Connection.objects.filter(
        pk__in=news.values("connection"),
        status=Connection.Status.CONNECTED,
        due_at__gt=now,
        trouble="",
    ).update(due_at=now)


def still_waiting(connection_id: uuid.UUID, *, now: datetime) -> bool:
    """Whether there is fresh news that the last read did not cover."""
    return Delivery.objects.filter(
        connection=connection_id,
        outcome=Delivery.Outcome.WAITING,
        received_at__gt=now - STILL_NEWS,
        connection__status=Connection.Status.CONNECTED,
        connection__trouble="",
    ).exists()
