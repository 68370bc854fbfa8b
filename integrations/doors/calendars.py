"""The doors of calendars that are granted: titles on and off, and a source's word of a change."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from integrations.connect import begin, turn_titles_off
from integrations.models import Connection
from integrations.source import SharesCalendar, sources
from integrations.watching import heard


@require_POST
def calendar_titles(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Off at once; on by asking for them where the calendar is."""
    connection = get_object_or_404(Connection, pk=connection_id, user=request.user.pk)
    source = sources.get(connection.source) if connection.source in sources else None
    if not isinstance(source, SharesCalendar):
        raise Http404
    now = timezone.now()
    if request.POST.get("titles") == "yes":
        if not source.is_configured():
            messages.error(request, f"{source.name} is not set up here.")
            return redirect("settings")
        back = settings.PUBLIC_URL + reverse("connect_callback", args=[source.id])
        return redirect(begin(source, request.session, redirect_uri=back, titles=True, now=now))
    turn_titles_off(connection, source, now=now)
    messages.success(
        request,
        "oO reads busy times only, and the titles it knew are gone. "
        f"{source.name} lists the old permission until you disconnect.",
    )
    return redirect("settings")


@csrf_exempt  # the channel's token is what proves it
@login_not_required
@require_POST
def calendar_changed(request: HttpRequest, source_id: str) -> HttpResponse:
    """Google says that a calendar changed. There is no body: all of it is in the headers."""
    told = heard(
        source_id,
        request.headers.get("X-Goog-Channel-ID", "")[:100],
        request.headers.get("X-Goog-Channel-Token", "")[:300],
        news=request.headers.get("X-Goog-Resource-State", "") != "sync",
        now=timezone.now(),
    )
    if not told:
        return HttpResponse("There is no such channel.", "text/plain", status=404)
    return HttpResponse(status=204)
