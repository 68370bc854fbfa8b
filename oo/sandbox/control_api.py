"""The strings of the world, for tests: faults, clock, tasks, grants, the request log."""

from __future__ import annotations

import http.client
from typing import Any

from flask import Blueprint, Response, jsonify, request

from .clock import moment
from .faults import Fault
from .feeds import path_of, reset_secret
from .personas import BY_ID, PERSONAS, Persona
from .sender import send
from .todoist import tasks
from .todoist.errors import ApiError
from .todoist.webhooks import MISCHIEF
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


@control_api.get("/llm")
def show_model() -> Response:
    """The mood of the language model, what it is to say next, and what it was asked."""
    return jsonify(the_world().model.as_json())


@control_api.post("/llm")
def set_model() -> Response:
    """Puts the language model into a mood, for some questions or always: see moods.py.

    `replies` are what it says next, word for word, and come before any mood but its bad ones.
    """
    try:
        the_world().model.set(request.get_json(silent=True))
    except ValueError as error:
        raise Misunderstood(str(error)) from None
    return show_model()


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
    """As if the person acted in Todoist itself: completing moves a recurring task on.

    `by` is the id of somebody else who completes it, in a project they share.
    """
    by = (request.get_json(silent=True) or {}).get("by")
    with the_world().account(_owner(id)) as account:
        if verb == "complete":
            tasks.close(account, id, by=by)
        else:
            tasks.delete(account, id)
    return jsonify(ok=True)


@control_api.post("/tasks/<id>/assign")
def assign_task(id: str) -> Response:
    """As if it was said in a shared project whose task it is: `to` is their id, null is nobody's."""
    to = _body().get("to")
    if to is not None and not isinstance(to, str):
        raise Misunderstood("to is the id of somebody, or null")
    with the_world().account(_owner(id)) as account:
        return jsonify(tasks.assign(account, id, to))


@control_api.get("/events")
def list_calendar() -> Response:
    with the_world().diary(_persona(request.args.get("persona"))) as diary:
        return jsonify(events=diary.rows())


@control_api.post("/events")
def add_event() -> Response:
    """As if the person wrote something into their calendar: title, starts_at, minutes, and more."""
    body = _body()
    persona = _persona(body.pop("persona", None))
    try:
        title, minutes = str(body.pop("title")), int(body.pop("minutes", 60))
        starts = moment(str(body.pop("starts_at")))
    except (KeyError, ValueError):
        raise Misunderstood("an event has a title, starts_at and minutes") from None
    with the_world().diary(persona) as diary:
        made = diary.add(title, starts, minutes, **body)
    the_world().herald.tell(persona)
    return jsonify(made)


@control_api.post("/events/<id>")
def change_event(id: str) -> Response:
    """Alters the fields of an event that are given; `status: cancelled` cancels it."""
    body = _body()
    persona = _persona(body.pop("persona", None))
    with the_world().diary(persona) as diary:
        changed = diary.change(id, **body)
    if changed is None:
        raise Misunderstood("there is no such event")
    the_world().herald.tell(persona)
    return jsonify(changed)


@control_api.post("/forget-sync-tokens")
def forget_sync_tokens() -> Response:
    """From now on a persona's sync tokens of the calendar are answered with 410."""
    persona = _persona(_body().get("persona"))
    with the_world().diary(persona) as diary:
        version = diary.version
    the_world().store.remember(f"diary_forgot:{persona.id}", str(version + 1))
    return jsonify(ok=True)


@control_api.get("/channels")
def list_channels() -> Response:
    return jsonify(channels=the_world().herald.listed())


@control_api.get("/feed")
def show_feed() -> Response:
    """Where a persona's calendar is published."""
    world = the_world()
    path = path_of(_persona(request.args.get("persona")), world.store)
    return jsonify(address=world.config.public_url + path)


@control_api.post("/feed/reset")
def reset_feed() -> Response:
    """As if the person reset the secret address: the old one leads nowhere."""
    reset_secret(_persona(_body().get("persona")), the_world().store)
    return jsonify(ok=True)


@control_api.get("/webhooks")
def coming_webhooks() -> Response:
    """How many deliveries have yet to be heard, how many of them now, and what will go wrong."""
    postman = the_world().postman
    return jsonify(waiting=postman.waiting(), due=postman.due(), **postman.planned())


@control_api.post("/webhooks")
def plan_webhooks() -> Response:
    """What becomes of the next deliveries: `lose`, `repeat`, `forge`, each how many; or a `storm`."""
    body = _body()
    counts = {name: body[name] for name in MISCHIEF if name in body}
    if not all(
        type(count) is int and count >= 0 for count in [*counts.values(), body.get("storm", 0)]
    ):
        raise Misunderstood(f"{', '.join(MISCHIEF)} and storm are numbers")
    world = the_world()
    world.postman.plan(**counts)
    if body.get("storm"):
        with world.account(_persona(body.get("persona"))) as account:
            world.postman.storm(account, body["storm"])
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


@control_api.post("/send")
def send_webhook() -> Response:
    """As if something of the person's posted to their endpoint in oO: ``{url, secret, body}``, and
    perhaps an ``id`` and a ``fault``. The answer is the endpoint's.
    """
    body = _body()
    url, secret, id, fault = (body.get(name, "") for name in ("url", "secret", "id", "fault"))
    if not all(isinstance(one, str) for one in (url, secret, id, fault)):
        raise Misunderstood("url, secret, id and fault are text")
    try:
        answer = send(url, secret, body.get("body"), id=id, fault=fault)
    except ValueError as error:
        raise Misunderstood(str(error)) from None
    except (OSError, http.client.HTTPException) as error:
        raise Misunderstood(f"nobody answered: {type(error).__name__}") from None
    return jsonify(status=answer.status, body=answer.body)


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
