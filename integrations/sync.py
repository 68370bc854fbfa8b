"""Reading connections: claimed first, backing off when the source has trouble, disabling nothing."""

import logging
import uuid
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import models, transaction
from django.db.models import Q

from integrations import snapshot
from integrations.access import mark_reconnect, oauth_source, with_access
from integrations.commands import send_for
from integrations.ingest import ingest_tasks, move_to_zone, told
from integrations.models import Connection
from integrations.source import NeedsReconnect, SourceTrouble, sources
from oo.lib.claim import one_by_one
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
SHORTEST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
MOST_RETRY_AFTER = timedelta(days=1)
# A source that answered nobody so many times in a row is left alone for a while: waiting for it, one
# connection after another, would take the workers from all that needs no source.
SILENT_AFTER = 5
SILENT_SECONDS = 60


def sync_due(*, now: datetime, limit: int) -> int:
    """Reads up to `limit` connections whose time has come. Returns how many were taken."""
    return _read_all(Connection.objects.due(now), now=now, limit=limit)


def sync_user(user_id: int, *, now: datetime) -> int:
    """Reads one user's connections that are not fresh, unless their source is in trouble."""
    stale = Q(synced_at=None) | Q(synced_at__lt=now - timedelta(seconds=settings.FRESH_SECONDS))
    waiting = Q(failures__gt=0, due_at__gt=now)
    mine = Connection.objects.filter(
        stale, user_id=user_id, status=Connection.Status.CONNECTED, due_at__isnull=False,
        user__is_active=True,
    ).exclude(waiting)  # fmt: skip
    return _read_all(mine.order_by("due_at"), now=now, limit=10)


def read_soon(connection_id: uuid.UUID, *, now: datetime) -> bool:
    """Makes a connection due now, whatever it waits for. False when it is not one to be read."""
    from integrations.jobs import sync_sweep

    readable = Connection.objects.filter(
        pk=connection_id, status=Connection.Status.CONNECTED, due_at__isnull=False,
        user__is_active=True,
    )  # fmt: skip
    if not readable.update(due_at=now):
        return False
    wake(sync_sweep)
    return True


def _read_all(rows: "models.QuerySet[Connection]", *, now: datetime, limit: int) -> int:
    taken = 0
    rows = rows.exclude(source__in=_silent())
    for connection in one_by_one(rows, now=now, lease=LEASE, limit=limit):
        taken += 1
        try:
            read(connection, now=now)
        except Connection.DoesNotExist:
            log.info("%s is no longer as it was when its read began", connection.pk)
            _settle(connection, now=now, failures=0, trouble="", wait=timedelta(0))
        except NeedsReconnect as error:
            log.info("%s needs its user: %s", connection.pk, error)
            mark_reconnect(connection, now=now)
            _settle(connection, now=now, failures=0, trouble="", wait=LONGEST_WAIT)
        except SourceTrouble as error:
            log.warning("%s: %s", connection.pk, error)
            _push_away(connection, error.code, error.retry_after, now)
            if error.code == "unreachable" and _note_silence(connection.source):
                break
        except Exception:
            # One connection that trips over a fault of ours must not keep the others unread.
            log.exception("reading %s", connection.pk)
            _push_away(connection, "internal", None, now)
    return taken


def read(connection: Connection, *, now: datetime) -> None:
    """Tells the source what oO did, then takes in what changed there.

    Raises NeedsReconnect, SourceTrouble, Connection.DoesNotExist (cut, or changed under the read).
    """
    send_for(connection, now=now)
    connection.refresh_from_db(fields=["cursor"])  # a refused command asks for a full read
    if connection.zone != connection.user.time_zone:
        move_to_zone(connection, connection.user.time_zone, now=now)
    if connection.cursor and snapshot.read_at(connection.pk, connection.cursor) is None:
        # The text is lost and needs a full read, which can't tell done from deleted: ask that first.
        _take_in(connection, cursor=connection.cursor, now=now)
        _take_in(connection, cursor="", now=now)
    else:
        _take_in(connection, cursor=connection.cursor, now=now)
    wait = timedelta(seconds=settings.SYNC_EVERY_SECONDS)
    _settle(connection, now=now, failures=0, trouble="", wait=wait, synced_at=now)
    cache.delete(_silence(connection.source))
    log.info("read %s of user %s", connection.source, connection.user_id)


def _take_in(connection: Connection, *, cursor: str, now: datetime) -> None:
    source = oauth_source(connection)
    told_before = told(connection, now=now)
    pull = with_access(
        connection, lambda token: source.pull(token, cursor=cursor, now=now), now=now
    )
    if pull.refused:
        log.warning("%s: %d entries made no sense", connection.pk, pull.refused)
    with transaction.atomic():
        # Under the row's lock, and only under our own lease: what was cut, connected anew, taken over
        # or sent back to its beginning meanwhile takes in nothing of what was read before.
        Connection.objects.select_for_update().get(
            pk=connection.pk, claim_token=connection.claim_token, cursor=connection.cursor
        )
        ingest_tasks(connection, pull, told_before=told_before, now=now)


def _push_away(connection: Connection, code: str, retry_after: float | None, now: datetime) -> None:
    wait = min(SHORTEST_WAIT * 2 ** min(connection.failures, 10), LONGEST_WAIT)
    if retry_after:
        asked = timedelta(seconds=min(retry_after, MOST_RETRY_AFTER.total_seconds()))
        wait = max(wait, asked)
    _settle(connection, now=now, failures=connection.failures + 1, trouble=code, wait=wait)


def _settle(
    connection: Connection,
    *,
    now: datetime,
    failures: int,
    trouble: str,
    wait: timedelta,
    **more: datetime,
) -> None:
    # Spread by the id, so that connections made in one minute don't stay in step for ever.
    spread = wait * (connection.pk.int % 100) / 1000
    Connection.objects.filter(pk=connection.pk, claim_token=connection.claim_token).update(
        claim_token=None,
        claimed_until=None,
        failures=failures,
        trouble=trouble,
        due_at=now + wait + spread,
        **more,
    )


def _silence(source_id: str) -> str:
    return f"silent:{source_id}"


def _silent() -> list[str]:
    """The sources to be left alone for now."""
    keys = {_silence(source_id): source_id for source_id in sources.ids()}
    counts = cache.get_many(list(keys))
    return [keys[key] for key, count in counts.items() if count >= SILENT_AFTER]


def _note_silence(source_id: str) -> bool:
    """Counts that a source did not answer; whether it is to be left alone now."""
    key = _silence(source_id)
    cache.add(key, 0, timeout=SILENT_SECONDS)
    with suppress(ValueError):  # it ran out just now, or Redis is down
        return cache.incr(key) >= SILENT_AFTER
    return False
