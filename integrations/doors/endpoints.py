"""The pages of a user's own endpoints: the list of them, and one of them."""

import json
import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.signed_in import person
from integrations.endpoints import (
    LONGEST_NAME,
    MOST,
    OVERLAP,
    CannotMake,
    delete_endpoint,
    deliveries_of,
    endpoints_of,
    make_endpoint,
    rename_endpoint,
    roll_secret,
)
from integrations.examples import curl_example, python_example
from integrations.formats.standard_webhooks import TOLERANCE
from integrations.formats.webhook import SCHEMA
from integrations.ingest import HANDED_OVER_STAYS
from integrations.models import Connection
from integrations.receive import SOURCE
from integrations.shown import label_of
from integrations.work_off import NothingToReplay, replay

TO_SHOW = "endpoint_with_a_new_secret"


@never_cache
@require_safe
def endpoints(request: HttpRequest) -> HttpResponse:
    """The user's endpoints, and a form to make one."""
    mine = [(one, label_of(one)) for one in endpoints_of(person(request))]
    context = {"endpoints": mine, "room": len(mine) < MOST, "most": MOST, "longest": LONGEST_NAME}
    return render(request, "integrations/endpoints/list.html", context)


@never_cache
@require_POST
def endpoint_make(request: HttpRequest) -> HttpResponse:
    """Makes one. Its page shows the secret, once."""
    try:
        made, _ = make_endpoint(person(request), request.POST.get("name", ""), now=timezone.now())
    except CannotMake as error:
        messages.error(request, str(error))
        return redirect("endpoints")
    return _with_secret(request, made)


@never_cache
@require_safe
def endpoint(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """How to post to it, and what was posted; and once its secret, where that is new."""
    mine = _mine(request, connection_id)
    if request.method != "GET" or request.session.get(TO_SHOW) != str(mine.pk):
        return _page(request, mine)
    del request.session[TO_SHOW]
    before_ends = mine.access_expires_at if mine.refresh_token else None
    return _page(request, mine, secret=mine.access_token, before_ends=before_ends)


@require_POST
def endpoint_rename(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    mine = _mine(request, connection_id)
    try:
        rename_endpoint(mine, request.POST.get("name", ""))
    except CannotMake as error:
        messages.error(request, str(error))
    return redirect("endpoint", connection_id)


@never_cache
@require_POST
def endpoint_roll(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """A new secret. The endpoint's page shows it, once."""
    mine = _mine(request, connection_id)
    roll_secret(mine, now=timezone.now())
    return _with_secret(request, mine)


@require_POST
def endpoint_delete(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    mine = _mine(request, connection_id)
    name = label_of(mine) or "It"
    delete_endpoint(mine, now=timezone.now())
    messages.success(request, f"{name} is deleted, and what came through it is gone.")
    return redirect("endpoints")


@require_POST
def endpoint_replay(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Has one delivery take effect once more."""
    mine = _mine(request, connection_id)
    chosen = request.POST.get("delivery", "")
    try:
        # Longer than any key there is: a database would refuse the number.
        replay(
            int(chosen) if chosen.isdecimal() and len(chosen) < 19 else 0, mine, now=timezone.now()
        )
        messages.success(request, "It is taken in once more.")
    except NothingToReplay:
        messages.info(request, "What it said is no longer kept. Send it again with another id.")
    return redirect("endpoint", connection_id)


def _with_secret(request: HttpRequest, mine: Connection) -> HttpResponse:
    """To the endpoint's page, so that a reload makes nothing. The session holds only whose secret is to
    be shown: the secret itself is sealed in the endpoint's row, and nowhere else.
    """
    request.session[TO_SHOW] = str(mine.pk)
    return redirect("endpoint", mine.pk)


def _mine(request: HttpRequest, connection_id: uuid.UUID) -> Connection:
    return get_object_or_404(Connection, pk=connection_id, user=request.user.pk, source=SOURCE)


def _page(request: HttpRequest, mine: Connection, **more: object) -> HttpResponse:
    # From the setting, not from the Host header: scripts will hold it for long.
    url = settings.PUBLIC_URL + reverse("webhook_in", args=[mine.pk])
    context = {
        "endpoint": mine,
        "name": label_of(mine),
        "url": url,
        "curl": curl_example(url),
        "python": python_example(url),
        "schema": json.dumps(SCHEMA, indent=2),
        "deliveries": deliveries_of(mine),
        "longest": LONGEST_NAME,
        "most_bytes": settings.WEBHOOK_MAX_BYTES,
        "per_minute": settings.WEBHOOKS_PER_MINUTE,
        "tolerance": int(TOLERANCE.total_seconds() // 60),
        "overlap": int(OVERLAP.total_seconds() // 3600),
        "words_days": HANDED_OVER_STAYS.days,
        "replay_hours": settings.SNAPSHOT_HOURS,
        **more,
    }
    return render(request, "integrations/endpoints/one.html", context)
