"""Carrying out faults: an answer in place of the real one, or the real one spoiled."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flask import Response, jsonify, request

from .faults import SPOILS_THE_ANSWER, Fault, Faults, wrong_types
from .todoist.errors import limits_reached, server_error, unauthorized

PORTAL = (
    "<!doctype html><html><head><title>Welcome</title></head>"
    "<body><h1>Please accept the terms of this network</h1></body></html>"
)
TOKEN_ENDPOINTS = ("/google/token", "/todoist/oauth/access_token")


def instead(fault: Fault, faults: Faults) -> Response | None:
    """What the struck request gets without being carried out; None lets it through."""
    if fault.kind in SPOILS_THE_ANSWER:
        return None
    if fault.kind == "slow":
        faults.wait(fault.seconds)
        return None
    if fault.kind == "hang":
        return Response(_Silence(fault, faults))
    if fault.kind == "garbage":
        return Response(b'{"\x00\xff\xfe' + bytes(range(128, 192)), mimetype="application/json")
    if fault.kind == "html":
        return Response(PORTAL, mimetype="text/html")
    if fault.kind == "revoked" and request.path in TOKEN_ENDPOINTS:
        return _oauth_error(400, "invalid_grant")
    return _refusal(fault)


def spoiled(fault: Fault, response: Response) -> Response:
    """The real answer cut in half or with its types changed."""
    if fault.kind == "truncated":
        whole = response.get_data()
        response.set_data(whole[: len(whole) // 2])
        # The promise of the whole stays, so that the client sees the connection break.
        response.headers["Content-Length"] = str(len(whole))
    elif fault.kind == "wrong_types" and response.is_json:
        response.set_data(json.dumps(wrong_types(response.get_json())))
    return response


def _refusal(fault: Fault) -> Response:
    if request.path.startswith("/google/calendar/"):
        return _google_error(fault)
    if request.path.startswith("/llm/"):
        return _openai_error(fault)
    if not request.path.startswith("/todoist/api/"):
        codes = {"429": (429, "rate_limit_exceeded"), "500": (500, "server_error")}
        status, code = codes.get(fault.kind, (401, "invalid_token"))
        response = _oauth_error(status, code)
        if status == 429:
            response.headers["Retry-After"] = str(max(1, round(fault.seconds)))
        return response
    errors = {"429": limits_reached(fault.seconds), "500": server_error()}
    raise errors.get(fault.kind, unauthorized())


def _google_error(fault: Fault) -> Response:
    """As Google's APIs put it. Too much is a 403 as often as a 429."""
    status, reason = {
        "429": (429, "rateLimitExceeded"),
        "403": (403, "userRateLimitExceeded"),
        "500": (500, "backendError"),
    }.get(fault.kind, (401, "authError"))
    entry = {"domain": "usageLimits" if status in (403, 429) else "global", "reason": reason}
    response = jsonify(error={"errors": [entry], "code": status, "message": reason})
    response.status_code = status
    if status in (403, 429) and fault.seconds:
        response.headers["Retry-After"] = str(max(1, round(fault.seconds)))
    return response


def _openai_error(fault: Fault) -> Response:
    status, code = {
        "429": (429, "rate_limit_exceeded"),
        "403": (403, "forbidden"),
        "500": (500, "server_error"),
    }.get(fault.kind, (401, "invalid_api_key"))
    kind = "server_error" if status == 500 else "invalid_request_error"
    response = jsonify(error={"message": code, "type": kind, "param": None, "code": code})
    response.status_code = status
    if status == 429 and fault.seconds:
        response.headers["Retry-After"] = str(max(1, round(fault.seconds)))
    return response


def _oauth_error(status: int, code: str) -> Response:
    response = jsonify(error=code)
    response.status_code = status
    return response


class _Silence(Iterator[bytes]):
    """A body that never comes: the connection is dropped without a word in the end."""

    def __init__(self, fault: Fault, faults: Faults) -> None:
        self._fault = fault
        self._faults = faults

    def __next__(self) -> bytes:
        self._faults.wait(self._fault.seconds)
        # The server takes this for a client that went away, and closes the socket.
        raise ConnectionAbortedError
