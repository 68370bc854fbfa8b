"""Cutting a connection: nothing of the source remains here, and its grant is revoked there."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction

from accounts import consents
from accounts.models import Consent
from integrations import snapshot
from integrations.access import alone_with
from integrations.models import (
    CalendarEvent,
    Channel,
    Connection,
    Delivery,
    HealthDay,
    History,
    Revocation,
    Task,
    Upload,
)
from integrations.source import AcceptsExport, SharesCalendar, SourceTrouble, UsesOAuth, sources
from integrations.upload_files import discard
from integrations.watching import stop_channels, watched
from oo.events.catalogue import ConnectionChanged
from oo.events.publish import publish
from oo.lib.claim import one_by_one
from oo.lib.encrypted import CannotDecrypt, fingerprints
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

Also = Callable[[], object] | None

LEASE = timedelta(minutes=2)
ATTEMPTS = 40  # with the waits below, about a week
LONGEST_WAIT = timedelta(hours=4)


def disconnect(connection: Connection, *, now: datetime, also: Also = None) -> None:
    """The user's wish: the connection and all that came through it is gone at once.

    `also` is done in the same transaction, if there was a connection: the cut can't be made inside
    a transaction of the caller's own.
    """
    _cut(connection, keep_row=False, says="disconnected", now=now, also=also)


def revoke(connection: Connection, *, now: datetime, also: Also = None) -> None:
    """An operator's act: the grant ends, the data goes, and the user is asked to connect again."""
    _cut(connection, keep_row=True, says="reconnect", now=now, also=also)


def make_way(connection: Connection, *, now: datetime) -> None:
    """The user connects another account: the old grant ends and what came through it goes; the row
    stays.
    """
    _cut(connection, keep_row=True, says=None, now=now, also=None)


def forget_what_came(connection: Connection) -> None:
    """What came through a connection goes, and its tokens, for better ones: they are not revoked."""
    with (
        suppress(Connection.DoesNotExist),
        alone_with(connection.pk, to_end=True),
        transaction.atomic(),
    ):
        Connection.objects.filter(pk=connection.pk).update(
            status=Connection.Status.RECONNECT,
            access_token="",
            refresh_token="",
            cursor="",
            synced_at=None,
            claim_token=None,
            claimed_until=None,
        )
        Task.objects.filter(connection=connection).delete()
        CalendarEvent.objects.filter(connection=connection).delete()
        transaction.on_commit(lambda: snapshot.drop(connection.pk))


def let_go_of_another_account(connection: Connection, account: str, *, now: datetime) -> bool:
    """What came from an account other than the one that is being read goes; then this is a first read.
    Returns whether it was another. Raises Connection.DoesNotExist when the read has lost its turn.

    Some sources only tell whose account it is when they are read.
    """
    if not account or not connection.account or connection.account in fingerprints(account):
        return False
    with alone_with(connection.pk, to_end=True) as row, transaction.atomic():
        if (row.claim_token, row.cursor) != (connection.claim_token, connection.cursor):
            raise Connection.DoesNotExist
        drop_rows(row)
        fields = {"account": "", "cursor": "", "synced_at": None}
        Connection.objects.filter(pk=row.pk).update(**fields)
        # What was made of it is withdrawn, also where nothing takes its place.
        changed = ConnectionChanged(
            user_id=row.user_id,
            connection_id=str(row.pk),
            source=row.source,
            status="connected",
        )
        publish(changed, now=now)
        transaction.on_commit(lambda: snapshot.drop(row.pk))
    connection.account = connection.cursor = ""
    connection.synced_at = None
    return True


def drop_rows(row: Connection) -> None:
    """All that came through a connection, and what was to be done there. Call inside atomic()."""
    Task.objects.filter(connection=row).delete()
    Delivery.objects.filter(connection=row).delete()
    History.objects.filter(connection=row).delete()
    CalendarEvent.objects.filter(connection=row).delete()
    HealthDay.objects.filter(connection=row).delete()


def _cut(
    connection: Connection,
    *,
    keep_row: bool,
    says: Literal["disconnected", "reconnect"] | None,
    now: datetime,
    also: Also,
) -> None:
    from integrations.jobs import revoke_tokens

    connection_id = connection.pk
    try:
        with alone_with(connection_id, to_end=True) as row, transaction.atomic():
            give_up_tokens(row, due_at=now)
            if says:
                publish(
                    ConnectionChanged(
                        user_id=row.user_id,
                        connection_id=str(connection_id),
                        source=row.source,
                        status=says,
                    ),
                    now=now,
                )
            _take_back_consent(row, now)
            if keep_row:
                drop_rows(row)
            else:
                row.delete()
            # After the commit: a read that is under way can't write it again once the row is cut.
            transaction.on_commit(lambda: snapshot.drop(connection_id))
            wake(revoke_tokens)
            if also:
                also()
    except Connection.DoesNotExist:
        return


def _take_back_consent(row: Connection, now: datetime) -> None:
    """What was handed over by itself and agreed to by itself ends with its connection."""
    discard(Upload.objects.filter(user=row.user_id, source=row.source))
    source = sources.get(row.source) if row.source in sources else None
    if isinstance(source, AcceptsExport):
        consents.withdraw(row.user_id, Consent.Document(source.consent), now=now)


def give_up_tokens(row: Connection, *, due_at: datetime) -> None:
    """Turns a connection's tokens into revocations. The connection is of no use without them.

    Call it alone with the row, inside atomic().
    """
    granted = row.source in sources and isinstance(sources.get(row.source), UsesOAuth)
    try:
        # Whether one takes the other along is the source's affair: both are handed in. The address
        # of a feed and the secret of an endpoint are no grants: they end here.
        tokens = [token for token in (row.refresh_token, row.access_token) if token and granted]
    except CannotDecrypt as error:
        log.error("the grant of %s can't be revoked: %s", row.pk, error)
        tokens = []
    # They are stopped with a grant that still lives, so before the first token goes.
    channels = [[str(pk), resource] for pk, resource in watched(row)]
    Revocation.objects.bulk_create(
        Revocation(
            user_id=row.user_id,
            source=row.source,
            token=token,
            channels=channels if token is tokens[0] else [],
            due_at=due_at,
        )
        for token in tokens
    )
    Channel.objects.filter(connection=row).delete()
    Connection.objects.filter(pk=row.pk).update(
        status=Connection.Status.RECONNECT,
        access_token="",
        refresh_token="",
        account="",
        cursor="",
        trouble="",
        # A read that is under way has nothing to take in any more.
        claim_token=None,
        claimed_until=None,
    )


def revoke_due(*, now: datetime, limit: int = 20) -> int:
    """Revokes tokens whose connections were cut. Returns how many were taken.

    Those of people who left are their erasure's, which tells them what was not confirmed.
    """
    # Of one cut, in the order they were written: what the first needs a grant for, the next one ends.
    due = Revocation.objects.filter(due_at__lte=now, user__deleted_at=None)
    due = due.order_by("due_at", "pk")
    taken = 0
    for revocation in one_by_one(due, now=now, lease=LEASE, limit=limit):
        taken += 1
        try:
            stop_watched(revocation)
            revoke_token(revocation.source, revocation.token)
        except (SourceTrouble, CannotDecrypt) as error:
            _put_off(revocation, str(error), now)
        except Exception as error:
            log.exception("revoking a %s token", revocation.source)
            _put_off(revocation, type(error).__name__, now)
        else:
            revocation.delete()
    return taken


def _put_off(revocation: Revocation, why: str, now: datetime) -> None:
    attempts = revocation.attempts + 1
    if attempts >= ATTEMPTS:
        log.error("a %s token could not be revoked and is given up: %s", revocation.source, why)
        revocation.delete()
        return
    Revocation.objects.filter(pk=revocation.pk).update(
        attempts=attempts,
        due_at=now + min(timedelta(minutes=2 ** min(revocation.attempts, 9)), LONGEST_WAIT),
        claim_token=None,
        claimed_until=None,
    )


def stop_watched(revocation: Revocation) -> None:
    """Ends what was watched through a grant that is about to end. Raises SourceTrouble."""
    source = sources.get(revocation.source) if revocation.source in sources else None
    if isinstance(source, SharesCalendar) and revocation.channels:
        stop_channels(source, revocation.token, revocation.channels, now=revocation.due_at)


def revoke_token(source_id: str, token: str) -> None:
    """Raises SourceTrouble."""
    source = sources.get(source_id) if source_id in sources else None
    if isinstance(source, UsesOAuth) and token:
        source.revoke(token)
