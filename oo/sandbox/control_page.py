"""The world at a glance, and a hand in it: what a person would do in Todoist itself."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for

from .feeds import path_of
from .moods import MOODS
from .personas import BY_ID, PERSONAS, Persona
from .todoist import due as dues
from .todoist import tasks
from .todoist.account import Account, Body
from .todoist.errors import ApiError
from .world import the_world

control_page = Blueprint("control_page", __name__)

SHOWN_REQUESTS = 50
SAID = {
    "added": "Added.",
    "completed": "Completed.",
    "deleted": "Deleted.",
    "unclear": "That due date makes no sense here. Try “tomorrow at 9” or “every monday”.",
    "gone": "That task is gone already.",
}


@control_page.get("/")
def world_page() -> str:
    world = the_world()
    return render_template(
        "world.html",
        people=[_summary(persona) for persona in PERSONAS],
        faults=world.faults.listed(),
        requests=world.journal.entries()[: -SHOWN_REQUESTS - 1 : -1],
        now=world.clock.now(),
        offset=world.clock.offset_seconds,
        webhook_url=world.config.webhook_url,
        model=world.model.as_json(),
        moods=MOODS,
    )


@control_page.get("/personas/<id>")
def persona_page(id: str) -> str:
    persona = BY_ID.get(id) or abort(404)
    world = the_world()
    with world.account(persona) as account:
        groups = _grouped(account)
    said = SAID.get(request.args.get("said", ""))
    feed = world.config.public_url + path_of(persona, world.store)
    return render_template("persona.html", persona=persona, groups=groups, said=said, feed=feed)


@control_page.post("/personas/<id>/tasks")
def add_task(id: str) -> Response:
    persona = BY_ID.get(id) or abort(404)
    priority = request.form.get("priority", "1")
    args: dict[str, Any] = {
        "content": request.form.get("content"),
        "priority": int(priority) if priority in {"1", "2", "3", "4"} else 1,
    }
    if request.form.get("due", "").strip():
        args["due"] = {"string": request.form["due"]}
    try:
        with the_world().account(persona) as account:
            tasks.add(account, args)
    except ApiError:
        return _back(persona, "unclear")
    return _back(persona, "added")


@control_page.post("/personas/<id>/tasks/<task>/<any(complete, delete):verb>")
def act_on_task(id: str, task: str, verb: str) -> Response:
    persona = BY_ID.get(id) or abort(404)
    try:
        with the_world().account(persona) as account:
            (tasks.close if verb == "complete" else tasks.delete)(account, task)
    except ApiError:
        return _back(persona, "gone")
    return _back(persona, f"{verb}d")


@control_page.post("/faults/clear")
def clear_faults() -> Response:
    the_world().faults.clear()
    return _see_other(url_for(".world_page"))


@control_page.post("/llm")
def set_mood() -> Response:
    with suppress(ValueError):
        the_world().model.set({"mood": request.form.get("mood")})
    return _see_other(url_for(".world_page"))


def _summary(persona: Persona) -> dict[str, Any]:
    world = the_world()
    with world.account(persona) as account:
        found = account.live("items")
    connected = []
    for service in ("google", "todoist"):
        with world.grants(service) as grants:
            if grants.is_connected(persona.id):
                connected.append(service.title())
    return {"persona": persona, "open": len(found), "connected": connected}


def _grouped(account: Account) -> dict[str, list[dict[str, Any]]]:
    """Open tasks under the headings a person thinks in, each in order of its day."""
    projects = {row["id"]: row["name"] for row in account.live("projects")}
    groups: dict[str, list[dict[str, Any]]] = {
        "Overdue": [],
        "Today": [],
        "Coming": [],
        "Without a date": [],
    }
    for task in sorted(account.live("items"), key=_when):
        row = {**task, "project": projects[task["project_id"]], "when": _shown(task)}
        groups[_heading(account, task)].append(row)
    return {heading: rows for heading, rows in groups.items() if rows}


def _when(task: Body) -> tuple[str, int]:
    return (task["due"] or {"date": ""})["date"], -task["priority"]


def _heading(account: Account, task: Body) -> str:
    if task["due"] is None:
        return "Without a date"
    day = dues.local_day(task["due"], account.zone)
    if day == account.today:
        return "Today"
    return "Overdue" if day < account.today else "Coming"


def _shown(task: Body) -> str:
    due = task["due"]
    if due is None:
        return ""
    day, _, clock = due["date"].partition("T")
    shown = f"{day} {clock[:5]}{' UTC' if clock.endswith('Z') else ''}".strip()
    return f"{shown}, {due['string']}" if due["is_recurring"] else shown


def _back(persona: Persona, said: str) -> Response:
    return _see_other(url_for(".persona_page", id=persona.id, said=said))


def _see_other(url: str) -> Response:
    target = redirect(url, code=303)
    assert isinstance(target, Response)
    return target
