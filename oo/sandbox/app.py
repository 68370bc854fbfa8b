"""The Flask app: the rooms of the world behind one door."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from . import badday
from .clock import stamp
from .control_api import control_api
from .control_page import control_page
from .feeds import feeds
from .google import google
from .google_calendar import google_calendar
from .health import health
from .llm import llm
from .oauth import Unanswerable
from .todoist.authorization import authorization
from .todoist.errors import ApiError
from .todoist.rest import rest
from .todoist.sync import sync
from .world import EXTENSION, World, the_world

LARGEST_BODY = 1024 * 1024
ASSETS = "/_assets"
# The services whose requests are logged and can be struck by faults.
SERVICES = ("/google/", "/todoist/", "/feeds/", "/llm/")


def create_app(world: World) -> Flask:
    """The app around a world; the caller closes the world."""
    app = Flask(__name__, static_url_path=ASSETS)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.extensions[EXTENSION] = world
    app.before_request(_arrive)
    app.after_request(_leave)
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(Unanswerable, _unanswerable)
    app.register_error_handler(HTTPException, _http_error)
    for room in (
        google,
        google_calendar,
        feeds,
        authorization,
        rest,
        sync,
        control_api,
        control_page,
        health,
        llm,
    ):
        app.register_blueprint(room)
    for shut in ("rest/v2", "sync/v8", "sync/v9"):
        app.add_url_rule(
            f"/todoist/{shut}/<path:_>", f"shut {shut}", _gone, methods=["GET", "POST", "DELETE"]
        )
    return app


def _arrive() -> Response | tuple[str, int] | None:
    """First of all: is this request meant for us, and is today a bad day?"""
    g.started = datetime.now(UTC)
    g.fault = None
    if not _from_here():
        return "This sandbox answers to its own address only.\n", 403
    if request.path.startswith(SERVICES):
        g.fault = the_world().faults.strike(request.path)
        if g.fault is not None:
            return badday.instead(g.fault, the_world().faults)
    return None


def _from_here() -> bool:
    """A page of another site must reach nothing here, neither by its name nor by a form."""
    hosts = the_world().config.hosts
    if request.host not in hosts:
        return False
    origin = request.headers.get("Origin")
    return request.method in ("GET", "HEAD") or origin is None or urlsplit(origin).netloc in hosts


def _leave(response: Response) -> Response:
    if g.get("fault") is not None:
        response = badday.spoiled(g.fault, response)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none';"
        f" frame-ancestors 'none'; form-action 'self' {g.get('form_action', '')}".rstrip()
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    if request.path.startswith(SERVICES):
        _write_down(response)
    return response


def _write_down(response: Response) -> None:
    fault = g.get("fault")
    world = the_world()
    world.journal.write(
        at=stamp(world.clock.now()),
        method=request.method,
        path=request.path,
        query=request.query_string.decode("utf-8", "replace"),
        headers=request.headers.items(),
        status=None if fault is not None and fault.kind == "hang" else response.status_code,
        fault=fault.kind if fault is not None else None,
        # Real time, not the world's: a moved clock must not make a request last a week.
        milliseconds=round((datetime.now(UTC) - g.started).total_seconds() * 1000),
    )


def _api_error(error: ApiError) -> Response:
    response = jsonify(error.body)
    response.status_code = error.http_code
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.http_code == 401 and "Authorization" in request.headers:
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    return response


def _unanswerable(error: Unanswerable) -> tuple[str, int]:
    return render_template("error.html", error=error), 400


def _http_error(error: HTTPException) -> Response | tuple[str, int]:
    code = error.code or 500
    if request.path.startswith("/todoist/api/"):
        tag = (error.name or "error").upper().replace(" ", "_")
        return _api_error(ApiError(code, 0 if code == 500 else code, tag, error.name))
    return f"{code} {error.name}\n", code


def _gone(_: str) -> tuple[str, int, dict[str, str]]:
    return "This endpoint is deprecated.\n", 410, {"Content-Type": "text/plain; charset=utf-8"}
