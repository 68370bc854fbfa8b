"""The tip page: the same verbs as the API, as a page and a plain form. And the page of the balance."""

import uuid

import numpy as np
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import preferences
from accounts.preferences import BadPreference
from accounts.signed_in import person
from recommender.answers import WAYS, meant
from recommender.asked import asked
from recommender.balance_words import says_nothing_new, shares_of, shown
from recommender.bandit.feature_list import KINDS
from recommender.preference_keys import BALANCE
from recommender.react import NoSuchTip, react
from recommender.serving import still_holds
from recommender.typeset import typeset
from recommender.undo import TooLate, undo
from recommender.why import why_this


@never_cache
@require_safe
def tip(request: HttpRequest) -> HttpResponse:
    """One tip, or why there is none."""
    rng = np.random.default_rng()
    seen, stands = asked(person(request), now=timezone.now(), rng=rng)
    served = seen.tip
    if stands.state == "connect":
        return redirect("connect")
    # The words before the user's own stand smaller, on a line of their own.
    size = (
        typeset(f"{served.words}{served.after}" if served.words else served.text) if served else ""
    )
    context = {
        "tip": served,
        "silence": seen.silence,
        "quiet_until": seen.quiet_until,
        "answers": seen.tip.answers if seen.tip else WAYS["silence"] if seen.silence else (),
        "said": seen.said,
        "standing": stands,
        "size": size,
    }
    return render(request, "recommender/tip.html", context)


@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """The buttons, where there is no JavaScript."""
    try:
        tip_id = uuid.UUID(request.POST.get("tip", ""))
        reaction = request.POST.get("reaction", "")
        meant(reaction)
    except ValueError:
        return HttpResponseBadRequest(
            "Say done, complete, snooze, not_today or dismiss to a tip.", "text/plain"
        )
    try:
        said = react(person(request), tip_id, reaction, dwell_ms=None, now=timezone.now())
    except NoSuchTip as error:
        raise Http404 from error
    except ValueError:
        return HttpResponseBadRequest("That is no answer to this one.", "text/plain")
    if not said.counted:
        messages.info(request, said.says)
    return redirect("tip")


@require_POST
def take_back(request: HttpRequest) -> HttpResponse:
    """Undoes the last reaction, within a few minutes."""
    try:
        tip_id = uuid.UUID(request.POST.get("tip", ""))
    except ValueError:
        return HttpResponseBadRequest("Say which tip to take back.", "text/plain")
    try:
        messages.info(request, undo(tip_id, user_id=person(request).pk, now=timezone.now()))
    except NoSuchTip as error:
        raise Http404 from error
    except TooLate:
        messages.info(request, "It is too late to take that back.")
    return redirect("tip")


@never_cache
@require_safe
def still(request: HttpRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Whether a page that shows this decision still may: 204, or else 205. One query, and no body."""
    holds = still_holds(person(request).pk, decision_id, now=timezone.now())
    return HttpResponse(status=204 if holds else 205)


@never_cache
@require_safe
def why(request: HttpRequest, decision_id: uuid.UUID) -> HttpResponse:
    """Why this, now: what the tip page unfolds, and a page where there is no JavaScript."""
    try:
        explained = why_this(person(request), decision_id, now=timezone.now())
    except NoSuchTip as error:
        raise Http404 from error
    return render(request, "recommender/why.html", {"explained": explained})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def balance(request: HttpRequest) -> HttpResponse:
    """How tips are shared out between kinds: seen, said, left to oO, or forgotten."""
    user, now = person(request), timezone.now()
    if request.method != "POST":
        return render(request, "recommender/balance.html", {"balance": shown(user, now=now)})
    said = "Noted. oO goes by it from the next tip on."
    words = {kind: request.POST.get(kind, "") for kind in KINDS}
    try:
        match request.POST.get("do"):
            case "say":
                shares = shares_of(words)
                if says_nothing_new(words, user):
                    said = "Nothing was changed. oO goes on working it out."
                else:
                    preferences.say(user, BALANCE, shares, now=now)
            case "leave":
                preferences.unsay(user, BALANCE, now=now)
                said = "Good. oO works it out by itself again."
            case "forget":
                preferences.forget(user, BALANCE, now=now)
                said = "Forgotten. oO looks afresh, and only at what comes from now on."
            case _:
                raise Http404
    except BadPreference as error:
        messages.error(request, str(error))
        told = shown(user, now=now, chosen=words)
        return render(request, "recommender/balance.html", {"balance": told})
    messages.success(request, said)
    return redirect("balance")
