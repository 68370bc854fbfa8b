"""The page on which people name their situations, and say when each holds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import contexts, preferences
from accounts.faults import Faults
from accounts.models import User
from accounts.signed_in import person

SAVED = "Saved. oO goes by it from the next tip on."
GONE = "Taken away."
NO_DAY = "Choose a day, or several."


WORK = {"name": "", "chosen": contexts.DAYS[:5], "begins": "09:00", "ends": "17:00"}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def situations(request: HttpRequest) -> HttpResponse:
    """Lists them, makes one, changes one or takes one away."""
    user, now = person(request), timezone.now()
    if request.method != "POST":
        return _page(request, user, now=now)
    name, do = request.POST.get("name", ""), request.POST.get("do")
    parts = {
        "weekdays": request.POST.getlist("day"),
        # A browser may send seconds.
        "begins": request.POST.get("begins", "")[:5],
        "ends": request.POST.get("ends", "")[:5],
    }
    if do not in ("make", "change", "remove"):
        raise Http404
    try:
        if not parts["weekdays"] and do != "remove":
            raise Faults({name: NO_DAY})
        wanted = {name: None if do == "remove" else parts}
        contexts.change(user, wanted, now=now, only_new=do == "make")
    except Faults as error:
        messages.error(request, str(error))
        typed = {
            "name": name,
            "chosen": parts["weekdays"],
            "begins": parts["begins"],
            "ends": parts["ends"],
        }
        return _page(request, user, now=now, refused=do, typed=typed)
    preferences.changed(user.pk, now=now)
    messages.success(request, GONE if do == "remove" else SAVED)
    return redirect("situations")


def _page(
    request: HttpRequest,
    user: User,
    *,
    now: datetime,
    refused: str = "",
    typed: Mapping[str, Any] = WORK,
) -> HttpResponse:
    """The page; after a fault with what was typed still in its form."""
    named = contexts.of(user)
    holding = contexts.holding([user.pk], now)[user.pk]
    context = {
        "named": [
            {
                "row": row,
                "holds": row.name in holding,
                "chosen": row.weekdays,
                "begins": f"{row.begins:%H:%M}",
                "ends": f"{row.ends:%H:%M}",
            }
            | ({**typed, "open": True} if (refused, typed["name"]) == ("change", row.name) else {})
            for row in named
        ],
        "room": len(named) < contexts.MOST,
        "days": contexts.DAYS,
        "new": typed if refused == "make" else WORK,
        "longest": contexts.LONGEST,
    }
    return render(request, "accounts/situations.html", context)
