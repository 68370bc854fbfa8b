"""The doors of the accounts floor: sign in, sign out, the legal pages, deletion and its receipt."""

import logging
import uuid

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import consents, erase, preferences, privacy
from accounts.adapter import Google
from accounts.jobs import run_erasures
from accounts.models import Consent, Erasure, User
from accounts.preference_keys import HELP_SHARED_PRIOR
from accounts.signed_in import person
from accounts.zones import is_time_zone
from oo.lib.jobs import wake

log = logging.getLogger(__name__)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest) -> HttpResponse:
    """The sign-in page. Its button posts here and goes on to Google."""
    if request.user.is_authenticated:
        return redirect("/")
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = "/"
    if request.method == "POST":
        if not settings.GOOGLE_CLIENT_ID:
            messages.error(request, "Sign-in is not set up here yet: `manage.py doctor` says how.")
            return redirect("welcome")
        request.session["time_zone"] = request.POST.get("time_zone", "")[:64]
        provider = get_adapter().get_provider(request, "google")
        provider.oauth2_adapter_class = Google
        return provider.redirect(request, process="login", next_url=wanted)
    return render(request, "accounts/welcome.html", {"next": wanted})


@login_not_required
@never_cache
@require_GET
def google_callback(request: HttpRequest) -> HttpResponse:
    """The browser comes back from Google, with a code or a refusal."""
    try:
        return OAuth2CallbackView.adapter_view(Google)(request)
    except IntegrityError:
        log.info("the same person signed in for the first time twice at once")
    except (ValueError, TypeError, LookupError, AttributeError):
        log.exception("Google gave an answer that makes no sense")
    messages.error(request, "Google did not confirm who you are. Please try again.")
    return redirect("welcome")


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
    kept = {
        "event_days": settings.EVENT_RETENTION_DAYS,
        "snapshot_hours": settings.SNAPSHOT_HOURS,
        "health_days": settings.HEALTH_DAYS,
        "session_days": settings.SESSION_COOKIE_AGE // 86_400,
        "llm_days": settings.LLM_LOG_DAYS,
        "llm_text_hours": settings.LLM_LOG_TEXT_HOURS,
    }
    return render(request, "accounts/privacy.html", kept)


@require_POST
def time_zone(request: HttpRequest) -> HttpResponse:
    """The browser tells where its user is now."""
    name = request.POST.get("time_zone", "")
    if not is_time_zone(name):
        return JsonResponse({"detail": "That is not a time zone."}, status=400)
    user_id = person(request).pk
    theirs = User.objects.filter(pk=user_id, is_active=True)
    if theirs.exclude(time_zone=name).update(time_zone=name):
        preferences.changed(user_id, now=timezone.now())  # what was said of times of day is old
    return JsonResponse({"time_zone": name})


@require_POST
def help_shared_prior(request: HttpRequest) -> HttpResponse:
    """The user takes part in the shared prior from now on, or does so no more."""
    helps = request.POST.get("helps") == "yes"
    preferences.say(person(request), HELP_SHARED_PRIOR, helps, now=timezone.now())
    messages.success(
        request, "Thank you. You take part from tonight on." if helps else "You take part no more."
    )
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page that a form was on, if that is ours."""
    wanted = request.POST.get("next", "")
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return redirect(wanted if ours else "/")


@require_POST
def cloud(request: HttpRequest) -> HttpResponse:
    """The user lets a model in the cloud write for them, or does so no more."""
    agrees = request.POST.get("agrees") == "yes"
    consents.change(person(request), {Consent.Document.REMOTE_MODEL: agrees}, now=timezone.now())
    messages.success(
        request,
        "A model in the cloud may write for you."
        if agrees
        else "No model in the cloud is asked for you.",
    )
    return _back(request)


@never_cache
@require_POST
def export_data(request: HttpRequest) -> HttpResponse:
    """All that is held about the person who asks, as a file, made for them and kept nowhere."""
    response = JsonResponse(privacy.export(person(request)), json_dumps_params={"indent": 2})
    response["Content-Disposition"] = 'attachment; filename="oo-my-data.json"'
    return response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: HttpRequest) -> HttpResponse:
    """Asks once, then deletes everything and shows the receipt."""
    if request.method != "POST":
        return render(request, "accounts/delete.html")
    assert isinstance(request.user, User)
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
    return render(request, "403_csrf.html", status=403)
