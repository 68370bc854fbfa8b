"""The tip page: the same verbs as the API, as a page and a plain form."""

import uuid

import numpy as np
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.signed_in import person
from agents.jobs import refresh_user
from integrations.freshness import freshen
from oo.lib.jobs import wake_soon
from recommender.bandit.reward import Reaction
from recommender.moment import standing
from recommender.react import NOT_TODAY, NoSuchTip, react
from recommender.serving import look, still_holds
from recommender.typeset import typeset
from recommender.undo import TooLate, undo
from recommender.why import why_this


@never_cache
@require_safe
def tip(request: HttpRequest) -> HttpResponse:
    """One tip, or why there is none."""
    user = person(request)
    now = timezone.now()
    freshen(user.pk)
    seen = look(user, now=now, rng=np.random.default_rng())
    served = seen.tip
    stands = standing(
        user,
        seen.connections,
        has_tip=served is not None,
        silent=seen.silence is not None,
        now=now,
    )
    if seen.shown is None:
        wake_soon(refresh_user, user.pk, seconds=0)
    if stands.state == "connect":
        return redirect("connect")
    # The words before the user's own stand smaller, on a line of their own.
    size = (
        typeset(f"{served.words}{served.after}" if served.words else served.text) if served else ""
    )
    context = {
        "tip": served,
        "silence": seen.silence,
        "said": seen.said,
        "standing": stands,
        "size": size,
    }
    return render(request, "recommender/tip.html", context)


@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """The three buttons, where there is no JavaScript."""
    try:
        tip_id = uuid.UUID(request.POST.get("tip", ""))
        reaction = request.POST.get("reaction", "")
        if reaction != NOT_TODAY:
            Reaction(reaction)
    except ValueError:
        return HttpResponseBadRequest(
            "Say done, snooze, not_today or dismiss to a tip.", "text/plain"
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
