"""Being told at once that a calendar changed: channels, made anew before they end."""

import hmac
import logging
import secrets
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from integrations.access import with_access
from integrations.jobs import sync_sweep
from integrations.models import Channel, Connection
from integrations.source import (
    NeedsReconnect,
    SharesCalendar,
    SourceTrouble,
    TokenRejected,
    sources,
)
from oo.lib.encrypted import CannotDecrypt
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

# Channels live for a week or so. Reads come at least once a day, whatever a source asks for.
RENEW_BEFORE = timedelta(days=2)
TRY_AGAIN = timedelta(hours=6)


def keep_watch(connection: Connection, *, now: datetime) -> None:
    """Opens a channel where there is none, or the one there is ends soon. Called with each read.

    Without one all is read as often as ever, so no trouble with it is trouble with the connection.
    """
    source = sources.get(connection.source)
    if not isinstance(source, SharesCalendar):
        return
    # A token that no key opens is no trouble: nobody asks for it here, and its channel goes in time.
    channels = list(connection.channels.defer("token").order_by("expires_at"))
    if not source.can_watch(connection.scope):
        if channels:
            _stop(connection, source, channels, now=now)
        return
    # Those of a grant before this one may be another account's, or sealed with a lost key.
    since = connection.granted_at
    present = [channel for channel in channels if since is None or channel.created_at >= since]
    lasts = [channel for channel in present if channel.expires_at > now + RENEW_BEFORE]
    tried = [channel for channel in present if channel.created_at > now - TRY_AGAIN]
    if lasts or tried:
        return
    try:
        _open(connection, source, now=now)
        # The new one is there before the old one goes, so nothing falls between them.
        _stop(connection, source, channels, now=now)
    except (SourceTrouble, NeedsReconnect, Connection.DoesNotExist) as error:
        log.warning("%s can't be watched: %s", connection.pk, error)
        _forget_refused(connection)


def _open(connection: Connection, source: SharesCalendar, *, now: datetime) -> None:
    channel = Channel(
        connection=connection, token=secrets.token_urlsafe(32), expires_at=now, created_at=now
    )
    address = settings.PUBLIC_URL + reverse("calendar_changed", args=[source.id])

    def ask(access_token: str) -> None:
        watch = source.watch(
            access_token,
            channel_id=str(channel.pk),
            token=channel.token,
            address=address,
            now=now,
        )
        kept = Channel.objects.filter(pk=channel.pk).update(
            resource_id=watch.resource_id, expires_at=watch.expires_at
        )
        if not kept:
            # Cut while it was opened, so nobody else knows of it: it ends with the token in hand.
            with suppress(SourceTrouble, NeedsReconnect, TokenRejected):
                source.stop(access_token, channel_id=str(channel.pk), resource_id=watch.resource_id)

    # Kept before it is asked for: its first call may come before the answer does. One that was
    # refused stays as well, until the next one is, so that it is not asked for with every read.
    channel.save(force_insert=True)
    with_access(connection, ask, now=now)


def _forget_refused(connection: Connection) -> None:
    """The last one that was refused says when we tried; those before it say nothing any more."""
    refused = Channel.objects.filter(connection=connection, resource_id="")
    if (last := refused.order_by("-created_at").values_list("pk", flat=True).first()) is not None:
        refused.exclude(pk=last).delete()


def _stop(
    connection: Connection, source: SharesCalendar, channels: list[Channel], *, now: datetime
) -> None:
    def stop(access_token: str) -> None:
        for channel in channels:
            if channel.resource_id:
                source.stop(
                    access_token, channel_id=str(channel.pk), resource_id=channel.resource_id
                )

    with suppress(SourceTrouble, NeedsReconnect):  # they end by themselves
        with_access(connection, stop, now=now)
    Channel.objects.filter(pk__in=[channel.pk for channel in channels]).delete()


def heard(source_id: str, channel_id: str, token: str, *, news: bool, now: datetime) -> bool:
    """A source says that what a channel watches changed: its calendar is read next. False when the
    channel is none of ours, or the caller doesn't know its token. Without `news` it only says hello.
    """
    try:
        channel = Channel.objects.get(pk=uuid.UUID(channel_id), connection__source=source_id)
        known = channel.token
    except (ValueError, Channel.DoesNotExist, CannotDecrypt):
        return False
    if not hmac.compare_digest(known.encode(), token.encode(errors="replace")):
        return False
    if not news:
        return True
    readable = Connection.objects.filter(
        pk=channel.connection_id, status=Connection.Status.CONNECTED, due_at__isnull=False
    )
    # A connection in trouble is not read any sooner for being told of a change. One that is being
    # read may be past what changed: `settle` sees that it was made due meanwhile.
    waits = Q(due_at__gt=now, trouble="") | Q(claimed_until__gt=now)
    if readable.filter(waits).update(due_at=now):
        wake(sync_sweep)
    return True


def watched(connection: Connection) -> list[tuple[uuid.UUID, str]]:
    """The channels of a connection, with what each watches."""
    channels = Channel.objects.filter(connection=connection).exclude(resource_id="")
    return list(channels.values_list("pk", "resource_id"))


def stop_channels(
    source: SharesCalendar, token: str, channels: Sequence[Sequence[str]], *, now: datetime
) -> None:
    """Ends channels with the refresh token that a cut connection left, or else its access token.

    They end by themselves in days, so only a source that can't be asked is asked again.
    Raises SourceTrouble.
    """
    try:
        access = source.refresh(token, now=now).access_token
    except NeedsReconnect:
        access = token
    for channel_id, resource_id in channels:
        with suppress(TokenRejected, NeedsReconnect):
            source.stop(access, channel_id=channel_id, resource_id=resource_id)
