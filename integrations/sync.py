"""Reading connections: claimed first, backing off when the source has trouble, disabling nothing."""

import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from integrations import snapshot
from integrations.access import mark_reconnect, oauth_source, with_access
from integrations.commands import send_for
from integrations.completions import tell_done_apart
from integrations.disconnect import let_go_of_another_account
from integrations.due import (
    LEASE,
    LONGEST_WAIT,
    interval,
    is_silent,
    note_answer,
    note_silence,
    push_away,
    settle,
    spend_a_read,
    take_turns,
)
from integrations.formats.facts import CalendarPull, TaskPull
from integrations.freshness import within
from integrations.history import begin_history
from integrations.hooks import heard, worked_off
from integrations.ingest import ingest_tasks, move_to_zone, told
from integrations.ingest_calendar import ingest_calendar
from integrations.models import Connection
from integrations.source import (
    NeedsReconnect,
    SharesCalendar,
    SourceTrouble,
    UsesAddress,
    sources,
)
from integrations.watching import keep_watch
from oo.lib.claim import one_by_one
from oo.lib.encrypted import CannotDecrypt
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

BUDGET_SECONDS = 20.0


def sync_due(*, now: datetime, limit: int) -> int:
    """Reads up to `limit` connections whose time has come. Returns how many were taken."""
    return _read_all(take_turns(now=now, limit=limit), now=now)


def sync_user(user_id: int, *, now: datetime) -> int:
    """Reads one user's connections that are not fresh, unless their source is in trouble."""
    stale = Q(synced_at=None) | Q(synced_at__gt=now)  # a clock that was ahead: see is_stale
    stale |= Q(synced_at__lt=F("granted_at"))  # what was read with a grant that has died since
    for source in sources:
        # What changes slowly is not read because somebody looks, but when it is older than promised.
        fresh = timedelta(seconds=settings.FRESH_SECONDS)
        allowed = fresh if source.read_on_look else within(source.id) or fresh
        stale |= Q(source=source.id, synced_at__lt=now - allowed)
    waiting = ~Q(trouble="") & Q(due_at__gt=now)
    talking = [source.id for source in sources if not is_silent(source.id)]
    mine = Connection.objects.filter(
        stale, source__in=talking, user_id=user_id, status=Connection.Status.CONNECTED,
        due_at__isnull=False, user__is_active=True,
    ).exclude(waiting)  # fmt: skip
    claims = one_by_one(mine.order_by("due_at"), now=now, lease=LEASE, limit=10)
    return _read_all(_in_time(claims), now=now)


def sync_told(connection_id: uuid.UUID, *, now: datetime) -> int:
    """Reads the one connection of which there is news, if it may be read now."""
    talking = [source.id for source in sources if not is_silent(source.id)]
    told = Connection.objects.filter(
        pk=connection_id, source__in=talking, status=Connection.Status.CONNECTED, due_at__lte=now,
        user__is_active=True,
    )  # fmt: skip
    return _read_all(one_by_one(told, now=now, lease=LEASE, limit=1), now=now)


def _in_time(claims: Iterator[Connection]) -> Iterator[Connection]:
    """No more of them once the time is up: who looked is gone by then, and the sweep does the rest."""
    end = time.monotonic() + BUDGET_SECONDS
    while time.monotonic() < end and (claimed := next(claims, None)) is not None:
        yield claimed


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


def _read_all(claimed: Iterable[Connection], *, now: datetime) -> int:
    taken = 0
    for connection in claimed:
        taken += 1
        if wait := spend_a_read(connection.user_id, now=now):
            log.warning("user %s has used up the reads of this hour", connection.user_id)
            settle(connection, now=now, failures=connection.failures, trouble="budget", wait=wait)
            continue
        try:
            read(connection, now=now)
        except Connection.DoesNotExist:
            log.info("%s is no longer as it was when its read began", connection.pk)
            settle(connection, now=now, wait=timedelta(0))
        except NeedsReconnect as error:
            log.info("%s needs its user: %s", connection.pk, error)
            mark_reconnect(connection, now=now)
            settle(connection, now=now, wait=LONGEST_WAIT)
        except SourceTrouble as error:
            log.warning("%s: %s", connection.pk, error)
            push_away(connection, error.code, retry_after=error.retry_after, now=now)
            # The silence of one address a user pasted says nothing of another.
            shared = not isinstance(sources.get(connection.source), UsesAddress)
            if error.code == "unreachable" and shared:
                note_silence(connection.source)
        except Exception:
            # One connection that trips over a fault of ours must not keep the others unread.
            log.exception("reading %s", connection.pk)
            push_away(connection, "internal", now=now)
    return taken


def read(connection: Connection, *, now: datetime) -> None:
    """Tells the source what oO did, then takes in what changed there.

    Raises NeedsReconnect, SourceTrouble, Connection.DoesNotExist (cut, or changed under the read).
    """
    unproven = _is_unproven(connection)
    if not unproven:
        send_for(connection, now=now)
    connection.refresh_from_db(fields=["cursor"])  # a refused command asks for a full read
    moved = connection.zone != connection.user.time_zone
    if moved:
        move_to_zone(connection, connection.user.time_zone, now=now)
    lost = connection.cursor and snapshot.read_at(connection.pk, connection.cursor) is None
    calendar = isinstance(sources.get(connection.source), SharesCalendar | UsesAddress)
    rest = timedelta(0)
    if lost and not calendar:
        # The text is lost and needs a full read, which can't tell done from deleted: ask that first.
        _take_in(connection, cursor=connection.cursor, now=now)
    # All-day events are days of the user's, so in another zone each is at another time.
    anew = lost or (calendar and moved)
    rest = _take_in(connection, cursor="" if anew else connection.cursor, now=now)
    if unproven:
        send_for(connection, now=now)  # what was held back from it is read next time
    keep_watch(connection, now=now)
    wait = max(interval(connection.source), rest)
    settle(connection, now=now, wait=wait, synced_at=now)
    note_answer(connection.source)
    log.info("read %s of user %s", connection.source, connection.user_id)


def _is_unproven(connection: Connection) -> bool:
    """Whether the grant is newer than what was read: it may be to another account than that."""
    read_at, granted_at = connection.synced_at, connection.granted_at
    return bool(connection.account and read_at and granted_at and granted_at > read_at)


def _take_in(connection: Connection, *, cursor: str, now: datetime) -> timedelta:
    """Returns for how long the source wants not to be asked again, at least."""
    told_before = told(connection, now=now)
    deliveries, completed = heard(connection)
    pull = _pull(connection, cursor, now)
    if pull.refused:
        count = pull.refused if isinstance(pull, TaskPull) else len(pull.refused)
        log.warning("%s: %d entries made no sense", connection.pk, count)
    if isinstance(pull, TaskPull):
        anew = _is_unproven(connection)
        if anew and let_go_of_another_account(connection, pull.account, now=now):
            told_before, deliveries, completed = set(), [], {}
        pull = tell_done_apart(connection, pull, heard=completed, now=now)
    with transaction.atomic():
        # Under the row's lock, and only under our own lease: what was cut, connected anew, taken over
        # or sent back to its beginning meanwhile takes in nothing of what was read before.
        Connection.objects.select_for_update(no_key=True).get(
            pk=connection.pk, claim_token=connection.claim_token, cursor=connection.cursor
        )
        if isinstance(pull, TaskPull):
            ingest_tasks(connection, pull, told_before=told_before, now=now)
            worked_off(deliveries, now=now)
            if connection.synced_at is None:
                begin_history(connection, now=now)
            return timedelta(0)
        ingest_calendar(connection, pull, now=now)
    return pull.rest


def _pull(connection: Connection, cursor: str, now: datetime) -> TaskPull | CalendarPull:
    source = sources.get(connection.source)
    time_zone = connection.user.time_zone
    if isinstance(source, UsesAddress):
        try:
            address = connection.access_token
        except CannotDecrypt as error:
            raise SourceTrouble("sealed", f"its address can't be opened: {error}") from error
        return source.pull(address, cursor=cursor, now=now, time_zone=time_zone)
    if isinstance(source, SharesCalendar):
        return with_access(
            connection,
            lambda token: source.pull(
                token, cursor=cursor, now=now, scope=connection.scope, time_zone=time_zone
            ),
            now=now,
        )
    networked = oauth_source(connection)
    return with_access(
        connection, lambda token: networked.pull(token, cursor=cursor, now=now), now=now
    )
