"""Making a connection: by OAuth with PKCE and a state bound to the session, or by a file."""

import base64
import hashlib
import secrets
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.db import transaction

from accounts.models import User
from integrations import snapshot
from integrations.access import alone_with
from integrations.disconnect import forget_what_came, make_way
from integrations.formats.facts import CalendarPull, TaskPull
from integrations.ingest import ingest_tasks
from integrations.ingest_calendar import ingest_calendar
from integrations.jobs import sync_connections
from integrations.models import CalendarEvent, Connection
from integrations.source import AcceptsFile, SharesCalendar, UsesOAuth
from oo.events.catalogue import ConnectionChanged
from oo.events.publish import publish
from oo.lib.encrypted import fingerprint, fingerprints
from oo.lib.jobs import wake

PENDING = "connecting"  # the session's key
PATIENCE = timedelta(minutes=15)
MOST_PENDING = 5


class BadState(Exception):
    """The answer belongs to no attempt of this browser, or to one too long ago."""


def begin(
    source: UsesOAuth,
    session: MutableMapping[str, Any],
    *,
    redirect_uri: str,
    titles: bool = False,
    now: datetime,
) -> str:
    """Where to send the browser; what is needed when it comes back is kept in its session."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    pending = list(session.get(PENDING, {}).items())[-(MOST_PENDING - 1) :]
    attempt = {"source": source.id, "verifier": verifier, "at": now.timestamp()}
    session[PENDING] = {**dict(pending), state: attempt}
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    asked = {"state": state, "challenge": challenge, "redirect_uri": redirect_uri}
    if isinstance(source, SharesCalendar):
        return source.authorize_url(**asked, titles=titles)
    return source.authorize_url(**asked)


def take_attempt(
    source: UsesOAuth, session: MutableMapping[str, Any], *, state: str, now: datetime
) -> str:
    """The PKCE verifier of the attempt with this state, which is used up. Raises BadState."""
    pending = dict(session.get(PENDING, {}))
    attempt = pending.pop(state, None)
    session[PENDING] = pending
    if (
        attempt is None
        or attempt["source"] != source.id
        or now.timestamp() - attempt["at"] > PATIENCE.total_seconds()
    ):
        raise BadState
    return attempt["verifier"]


def finish(
    user: User, source: UsesOAuth, *, code: str, verifier: str, redirect_uri: str, now: datetime
) -> Connection:
    """Exchanges the code and keeps the grant. Raises NeedsReconnect, SourceTrouble.

    A connection that still has a grant is cut first: the new one may be to another account, the old
    grant has to be revoked, and a refresh of it that is under way must not land on the new one.
    Where the source says that it is the same account, the old grant is only let go of: revoking it
    would end the new one with it.
    """
    grant = source.exchange(code=code, verifier=verifier, redirect_uri=redirect_uri, now=now)
    standing = Connection.objects.filter(
        user=user, source=source.id, status=Connection.Status.CONNECTED
    )
    account = fingerprint(grant.account) if grant.account else ""
    if (before := standing.defer("access_token", "refresh_token").first()) is not None:
        if grant.account and before.account in fingerprints(grant.account):
            forget_what_came(before)
        else:
            make_way(before, now=now)
    fields = {
        "status": Connection.Status.CONNECTED,
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token or "",
        "access_expires_at": grant.expires_at,
        "scope": grant.scope,
        "account": account,
        # Perhaps another account there than before: read everything anew.
        "cursor": "",
        "granted_at": now,
        "synced_at": None,
        "due_at": now,
        "failures": 0,
        "trouble": "",
        "claim_token": None,
        "claimed_until": None,
    }
    with transaction.atomic():
        connection = keep(user, source.id, fields, now)
        snapshot.drop(connection.pk)
        wake(sync_connections, user.pk)
    return connection


def turn_titles_off(connection: Connection, source: SharesCalendar, *, now: datetime) -> None:
    """Titles are not read any more, and those that were are gone. Busy times are read anew."""
    with suppress(Connection.DoesNotExist), alone_with(connection.pk) as row, transaction.atomic():
        CalendarEvent.objects.filter(connection=row).delete()
        Connection.objects.filter(pk=row.pk).update(
            scope=source.without_titles(row.scope),
            cursor="",
            synced_at=None,
            due_at=now,
            # A read that is under way has nothing to take in any more.
            claim_token=None,
            claimed_until=None,
        )
        transaction.on_commit(lambda: snapshot.drop(row.pk))
        wake(sync_connections, row.user_id)


def take_file(
    user: User, source: AcceptsFile, file: BinaryIO, *, now: datetime
) -> CalendarPull | TaskPull:
    """Reads an uploaded file; returns what is in it. Raises BadFormat.

    A file that can't be read leaves what an earlier one gave as it was.
    """
    pull = source.read(file, time_zone=user.time_zone, now=now)
    with transaction.atomic():
        fields = {
            "status": Connection.Status.CONNECTED,
            "synced_at": now,
            "zone": user.time_zone,
        }
        connection = keep(user, source.id, fields, now)
        if isinstance(pull, TaskPull):
            ingest_tasks(connection, pull, told_before=set(), now=now)
        else:
            ingest_calendar(connection, pull, now=now)
    return pull


def keep(user: User, source_id: str, fields: dict[str, Any], now: datetime) -> Connection:
    """The user's connection to a source, made or altered. Call inside atomic()."""
    connection, _ = Connection.objects.update_or_create(
        user=user, source=source_id, defaults=fields, create_defaults={**fields, "created_at": now}
    )
    publish(
        ConnectionChanged(
            user_id=user.pk,
            connection_id=str(connection.pk),
            source=source_id,
            status="connected",
        ),
        now=now,
    )
    return connection
