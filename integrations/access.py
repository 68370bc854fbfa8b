"""Using a grant: a fresh access token, refreshed by one worker at a time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction

from integrations.models import Connection
from integrations.source import NeedsReconnect, TokenRejected, UsesOAuth, sources
from oo.events.catalogue import ConnectionChanged
from oo.events.publish import publish

T = TypeVar("T")

EARLY = timedelta(seconds=60)


def oauth_source(connection: Connection) -> UsesOAuth:
    source = sources.get(connection.source)
    if not isinstance(source, UsesOAuth):
        raise TypeError(f"{connection.source} is not read over the network")
    return source


def with_access(connection: Connection, call: Callable[[str], T], *, now: datetime) -> T:
    """`call(access token)`, with a refresh before it if the token is about to end and one after it
    if the source refuses the token. Raises NeedsReconnect, SourceTrouble.
    """
    token = connection.access_token
    if connection.access_expires_at and connection.access_expires_at <= now + EARLY:
        token = refresh(connection, stale=token, now=now)
    try:
        return call(token)
    except TokenRejected:
        token = refresh(connection, stale=token, now=now)
    try:
        return call(token)
    except TokenRejected as error:
        raise NeedsReconnect("a token fresh from the source was refused") from error


def refresh(connection: Connection, *, stale: str, now: datetime) -> str:
    """A token that is not `stale`: another worker's, if it was quicker, else a new one.

    The row lock spans the exchange: a rotating refresh token used twice, more than a minute apart,
    has the source revoke everything. Raises NeedsReconnect, SourceTrouble.
    """
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        if not row.refresh_token or not row.access_token:
            raise NeedsReconnect("there is nothing to refresh with")
        if row.access_token == stale:
            grant = oauth_source(row).refresh(row.refresh_token, now=now)
            row.access_token = grant.access_token
            row.access_expires_at = grant.expires_at
            # Inside the source's grace period the answer has no new refresh token: keep ours.
            row.refresh_token = grant.refresh_token or row.refresh_token
            row.save(update_fields=["access_token", "access_expires_at", "refresh_token"])
        connection.access_token = row.access_token
        connection.refresh_token = row.refresh_token
        connection.access_expires_at = row.access_expires_at
        return row.access_token


def mark_reconnect(connection: Connection, *, now: datetime) -> None:
    """The grant is gone: say so to the user, unless they have connected anew meanwhile."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().filter(pk=connection.pk).first()
        if row is None or row.access_token != connection.access_token:
            return
        row.status = Connection.Status.RECONNECT
        row.access_token = row.refresh_token = ""
        row.trouble = ""
        row.save(update_fields=["status", "access_token", "refresh_token", "trouble"])
        publish(
            ConnectionChanged(
                user_id=row.user_id,
                connection_id=str(row.pk),
                source=row.source,
                status="reconnect",
            ),
            now=now,
        )
