"""Pages that belong to no floor: the app's shell, the API's readable document, errors, liveness."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.templatetags.static import static
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from oo import reference
from oo.lib.problem import CONTENT_TYPE


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process answers. What lies behind it is the console's health page."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """The web app manifest, which makes oO installable."""
    sizes = {
        "icon-192.png": "192x192",
        "icon-512.png": "512x512",
        "icon-maskable-512.png": "512x512",
    }
    icons = [
        {
            "src": static(f"oo/{name}"),
            "sizes": size,
            "type": "image/png",
            "purpose": "maskable" if "maskable" in name else "any",
        }
        for name, size in sizes.items()
    ]
    return JsonResponse(
        {
            "id": "/",
            "name": "oO",
            "short_name": "oO",
            "description": "One tip. Right now.",
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "background_color": "#000000",
            "theme_color": "#000000",
            "icons": icons,
        },
        content_type="application/manifest+json",
    )


# What every page needs. Other files of ours are kept by the service worker once a page used them.
SHELL = ("oo.css", "oo.js", "newsreader.woff2", "favicon.svg")


def _shell() -> dict[str, Any]:
    """The files a page needs, and a version that changes with any of them or with the pages."""
    digest = hashlib.sha256()
    for name in SHELL:
        digest.update(Path(finders.find(f"oo/{name}") or "").read_bytes())
    for name in ("base.html", "offline.html", "recommender/tip.html", "sw.js"):
        template: Any = get_template(name)  # its type knows of no file
        digest.update(Path(template.origin.name).read_bytes())
    return {
        "shell": [static(f"oo/{name}") for name in SHELL],
        "version": digest.hexdigest()[:12],
    }


@login_not_required
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """Served from the root, so that its scope is the whole app; never from a stale cache."""
    response = render(request, "sw.js", _shell(), content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the service worker shows when there is no connection and no last tip."""
    return render(request, "offline.html")


@login_not_required
@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document as a page to read."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    calls, everywhere = reference.read(document)
    shown = {"calls": calls, "everywhere": everywhere, "info": document["info"]}
    return render(request, "api_docs.html", shown)


def _error(request: HttpRequest, status: int, title: str, says: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": says,
        }
        return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    return render(request, "error.html", {"title": title, "says": says}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 400, "Bad request", "That request can't be read. Go back and try again.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, 403, "Not yours", "This is not for your account.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(
        request, 404, "Nothing here", "There is nothing at this address, or it is not yours."
    )


@login_not_required
@csrf_exempt
def no_such_call(request: HttpRequest, rest: str) -> HttpResponse:
    """A problem in debug mode too, where Django would show its own page."""
    return not_found(request, Http404())


class NotAllowedMiddleware:
    """Whoever opens or reloads an address that only a button leads to gets a page, and a way back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # A machine does not ask for a page.
        if response.status_code != 405 or "text/html" not in request.headers.get("Accept", ""):
            return response
        says = "This address is for a button to press. Nothing was changed."
        page = _error(request, 405, "Nothing to see here", says)
        page["Allow"] = response["Allow"]
        return page


def server_error(request: HttpRequest) -> HttpResponse:
    """Must not touch the database: it may be what failed."""
    if request.path.startswith("/api/"):
        return _error(request, 500, "Internal error", "Something broke on our side. It was logged.")
    return render(None, "500.html", status=500)
