"""The console's own pages."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from adminconsole import watch


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
