"""The doors of feeds: add one, rename one. Removing is cutting."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.signed_in import person
from integrations.feeds import CannotAdd, add_feed, rename_feed
from integrations.models import CalendarEvent, Connection
from integrations.source import UsesAddress, sources


@require_POST
def feed_add(request: HttpRequest, source_id: str) -> HttpResponse:
    """Connects the calendar at an address, if there is one."""
    source = sources.get(source_id) if source_id in sources else None
    if not isinstance(source, UsesAddress):
        raise Http404
    typed, label = request.POST.get("address", ""), request.POST.get("label", "")
    now = timezone.now()
    try:
        made = add_feed(person(request), source, typed, label, now=now)
    except CannotAdd as error:
        messages.error(request, str(error))
        return redirect("connect")
    count = CalendarEvent.objects.filter(connection=made).count()
    found = f"{count} coming {'event' if count == 1 else 'events'}" if count else "nothing"
    messages.success(request, f"It is connected, with {found} in the next two weeks.")
    return redirect("settings")


@require_POST
def feed_rename(request: HttpRequest, connection_id: uuid.UUID) -> HttpResponse:
    """Calls one of the user's feeds something else."""
    feeds = [source.id for source in sources if isinstance(source, UsesAddress)]
    mine = Connection.objects.filter(user=request.user.pk, source__in=feeds)
    rename_feed(get_object_or_404(mine, pk=connection_id), request.POST.get("label", ""))
    return redirect("settings")
