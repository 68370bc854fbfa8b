"""The sync endpoint: everything at once, then only what changed, and commands in batches."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from ..clock import moment, stamp
from ..world import the_world
from . import tasks
from .access import Caller, identify
from .account import KINDS, Account, Body
from .errors import ApiError, invalid_argument, missing_argument
from .user import described

sync = Blueprint("todoist_sync", __name__, url_prefix="/todoist/api/v1")
sync.before_request(identify)

MOST_COMMANDS = 100
RESOURCES = (*KINDS, "user")

Args = dict[str, Any]
Verb = Callable[[Account, Args], str | None]


@dataclass(frozen=True)
class Outcome:
    """What became of a command: "ok" or an error object, and the id of what it made."""

    status: Any
    real_id: str | None = None


@sync.post("/sync")
def synchronise() -> Response:
    who: Caller = g.caller
    token, wanted = request.form.get("sync_token"), _json_list("resource_types")
    commands = _json_list("commands")
    if token is None and not commands:
        raise missing_argument("sync_token")
    if len(commands) > MOST_COMMANDS:
        raise invalid_argument("commands", f"More than {MOST_COMMANDS} commands in one request")
    reply: Body = {}
    with the_world().account(who.persona) as account:
        if commands:
            reply |= _run(account, who, commands)
        if wanted or not commands:
            who.must_have("data:read")
            reply |= _read(account, token or "*", _resources(wanted))
    return jsonify(reply)


def _read(account: Account, token: str, wanted: list[str]) -> Body:
    opaque = the_world().opaque
    since = _version(account, token)
    full = since is None
    reply: Body = {
        "sync_token": opaque.seal("sync", account.persona.id, account.version),
        "full_sync": full,
    }
    if full:
        reply["full_sync_date_utc"] = stamp(account.now)
    for kind in wanted:
        if kind == "user":
            if full:
                reply["user"] = described(account)
        else:
            reply[kind] = (
                account.live(kind) if since is None else account.changed_since(kind, since)
            )
    return reply


def _version(account: Account, token: str) -> int | None:
    if token == "*":
        return None
    parts = the_world().opaque.unseal(token)
    if parts is None or parts[:2] != ["sync", account.persona.id]:
        raise invalid_argument("sync_token")
    return int(parts[2])


def _resources(wanted: list[Any]) -> list[str]:
    names = [name for name in wanted if isinstance(name, str)]
    chosen = set(RESOURCES) if "all" in names else set(names)
    chosen -= {name.removeprefix("-") for name in names if name.startswith("-")}
    return [name for name in RESOURCES if name in chosen]


def _run(account: Account, who: Caller, commands: list[Any]) -> Body:
    """Run each command once, whatever became of the ones before it."""
    status: dict[str, Any] = {}
    mapping: dict[str, str] = {}
    for command in commands:
        if not isinstance(command, dict) or not isinstance(command.get("uuid"), str):
            raise invalid_argument("commands", "A command needs a uuid")
        uuid, temp_id = command["uuid"], command.get("temp_id")
        outcome = _already_done(account, uuid) or _run_once(account, who, command, mapping)
        status[uuid] = outcome.status
        if isinstance(temp_id, str) and outcome.real_id:
            mapping[temp_id] = outcome.real_id
    return {"sync_status": status, "temp_id_mapping": mapping}


def _already_done(account: Account, uuid: str) -> Outcome | None:
    row = account.db.execute(
        "SELECT real_id FROM commands WHERE persona = ? AND uuid = ?", (account.persona.id, uuid)
    ).fetchone()
    return Outcome("ok", row["real_id"]) if row else None


def _run_once(account: Account, who: Caller, command: Body, mapping: dict[str, str]) -> Outcome:
    try:
        verb, scope = _known_command(command.get("type"))
        who.must_have(scope)
        args = command.get("args")
        if not isinstance(args, dict):
            raise invalid_argument("args")
        real_id = verb(account, _resolved(args, mapping))
    except ApiError as error:
        # Not remembered: a refused command may be sent again under the same uuid.
        return Outcome(error.body)
    account.db.execute(
        "INSERT INTO commands VALUES (?, ?, ?)", (account.persona.id, command["uuid"], real_id)
    )
    return Outcome("ok", real_id)


def _known_command(name: Any) -> tuple[Verb, str]:
    if not isinstance(name, str) or name not in COMMANDS:
        raise invalid_argument("type", "Unknown command")
    return COMMANDS[name]


def _resolved(args: Args, mapping: dict[str, str]) -> Args:
    """Temporary ids of earlier commands replaced by the real ones."""
    names = ("id", "project_id", "section_id", "parent_id")
    given = {name: args[name] for name in names if isinstance(args.get(name), str)}
    return args | {name: mapping.get(id, id) for name, id in given.items()}


def _add(account: Account, args: Args) -> str:
    return str(tasks.add(account, args)["id"])


def _update(account: Account, args: Args) -> None:
    tasks.update(account, _id(args), args)


def _complete(account: Account, args: Args) -> None:
    try:
        at = moment(args["date_completed"]) if args.get("date_completed") else None
    except (TypeError, ValueError):
        raise invalid_argument("date_completed") from None
    tasks.complete(account, _id(args), at=at)


def _on_id(verb: Callable[[Account, Any], None]) -> Callable[[Account, Args], None]:
    return lambda account, args: verb(account, _id(args))


def _id(args: Args) -> str:
    if "id" not in args:
        raise missing_argument("id")
    if not isinstance(args["id"], str) or args["id"].isdigit():
        raise invalid_argument("id")
    return args["id"]


def _json_list(name: str) -> list[Any]:
    text = request.form.get(name)
    try:
        value = json.loads(text) if text else []
    except ValueError:
        raise invalid_argument(name) from None
    if not isinstance(value, list):
        raise invalid_argument(name)
    return value


COMMANDS: dict[str, tuple[Verb, str]] = {
    "item_add": (_add, "task:add"),
    "item_update": (_update, "data:read_write"),
    "item_complete": (_complete, "data:read_write"),
    "item_uncomplete": (_on_id(tasks.reopen), "data:read_write"),
    "item_close": (_on_id(tasks.close), "data:read_write"),
    "item_delete": (_on_id(tasks.delete), "data:delete"),
}
