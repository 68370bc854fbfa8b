"""Reading connections: claimed first, backing off when the source has trouble, disabling nothing."""

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from integrations import snapshot
from integrations.access import mark_reconnect, oauth_source, with_access
from integrations.commands import send_for
from integrations.ingest import ingest_tasks, told
from integrations.models import Connection
from integrations.source import NeedsReconnect, SourceTrouble
from oo.lib.claim import claim
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
LONGEST_WAIT = timedelta(hours=1)


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
    connections = claim(rows, now=now, lease=LEASE, limit=limit)
    for connection in connections:
        try:
            read(connection, now=now)
        except Connection.DoesNotExist:
            log.info("%s was cut while it was read", connection.pk)
        except NeedsReconnect as error:
            log.info("%s needs its user: %s", connection.pk, error)
            mark_reconnect(connection, now=now)
            _settle(connection, now=now, failures=0, trouble="", wait=LONGEST_WAIT)
        except SourceTrouble as error:
            log.warning("%s: %s", connection.pk, error)
            _push_away(connection, error.code, error.retry_after, now)
        except Exception:
            # One connection that trips over a fault of ours must not keep the others unread.
            log.exception("reading %s", connection.pk)
            _push_away(connection, "internal", None, now)
    return len(connections)


def read(connection: Connection, *, now: datetime) -> None:
    """Tells the source what oO did, then takes in what changed there.

    Raises NeedsReconnect, SourceTrouble, Connection.DoesNotExist (cut meanwhile).
    """
    send_for(connection, now=now)
    source = oauth_source(connection)
    if connection.cursor and snapshot.read(connection.pk) is None:
        # The text is lost and needs a full read, which can't tell done from deleted: ask that first.
        _take_in(connection, cursor=connection.cursor, now=now)
        connection.cursor = ""
    _take_in(connection, cursor=connection.cursor, now=now)
    wait = timedelta(seconds=settings.SYNC_EVERY_SECONDS)
    _settle(connection, now=now, failures=0, trouble="", wait=wait, synced_at=now)
    log.info("read %s of user %s", source.id, connection.user_id)


def _take_in(connection: Connection, *, cursor: str, now: datetime) -> None:
    source = oauth_source(connection)
    told_before = told(connection)
    pull = with_access(
        connection, lambda token: source.pull(token, cursor=cursor, now=now), now=now
    )
    if pull.refused:
        log.warning("%s: %d entries made no sense", connection.pk, pull.refused)
    with transaction.atomic():
        # Under the row's lock: a connection cut meanwhile takes nothing in any more.
        Connection.objects.select_for_update().get(pk=connection.pk)
        ingest_tasks(connection, pull, told_before=told_before, now=now)
        Connection.objects.filter(pk=connection.pk).update(cursor=pull.cursor)
        connection.cursor = pull.cursor


def _push_away(
    connection: Connection, code: str, retry_after: float | None, now: datetime
) -> None:
    wait = min(timedelta(seconds=30 * 2 ** min(connection.failures, 10)), LONGEST_WAIT)
    if retry_after:
        wait = max(wait, min(timedelta(seconds=retry_after), timedelta(days=1)))
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
