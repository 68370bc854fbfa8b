"""The doors of the accounts floor: sign in, sign out, the legal pages, deletion and its receipt."""

import uuid

from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import erase
from accounts.jobs import run_erasures
from accounts.models import Erasure
from accounts.zones import is_time_zone
from oo.lib.jobs import wake


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """The sign-in page. Its button posts here and goes on to Google."""
    if request.user.is_authenticated:
        return redirect("/")
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}):
        wanted = "/"
    if request.method == "POST":
        if not settings.GOOGLE_CLIENT_ID:
            messages.error(request, "Sign-in is not set up here yet: `manage.py doctor` says how.")
            return redirect("welcome")
        request.session["time_zone"] = request.POST.get("time_zone", "")[:64]
        provider = get_adapter().get_provider(request, "google")
        return provider.redirect(request, process="login", next_url=wanted)
    return render(request, "accounts/welcome.html", {"next": wanted})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session, and has the browser drop what it kept for offline use."""
    logout(request)
    response = redirect("welcome")
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@login_not_required
@require_GET
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/terms.html")


@login_not_required
@require_GET
def privacy_notice(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/privacy.html")


@require_POST
def time_zone(request: HttpRequest) -> HttpResponse:
    """The browser tells where its user is now."""
    name = request.POST.get("time_zone", "")
    if not is_time_zone(name):
        return JsonResponse({"detail": "That is not a time zone."}, status=400)
    request.user.time_zone = name
    request.user.save(update_fields=["time_zone"])
    return JsonResponse({"time_zone": name})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """Asks once, then deletes everything and shows the receipt."""
    if request.method != "POST":
        return render(request, "accounts/delete.html")
    erasure = erase.ask(request.user, now=timezone.now())
    wake(run_erasures)
    logout(request)
    response = redirect("erased", receipt=erasure.receipt)
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@login_not_required
@never_cache
@require_GET
def erased(request: HttpRequest, receipt: uuid.UUID) -> HttpResponse:
    """The receipt of a deletion: how far it is, and what is left to do by hand, without a name."""
    erasure = get_object_or_404(Erasure, receipt=receipt)
    unconfirmed = any(s.get("let_go") == "not confirmed" for s in erasure.progress.values())
    rows = sum(step.get("forgot", 0) for step in erasure.progress.values())
    return render(
        request,
        "accounts/erased.html",
        {"erasure": erasure, "rows": rows, "unconfirmed": unconfirmed},
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that can't be trusted, most often one from before a sign-out."""
    if request.path.startswith("/api/"):
        return JsonResponse({"status": 403, "title": "Forbidden", "detail": reason}, status=403)
    return render(request, "403_csrf.html", status=403)
