"""The doors of the integrations floor: connect, come back, upload, disconnect, settings."""

import logging
import uuid
from datetime import datetime
from typing import BinaryIO, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts import preferences
from accounts.models import User
from accounts.preference_keys import HELP_SHARED_PRIOR
from accounts.signed_in import person
from integrations.connect import BadState, begin, finish, take_attempt, take_file
from integrations.disconnect import disconnect
from integrations.formats.facts import BadFormat
from integrations.models import Connection
from integrations.source import (
    AcceptsFile,
    NeedsReconnect,
    SignalSource,
    SourceTrouble,
    UsesOAuth,
    sources,
)

log = logging.getLogger(__name__)

# What a source may say in the redirect, for the user (todoist.md, section 2).
REDIRECT_ERRORS = {
    "access_denied": "You cancelled. Nothing was connected.",
    "invalid_application_status": "{name} has paused this app. Please try again later.",
}


@never_cache
@require_safe
def connect(request: HttpRequest) -> HttpResponse:
    """What can be connected, and what is."""
    return render(request, "integrations/connect.html", {"links": _links(request)})


@never_cache
@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    wishes = preferences.of(person(request))
    return render(
        request,
        "integrations/settings.html",
        {"links": _links(request), "helps": wishes[HELP_SHARED_PRIOR]},
    )


def _links(request: HttpRequest) -> list[dict[str, object]]:
    mine = {c.source: c for c in Connection.objects.filter(user=request.user.pk)}
    return [
        {
            "source": source,
            "connection": mine.get(source.id),
            "oauth": isinstance(source, UsesOAuth),
            "available": not isinstance(source, UsesOAuth) or source.is_configured(),
            "read": _ago(mine.get(source.id), timezone.now()),
        }
        for source in sources
    ]


def _ago(connection: Connection | None, now: datetime) -> str:
    """When it was last read, in words: "3 minutes ago"."""
    if connection is None or connection.synced_at is None:
        return ""
    seconds = (now - connection.synced_at).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count != 1 else ''} ago"
    return "just now"


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "LoginRequiredMiddleware lets nobody else through"
    return request.user


def _source(source_id: str) -> SignalSource:
    if source_id not in sources:
        raise Http404
    return sources.get(source_id)


def _oauth(source_id: str) -> UsesOAuth:
    source = _source(source_id)
    if not isinstance(source, UsesOAuth):
        raise Http404
    return source


def _callback_url(source: UsesOAuth) -> str:
    # From the setting, not from the Host header: it must equal what was registered with the source.
    return settings.PUBLIC_URL + reverse("connect_callback", args=[source.id])


@require_POST
def connect_start(request: HttpRequest, source_id: str) -> HttpResponse:
    """Sends the browser to the source to ask for access."""
    source = _oauth(source_id)
    if not source.is_configured():
        messages.error(request, f"{source.name} is not set up here: `manage.py doctor` says how.")
        return redirect("connect")
    return redirect(
        begin(source, request.session, redirect_uri=_callback_url(source), now=timezone.now())
    )


@never_cache
@require_GET
def connect_callback(request: HttpRequest, source_id: str) -> HttpResponse:
    """The browser comes back from the source, with a code or a refusal."""
    source = _oauth(source_id)
    now = timezone.now()
    try:
        verifier = take_attempt(
            source, request.session, state=request.GET.get("state", ""), now=now
        )
    except BadState:
        messages.error(
            request, f"That took too long or began elsewhere. Connect {source.name} again."
        )
        return redirect("connect")
    if error := request.GET.get("error"):
        said = REDIRECT_ERRORS.get(error, "{name} refused. Please try again.")
        messages.error(request, said.format(name=source.name))
        return redirect("connect")
    try:
        finish(
            _user(request),
            source,
            code=request.GET.get("code", ""),
            verifier=verifier,
            redirect_uri=_callback_url(source),
            now=now,
        )
    except (NeedsReconnect, SourceTrouble) as error:
        log.warning("connecting %s: %s", source.id, error)
        messages.error(request, f"{source.name} did not complete the connection. Please try again.")
        return redirect("connect")
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_POST
def upload(request: HttpRequest, source_id: str) -> HttpResponse:
    """A calendar file, read at once."""
    source = _source(source_id)
    if not isinstance(source, AcceptsFile):
        raise Http404
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, "Choose a file first.")
        return redirect("connect")
    try:
        count = take_file(_user(request), source, cast(BinaryIO, file.file), now=timezone.now())
    except BadFormat as error:
        messages.error(request, str(error))
        return redirect("connect")
    noun = "coming event" if count == 1 else "coming events"
    messages.success(request, f"{count} {noun} in the next two weeks." if count else
                     "The file is fine, and has nothing in the next two weeks.")  # fmt: skip
    return redirect("settings")


@require_POST
def cut(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Disconnects one of the user's own connections."""
    connection = get_object_or_404(Connection, pk=connection_id, user=request.user.pk)
    name = sources.get(connection.source).name if connection.source in sources else "It"
    disconnect(connection, now=timezone.now())
    messages.success(request, f"{name} is disconnected, and what came from it is gone.")
    return redirect("settings")
