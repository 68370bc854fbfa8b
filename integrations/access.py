"""Using a grant: a fresh access token, refreshed by one worker at a time."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import connection as database
from django.db import transaction

from integrations.models import Connection
from integrations.source import NeedsReconnect, SourceTrouble, TokenRejected, UsesOAuth, sources
from oo.events.catalogue import ConnectionChanged
from oo.events.publish import publish
from oo.lib.encrypted import CannotDecrypt
from oo.lib.lock import file_lock

T = TypeVar("T")

EARLY = timedelta(seconds=60)
LOCK_FILES = 64


def oauth_source(connection: Connection) -> UsesOAuth:
    source = sources.get(connection.source)
    if not isinstance(source, UsesOAuth):
        raise TypeError(f"{connection.source} is not read over the network")
    return source


def with_access(connection: Connection, call: Callable[[str], T], *, now: datetime) -> T:
    """`call(access token)`, with a refresh before it if the token is about to end and one after it
    if the source refuses the token. Raises NeedsReconnect, SourceTrouble, Connection.DoesNotExist.
    """
    with _opening():
        row = Connection.objects.filter(pk=connection.pk)
        token, ends = row.values_list("access_token", "access_expires_at").get()
    if not token:
        raise NeedsReconnect("there is no token")
    if ends and ends <= now + EARLY:
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

    The lock spans the exchange: a rotating refresh token used twice, more than a minute apart, has
    the source revoke everything. Raises NeedsReconnect, SourceTrouble, Connection.DoesNotExist.
    """
    with alone_with(connection.pk) as row:
        with _opening():
            access, ours = row.access_token, row.refresh_token
        if access and access != stale:
            return access
        if not ours:
            raise NeedsReconnect("there is nothing to refresh with")
        grant = oauth_source(row).refresh(ours, now=now)
        Connection.objects.filter(pk=row.pk).update(
            access_token=grant.access_token,
            access_expires_at=grant.expires_at,
            # Inside the source's grace period the answer has no new refresh token: keep ours.
            refresh_token=grant.refresh_token or ours,
        )
        return grant.access_token


@contextmanager
def alone_with(connection_id: uuid.UUID, *, to_end: bool = False) -> Iterator[Connection]:
    """The row as it is now, while nobody else refreshes or cuts it. Raises Connection.DoesNotExist.

    PostgreSQL locks the row, in a transaction that spans the block. SQLite has one lock for all who
    write, and holding that while a source takes its time would hold up everybody: there it is a
    lock file. Not to be entered inside a transaction of one's own.

    Who only names the row in a row of theirs (a delivery, a command) is not held up, or the door
    would wait as long as the source takes; `to_end`, when rows go that they would be about, is.
    """
    if database.features.has_select_for_update:
        with transaction.atomic():
            yield Connection.objects.select_for_update(no_key=not to_end).get(pk=connection_id)
    else:
        with file_lock(f"connection-{connection_id.int % LOCK_FILES}"):
            yield Connection.objects.get(pk=connection_id)


@contextmanager
def _opening() -> Iterator[None]:
    # The operator can put the key back, so nothing is given up here.
    try:
        yield
    except CannotDecrypt as error:
        raise SourceTrouble("sealed", f"its tokens can't be opened: {error}") from error


def mark_reconnect(connection: Connection, *, now: datetime) -> None:
    """The grant is gone: say so to the user, unless they have connected anew meanwhile."""
    same = Connection.objects.filter(
        pk=connection.pk,
        granted_at=connection.granted_at,
        status=Connection.Status.CONNECTED,
    )
    with transaction.atomic():
        if not same.update(
            status=Connection.Status.RECONNECT, access_token="", refresh_token="", trouble=""
        ):
            return
        publish(
            ConnectionChanged(
                user_id=connection.user_id,
                connection_id=str(connection.pk),
                source=connection.source,
                status="reconnect",
            ),
            now=now,
        )
