"""What both authorization servers have in common: who asks, and how to answer a browser."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from flask import Request, Response, jsonify, redirect, request

from .config import CLIENT_ID, CLIENT_SECRET
from .world import the_world


class Unanswerable(Exception):
    """The browser cannot be sent back safely: the person sees an error page instead."""

    def __init__(self, error: str, explanation: str) -> None:
        super().__init__(error)
        self.error = error
        self.explanation = explanation


class Refused(Exception):
    """The app gets an error at its redirect URI."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


def trusted_redirect(asked: Mapping[str, str]) -> str:
    """The redirect URI of a request to authorize, or Unanswerable."""
    if asked.get("client_id") != CLIENT_ID:
        raise Unanswerable("invalid_client", f"The only app known here is “{CLIENT_ID}”.")
    uri = asked.get("redirect_uri", "")
    if not the_world().config.allows_redirect(uri):
        raise Unanswerable(
            "redirect_uri_mismatch", "The app wants to be called back at an address it may not use."
        )
    return uri


def challenge_of(asked: Mapping[str, str], *, required: bool) -> str | None:
    """The PKCE challenge of a request to authorize."""
    challenge = asked.get("code_challenge")
    if challenge is None and not required:
        return None
    if not challenge or asked.get("code_challenge_method") != "S256":
        raise Refused("invalid_request", "PKCE with code_challenge_method=S256 is required")
    return challenge


def send_back(uri: str, **answer: str | None) -> Response:
    """Redirect to the app with ``answer`` added to its query."""
    parts = urlsplit(uri)
    said = urlencode({key: value for key, value in answer.items() if value is not None})
    query = "&".join(filter(None, (parts.query, said)))
    target = redirect(urlunsplit(parts._replace(query=query)), code=303)
    assert isinstance(target, Response)
    return target


def parameters(request: Request) -> dict[str, str]:
    """The text parameters of a form or JSON body."""
    body: Any = request.get_json(silent=True) if request.is_json else request.form
    if not isinstance(body, Mapping):
        return {}
    return {key: value for key, value in body.items() if isinstance(value, str)}


def client_is_known(given: Mapping[str, str]) -> bool:
    """Whether the app proved itself: by HTTP Basic or in the body, but not by both."""
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        # RFC 6749, 2.3.1: both halves are form-encoded inside the Basic value.
        id, secret = unquote_plus(basic.username or ""), unquote_plus(basic.password or "")
    else:
        id, secret = given.get("client_id", ""), given.get("client_secret", "")
    return _same(id, CLIENT_ID) and _same(secret, CLIENT_SECRET)


def error(status: int, code: str, description: str | None = None) -> Response:
    """An error of a token endpoint in the shape of RFC 6749."""
    body = {"error": code}
    if description:
        body["error_description"] = description
    return private(body, status)


def private(body: Any, status: int = 200) -> Response:
    """A JSON answer that no cache may keep."""
    response = jsonify(body)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
