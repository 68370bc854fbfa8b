"""Errors of the API in one shape (RFC 9457), each with a sentence that says what to do."""

import logging
from http import HTTPStatus
from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

_ADVICE = {
    400: "Correct the fields named in `errors` and send it again.",
    401: "Sign in, or send a token as `Authorization: Bearer ...`.",
    403: "This is not yours to do. In a browser, reload the page and try again.",
    404: "There is no such thing here, or it is not yours.",
    405: "Use one of the methods in the `Allow` header.",
    406: "Ask for application/json.",
    409: "Something changed meanwhile; fetch it again.",
    413: "Send less.",
    415: "Send application/json.",
    429: "Wait for as many seconds as `Retry-After` says.",
}


def shape(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """The body. `detail` is a sentence for the person or developer who caused it."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }


def problem(status: int, detail: str, **more: Any) -> Response:
    """A problem response."""
    return Response(shape(status, detail, **more), status=status, content_type=CONTENT_TYPE)


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler, re-shaped."""
    response = exception_handler(error, context)
    if response is None:
        return None
    more: dict[str, Any] = {}
    if isinstance(error, exceptions.ValidationError):
        more["errors"] = response.data
        said = "Some of what was sent can't be used."
    else:
        said = str(getattr(error, "detail", "")) or HTTPStatus(response.status_code).phrase
    advice = _ADVICE.get(response.status_code, "")
    shaped = problem(response.status_code, f"{said} {advice}".strip(), **more)
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in response.headers:
            shaped[header] = response.headers[header]
    return shaped
