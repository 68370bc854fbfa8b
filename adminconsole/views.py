"""The console's own pages."""

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from adminconsole import features as listed
from adminconsole import overview, watch
from recommender import modelcards
from recommender.registry import policies as installed


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Every check with what mends it. The page asks for its own middle again while it is open.

    `?part=page` and `?part=strip` are those middles: the full list, and the overview's headline.
    """
    part = request.GET.get("part")
    context = {
        "report": watch.report(timezone.now()),
        "every": watch.ASK_AGAIN_SECONDS,
    }
    if part in ("page", "strip"):
        return render(request, f"adminconsole/health_{part}.html", context)
    return render(
        request,
        "adminconsole/health.html",
        {**admin.site.each_context(request), **context, "title": "Health"},
    )


@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """Every policy that is installed: what it does, and how it compares."""
    context = {"policies": overview.policies_standing(), "title": "Policies"}
    return render(
        request, "adminconsole/policies.html", {**admin.site.each_context(request), **context}
    )


@require_safe
def policy(request: HttpRequest, policy_id: str) -> HttpResponse:
    """A policy's card; `?as=markdown` is the document to keep."""
    if policy_id not in installed:
        raise Http404
    now = timezone.now()
    card = modelcards.card(policy_id, now=now)
    if request.GET.get("as") == "markdown":
        reply = HttpResponse(modelcards.markdown(card, now=now), content_type="text/markdown")
        reply["Content-Disposition"] = f'attachment; filename="{policy_id}.md"'
        return reply
    context = {"card": card, "policy_id": policy_id, "title": card.title}
    return render(
        request, "adminconsole/policy.html", {**admin.site.each_context(request), **context}
    )


@require_safe
def features(request: HttpRequest) -> HttpResponse:
    """All that a policy may know, from the one list of features."""
    context = {"rows": listed.rows(), "users": listed.users_of(), "title": "Features"}
    return render(
        request, "adminconsole/features.html", {**admin.site.each_context(request), **context}
    )
