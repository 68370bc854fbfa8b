"""What is refused at the door, before anything reads it."""

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from oo.lib.problem import CONTENT_TYPE, shape

API_BYTES = 100_000
HOOK_BYTES = 300_000  # from a source, which writes a task twice and escapes every letter
FORM_BYTES = 100_000  # around an uploaded file, or without one


WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Utf8Only:
    """Everything is read as UTF-8, which is what browsers send.

    With "charset=zlib" Django calls codecs that are not for text, and does so while it makes the
    request: an error there is nobody's to handle, so it is kept from happening, outside Django.
    """

    def __init__(self, application: WSGI) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kind, *parameters = environ.get("CONTENT_TYPE", "").split(";")
        kept = [one for one in parameters if not one.strip().lower().startswith("charset")]
        environ["CONTENT_TYPE"] = ";".join([kind, *kept])
        return self.application(environ, start_response)


class LimitsMiddleware:
    """Refuses bodies larger than any we ask for, and characters that no database takes.

    Without a Content-Length there is no body: Django reads no further than it says.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return _refuse(request, 400, "An address can't hold a NUL character.")
        most = _largest(request)
        if _length(request) > most:
            says = f"That is too large: at most {most / 1_000_000:g} MB are taken here."
            return _refuse(request, 413, says)
        # Escapes inside a cookie's quotes get past the web server.
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]
        return self.get_response(request)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith(("/api/", "/in/", "/hooks/"))


def _largest(request: HttpRequest) -> int:
    if request.path.startswith("/hooks/"):
        return HOOK_BYTES
    return API_BYTES if _is_api(request) else _largest_form(request)


def _largest_form(request: HttpRequest) -> int:
    with_file = request.content_type == "multipart/form-data"
    most = settings.LARGE_FORMS.get(request.path, settings.UPLOAD_MAX_BYTES)
    return (most if with_file else 0) + FORM_BYTES


def _length(request: HttpRequest) -> int:
    stated = request.META.get("CONTENT_LENGTH") or "0"
    return int(stated) if stated.isdecimal() else 0


def _refuse(request: HttpRequest, status: int, says: str) -> HttpResponse:
    body = shape(status, says)
    if _is_api(request):
        return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    return render(request, "error.html", {"title": body["title"], "says": says}, status=status)
