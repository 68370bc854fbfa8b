"""The doors of the integrations floor: connect, come back, upload, disconnect, settings."""

import logging
import uuid
from typing import BinaryIO, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from accounts import consents, preferences
from accounts.models import Consent, User
from accounts.preference_keys import HELP_SHARED_PRIOR
from accounts.signed_in import person
from integrations.connect import BadState, begin, finish, take_attempt, take_file
from integrations.disconnect import disconnect
from integrations.formats.facts import BadFormat, CalendarPull, TaskPull
from integrations.models import Connection
from integrations.shown import label_of, links, shown
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
    return render(request, "integrations/connect.html", {"links": links(person(request).pk)})


@never_cache
@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    context = {
        "shown": shown(user.pk, now=timezone.now()),
        "helps": preferences.of(user)[HELP_SHARED_PRIOR],
        "cloud_agreed": consents.stands(user.pk, Consent.Document.REMOTE_MODEL),
        "cloud_offered": settings.LLM_REMOTE_ALLOWED,
    }
    return render(request, "integrations/settings.html", context)


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
    """A file, read at once."""
    source = _source(source_id)
    if not isinstance(source, AcceptsFile):
        raise Http404
    file = request.FILES.get("file")
    if file is None:
        messages.error(request, "Choose a file first.")
        return redirect("connect")
    try:
        pull = take_file(_user(request), source, cast(BinaryIO, file.file), now=timezone.now())
    except BadFormat as error:
        messages.error(request, str(error))
        return redirect("connect")
    messages.success(request, _in_words(pull))
    return redirect("settings")


def _in_words(pull: CalendarPull | TaskPull) -> str:
    """What was in a file."""
    if isinstance(pull, TaskPull):
        tasks = f"{len(pull.open)} open task{'' if len(pull.open) == 1 else 's'}."
        return tasks if pull.open else "The file is fine, and nothing in it is open."
    events = f"{len(pull.coming)} coming event{'' if len(pull.coming) == 1 else 's'}"
    nothing = "The file is fine, and has nothing in the next two weeks."
    return f"{events} in the next two weeks." if pull.coming else nothing


@require_POST
def cut(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Disconnects one of the user's own connections."""
    connection = get_object_or_404(Connection, pk=connection_id, user=request.user.pk)
    name = sources.get(connection.source).name if connection.source in sources else "It"
    name = label_of(connection) or name
    disconnect(connection, now=timezone.now())
    messages.success(request, f"{name} is disconnected, and what came from it is gone.")
    return redirect("settings")
