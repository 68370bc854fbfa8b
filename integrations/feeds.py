"""Feeds: calendars behind secret addresses, of which a user may have several."""

import logging
from datetime import datetime

from django.core.cache import cache
from django.db import transaction

from accounts.models import User
from integrations.due import interval
from integrations.formats.facts import BadFormat
from integrations.ingest_calendar import ingest_calendar
from integrations.models import Connection
from integrations.source import SourceTrouble, UsesAddress
from integrations.troubles import WORDS
from oo.events.catalogue import ConnectionChanged
from oo.events.publish import publish
from oo.lib.encrypted import fingerprint, fingerprints

log = logging.getLogger(__name__)

LONGEST_LABEL = 60
TRIES_AN_HOUR = 30  # each goes out to an address that a person typed
LONGEST_TRY = 120  # seconds, after which one that died no longer keeps the next out


class CannotAdd(Exception):
    """The message says why, and what to do."""


def add_feed(
    user: User, source: UsesAddress, typed: str, label: str, *, now: datetime
) -> Connection:
    """Reads what is at an address, and connects it when that is a calendar. Raises CannotAdd.

    It is read before it is kept: an address that was mistyped is best mended while one looks.
    """
    try:
        address = source.understand(typed)
    except BadFormat as error:
        raise CannotAdd(str(error)) from None
    slots = fingerprints(address)  # under an older key it is the same address
    mine = Connection.objects.filter(user=user, source=source.id)
    if mine.filter(slot__in=slots).exists():
        raise CannotAdd("You have this calendar already.")
    if mine.count() >= source.most:
        raise CannotAdd(f"oO reads at most {source.most} of them. Remove one first.")
    if not _may_try(user, now):
        raise CannotAdd("That were many tries. Wait an hour, then try again.")
    trying = f"feed-trying:{user.pk}"
    if not cache.add(trying, 1, timeout=LONGEST_TRY) and cache.has_key(trying):
        raise CannotAdd("An address of yours is being read just now. Wait a moment, and try again.")
    try:
        pull = source.pull(address, cursor="", now=now, time_zone=user.time_zone)
    except SourceTrouble as error:
        log.info("adding a %s: %s", source.id, error)
        raise CannotAdd(AT_ONCE.get(error.code, AT_ONCE[""])) from None
    finally:
        cache.delete(trying)
    with transaction.atomic():
        # One more look, alone with the user's other tries.
        User.objects.select_for_update().get(pk=user.pk)
        if mine.filter(slot__in=slots).exists() or mine.count() >= source.most:
            raise CannotAdd("You have this calendar already.")
        connection = Connection.objects.create(
            user=user,
            source=source.id,
            slot=fingerprint(address),
            label=tidy(label),
            access_token=address,
            zone=user.time_zone,
            created_at=now,
            granted_at=now,
            synced_at=now,
            due_at=now + max(interval(source.id), pull.rest),
        )
        ingest_calendar(connection, pull, now=now)
        made = ConnectionChanged(
            user_id=user.pk, connection_id=str(connection.pk), source=source.id, status="connected"
        )
        publish(made, now=now)
    return connection


def rename_feed(connection: Connection, label: str) -> None:
    Connection.objects.filter(pk=connection.pk).update(label=tidy(label))


def tidy(label: str) -> str:
    """A label as one short line."""
    return " ".join("".join(c if c.isprintable() else " " for c in label).split())[:LONGEST_LABEL]


def _may_try(user: User, now: datetime) -> bool:
    key = f"feeds-tried:{user.pk}:{int(now.timestamp()) // 3600}"
    cache.add(key, 0, timeout=7200)
    try:
        return cache.incr(key) <= TRIES_AN_HOUR
    except ValueError:  # nothing is counted without a cache
        return True


# What to say of an address that was just typed.
AT_ONCE = {
    "": "This address could not be reached. Look whether it is whole, and try again.",
    "link_broken": "There is nothing at this address, or it wants a sign-in. Copy the secret one.",
    "no_calendar": (
        "At this address is a web page or something else that is no calendar. Copy the one that "
        "ends in .ics."
    ),
    "too_large": WORDS["too_large"],
    "forbidden": "This address leads to a place that oO must not open.",
    "unreadable": "The calendar at this address could not be read. Is it published as iCal or .ics?",
}
