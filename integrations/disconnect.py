"""Cutting a connection: nothing of the source remains here, and its grant is revoked there."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from integrations import snapshot
from integrations.models import CalendarEvent, Connection, Revocation, Task
from integrations.source import SourceTrouble, UsesOAuth, sources
from oo.events.catalogue import ConnectionChanged
from oo.events.publish import publish
from oo.lib.claim import claim
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
ATTEMPTS = 10


def disconnect(connection: Connection, *, now: datetime) -> None:
    """The user's wish: the connection and all that came through it is gone at once."""
    _cut(connection, keep_row=False, now=now)


def revoke(connection: Connection, *, now: datetime) -> None:
    """An operator's act: the grant ends, the data goes, and the user is asked to connect again."""
    _cut(connection, keep_row=True, now=now)


def _cut(connection: Connection, *, keep_row: bool, now: datetime) -> None:
    from integrations.jobs import revoke_tokens

    connection_id = connection.pk
    with transaction.atomic():
        row = Connection.objects.select_for_update().filter(pk=connection.pk).first()
        if row is None:
            return
        # The refresh token stands for the whole grant; an old grant has only an access token.
        if token := row.refresh_token or row.access_token:
            Revocation.objects.create(
                user_id=row.user_id, source=row.source, token=token, due_at=now
            )
        publish(
            ConnectionChanged(
                user_id=row.user_id,
                connection_id=str(row.pk),
                source=row.source,
                status="reconnect" if keep_row else "disconnected",
            ),
            now=now,
        )
        if keep_row:
            Task.objects.filter(connection=row).delete()
            CalendarEvent.objects.filter(connection=row).delete()
            row.status = Connection.Status.RECONNECT
            row.access_token = row.refresh_token = row.cursor = row.trouble = ""
            row.save()
        else:
            row.delete()
        # After the commit: a read that is under way can't write it again once the row is cut.
        transaction.on_commit(lambda: snapshot.drop(connection_id))
        wake(revoke_tokens)


def revoke_due(*, now: datetime, limit: int = 20) -> int:
    """Revokes tokens whose connections were cut. Returns how many were taken."""
    due = Revocation.objects.filter(due_at__lte=now).order_by("due_at")
    taken = claim(due, now=now, lease=LEASE, limit=limit)
    for revocation in taken:
        try:
            revoke_token(revocation.source, revocation.token)
        except SourceTrouble as error:
            if revocation.attempts + 1 < ATTEMPTS:
                Revocation.objects.filter(pk=revocation.pk).update(
                    attempts=revocation.attempts + 1,
                    due_at=now + timedelta(minutes=2**revocation.attempts),
                    claim_token=None,
                    claimed_until=None,
                )
                continue
            log.error("a %s token could not be revoked: %s", revocation.source, error)
        Revocation.objects.filter(pk=revocation.pk).delete()
    return len(taken)


def revoke_token(source_id: str, token: str) -> None:
    """Raises SourceTrouble."""
    source = sources.get(source_id) if source_id in sources else None
    if isinstance(source, UsesOAuth) and token:
        source.revoke(token)
