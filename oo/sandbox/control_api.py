"""The strings of the world, for tests: faults, clock, tasks, grants, the request log."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from .faults import Fault
from .personas import BY_ID, PERSONAS, Persona
from .todoist import tasks
from .todoist.errors import ApiError
from .world import the_world

control_api = Blueprint("control_api", __name__, url_prefix="/_control")

SERVICES = ("google", "todoist")


class Misunderstood(Exception):
    """The request makes no sense; the text says why."""


@control_api.errorhandler(Misunderstood)
def _misunderstood(error: Misunderstood) -> tuple[Response, int]:
    return jsonify(error=str(error)), 400


@control_api.get("/")
def health() -> Response:
    """For whoever waits until the world is up."""
    world = the_world()
    return jsonify(
        ok=True,
        now=world.clock.now().isoformat(),
        personas=[persona.id for persona in PERSONAS],
        webhook_url=world.config.webhook_url,
    )


@control_api.get("/faults")
def list_faults() -> Response:
    return jsonify(faults=the_world().faults.listed())


@control_api.post("/faults")
def add_fault() -> Response:
    try:
        the_world().faults.add(Fault.parse(request.get_json(silent=True)))
    except ValueError as error:
        raise Misunderstood(str(error)) from None
    return list_faults()


@control_api.delete("/faults")
def clear_faults() -> Response:
    the_world().faults.clear()
    return list_faults()


@control_api.get("/requests")
def list_requests() -> Response:
    return jsonify(requests=the_world().journal.entries())


@control_api.delete("/requests")
def clear_requests() -> Response:
    the_world().journal.clear()
    return list_requests()


@control_api.post("/reset")
def reset() -> Response:
    the_world().reset()
    return health()


@control_api.get("/clock")
def show_clock() -> Response:
    clock = the_world().clock
    return jsonify(now=clock.now().isoformat(), offset_seconds=clock.offset_seconds)


@control_api.post("/clock")
def shift_clock() -> Response:
    offset = _body().get("offset_seconds")
    if isinstance(offset, bool) or not isinstance(offset, int | float):
        raise Misunderstood("offset_seconds is a number")
    try:
        the_world().clock.shift_to(offset)
    except (OverflowError, ValueError):
        raise Misunderstood("offset_seconds leads out of the calendar") from None
    the_world().postman.wake()
    return show_clock()


@control_api.get("/tasks")
def list_tasks() -> Response:
    with the_world().account(_persona(request.args.get("persona"))) as account:
        return jsonify(tasks=account.live("items"))


@control_api.post("/tasks")
def add_task() -> Response:
    body = _body()
    args = {"content": body.get("content"), "priority": body.get("priority") or 1}
    if body.get("due"):
        args["due"] = {"string": body["due"]}
    with the_world().account(_persona(body.get("persona"))) as account:
        return jsonify(tasks.add(account, args))


@control_api.post("/tasks/<id>/<any(complete, delete):verb>")
def act_on_task(id: str, verb: str) -> Response:
    """As if the person acted in Todoist itself: completing moves a recurring task on."""
    with the_world().account(_owner(id)) as account:
        (tasks.close if verb == "complete" else tasks.delete)(account, id)
    return jsonify(ok=True)


@control_api.post("/revoke")
def revoke() -> Response:
    """As if the person removed the app in the settings of a service."""
    body = _body()
    if body.get("service") not in SERVICES:
        raise Misunderstood(f"service is one of {', '.join(SERVICES)}")
    persona = _persona(body.get("persona"))
    with the_world().grants(body["service"]) as grants:
        return jsonify(revoked_tokens=grants.revoke_persona(persona.id))


@control_api.get("/grants")
def list_grants() -> Response:
    found: list[dict[str, Any]] = []
    for service in SERVICES:
        with the_world().grants(service) as grants:
            found += grants.listed()
    return jsonify(grants=found)


@control_api.errorhandler(ApiError)
def _refused(error: ApiError) -> tuple[Response, int]:
    return jsonify(error.body), error.http_code


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Misunderstood("the body is a JSON object")
    return body


def _persona(id: Any) -> Persona:
    if not isinstance(id, str) or id not in BY_ID:
        raise Misunderstood(f"persona is one of {', '.join(BY_ID)}")
    return BY_ID[id]


def _owner(task: str) -> Persona:
    """Whose task this is. A 404 comes from the account when nobody owns it."""
    with the_world().store.transaction() as db:
        row = db.execute(
            "SELECT persona FROM objects WHERE kind = 'items' AND id = ?", (task,)
        ).fetchone()
    return BY_ID[row["persona"]] if row else PERSONAS[0]
