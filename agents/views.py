"""The page on which people see what oO believes of them, and set it right."""

import json
from dataclasses import replace

from django.contrib import messages
from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.preferences import BadPreference, key_of
from accounts.signed_in import person
from agents import beliefs as believed
from agents.asking import answer

KEPT = "Kept. It stays as it is until you change it."
SAID = "Noted. oO goes by it from the next tip on."
FORGOTTEN = "Forgotten. oO looks afresh, and only at what comes from now on."
LEFT = "Good. oO works it out by itself again."


@never_cache
@require_safe
def beliefs(request: HttpRequest) -> HttpResponse:
    shown = believed.beliefs_of(person(request), now=timezone.now())
    known = [one for one in shown if one.state != "unknown"]
    # What can neither be said nor was forgotten is nothing to do about.
    unknown = [
        one
        for one in shown
        if one.state == "unknown" and one.asked and (one.asking or one.forgotten)
    ]
    # Said where the browser is led to, not out of sight at the top.
    here = {one.key for one in (*known, *unknown)}
    waiting = list(get_messages(request))
    told = {said.extra_tags: str(said) for said in waiting}
    known, unknown = (
        [replace(one, told=told.get(one.key, "")) for one in part] for part in (known, unknown)
    )
    # Said once, where it is so of them all.
    not_looked = {one.small for one in unknown} == {believed.NOT_LOOKED}
    if not_looked:
        unknown = [replace(one, small="") for one in unknown]
    context = {
        "known": [one for one in known if one.asked],
        "counted": [one for one in known if not one.asked],
        "counted_told": any(one.told for one in known if not one.asked),
        "unknown": unknown,
        "not_looked": believed.NOT_LOOKED if not_looked else "",
        "messages": [said for said in waiting if said.extra_tags not in here],
    }
    return render(request, "agents/beliefs.html", context)


@require_POST
def belief(request: HttpRequest, name: str) -> HttpResponse:
    """The user's word on one belief: that's right, something else, forget it, or work it out."""
    user, now = person(request), timezone.now()
    try:
        believed.find(name)
        match request.POST.get("do"):
            case "keep":
                believed.keep(user, name, _shown(request), now=now)
                said = KEPT
            case "change":
                believed.keep(
                    user, name, answer(key_of(name), request.POST.getlist("value")), now=now
                )
                said = SAID
            case "forget":
                believed.forget(user, name, now=now)
                said = FORGOTTEN
            case "leave":
                believed.leave_to_agents(user, name, now=now)
                said = LEFT
            case _:
                raise Http404
    except believed.NoSuchBelief as error:
        raise Http404 from error
    except BadPreference as error:
        messages.error(request, str(error), extra_tags=name)
    else:
        messages.success(request, said, extra_tags=name)
    return redirect(f"{reverse('beliefs')}#{name}")


def _shown(request: HttpRequest) -> object:
    """The value that they saw and agreed to, whatever is believed by now. Raises BadPreference."""
    try:
        return json.loads(request.POST.get("value", ""))
    except (ValueError, RecursionError):
        raise BadPreference("That can’t be read any more. Look again, and try once more.") from None
