"""Making a connection: by OAuth with PKCE and a state bound to the session, or by a file."""

import base64
import hashlib
import secrets
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from django.core.cache import cache
from django.db import models, transaction

from accounts.models import User
from integrations import snapshot
from integrations.access import alone_with
from integrations.disconnect import drop_rows, forget_what_came, make_way
from integrations.feeds import LONGEST_TRY, TRIES_AN_HOUR
from integrations.formats.facts import BadFormat, CalendarPull, TaskPull
from integrations.ingest import ingest_tasks
from integrations.ingest_calendar import ingest_calendar
from integrations.jobs import sync_connections
from integrations.models import CalendarEvent, Connection
from integrations.source import AcceptsFile, Grant, SharesCalendar, UsesOAuth
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

    One whose grant had died goes on where it stopped, or what was done meanwhile would be lost; see
    `let_go_of_another_account` for when it is to another account.
    """
    grant = source.exchange(code=code, verifier=verifier, redirect_uri=redirect_uri, now=now)
    while True:
        _make_room(user, source, grant, now=now)
        with transaction.atomic():
            # Alone with the user's other attempts. One that was quicker left a grant to be let go of.
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
            if not _standing(user, source).exists():
                return _keep_grant(user, source, grant, now=now)


def _standing(user: User, source: UsesOAuth) -> "models.QuerySet[Connection]":
    return Connection.objects.filter(
        user=user, source=source.id, status=Connection.Status.CONNECTED
    ).defer("access_token", "refresh_token")


def _make_room(user: User, source: UsesOAuth, grant: Grant, *, now: datetime) -> None:
    if (before := _standing(user, source).first()) is None:
        return
    if grant.account and before.account in fingerprints(grant.account):
        forget_what_came(before)
    else:
        make_way(before, now=now)


def _keep_grant(user: User, source: UsesOAuth, grant: Grant, *, now: datetime) -> Connection:
    """Call it with the user locked, and no grant standing."""
    fields = {
        "status": Connection.Status.CONNECTED,
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token or "",
        "access_expires_at": grant.expires_at,
        "scope": grant.scope,
        # Perhaps another account there than before: read everything anew.
        "cursor": "",
        "granted_at": now,
        "due_at": now,
        "failures": 0,
        "trouble": "",
        "claim_token": None,
        "claimed_until": None,
    }
    rows = Connection.objects.filter(user=user, source=source.id).exclude(account="")
    dead = rows.select_for_update().first()
    if dead is not None and grant.account and dead.account not in fingerprints(grant.account):
        drop_rows(dead)
        dead = None
    if dead is None or dead.synced_at is None:
        fields |= {"synced_at": None, "account": ""}
    else:
        # What was read is older than the grant, whatever the clock said: the first read with this one
        # tells whose account it is. Until then nothing is told to what may be another (commands.py).
        fields["synced_at"] = min(dead.synced_at, now - timedelta(seconds=1))
    if grant.account:
        fields["account"] = fingerprint(grant.account)
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
    with _one_try(user, now):
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


@contextmanager
def _one_try(user: User, now: datetime) -> Iterator[None]:
    """One file of a user's at a time, and so many an hour: each may take a process of its own.

    Raises BadFormat. Without a cache nothing is counted, and nobody is kept out.
    """
    tried = f"files-tried:{user.pk}:{int(now.timestamp()) // 3600}"
    cache.add(tried, 0, timeout=7200)
    try:
        count = cache.incr(tried)
    except ValueError:
        count = 0
    if count > TRIES_AN_HOUR:
        raise BadFormat("That were many tries. Wait an hour, then try again.")
    trying = f"file-trying:{user.pk}"
    if not cache.add(trying, 1, timeout=LONGEST_TRY) and cache.has_key(trying):
        raise BadFormat("A file of yours is being read just now. Wait a moment, and try again.")
    try:
        yield
    finally:
        cache.delete(trying)


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
