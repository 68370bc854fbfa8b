"""The page on which people name their situations, and say when each holds."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import contexts, preferences
from accounts.faults import Faults
from accounts.signed_in import person

SAVED = "Saved. oO goes by it from the next tip on."
GONE = "Taken away."
NO_DAY = "Choose a day, or several."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def situations(request: HttpRequest) -> HttpResponse:
    """Lists them, makes one, changes one or takes one away."""
    user, now = person(request), timezone.now()
    if request.method != "POST":
        named = contexts.of(user)
        holding = contexts.holding([user.pk], now)[user.pk]
        context = {
            "named": [{"row": row, "holds": row.name in holding} for row in named],
            "room": len(named) < contexts.MOST,
            "days": contexts.DAYS,
            "workdays": contexts.DAYS[:5],
            "longest": contexts.LONGEST,
        }
        return render(request, "accounts/situations.html", context)
    name = request.POST.get("name", "")
    parts = {
        "weekdays": request.POST.getlist("day"),
        # A browser may send seconds.
        "begins": request.POST.get("begins", "")[:5],
        "ends": request.POST.get("ends", "")[:5],
    }
    if not parts["weekdays"] and request.POST.get("do") != "remove":
        messages.error(request, NO_DAY)
        return redirect("situations")
    try:
        match request.POST.get("do"):
            case "make":
                contexts.change(user, {name: parts}, now=now, only_new=True)
            case "change":
                contexts.change(user, {name: parts}, now=now)
            case "remove":
                contexts.change(user, {name: None}, now=now)
            case _:
                raise Http404
    except Faults as error:
        messages.error(request, str(error))
    else:
        preferences.changed(user.pk, now=now)
        messages.success(request, GONE if request.POST["do"] == "remove" else SAVED)
    return redirect("situations")
