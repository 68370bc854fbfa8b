"""The sync endpoint: full, incremental, commands."""

import json
import uuid
from typing import Any

import pytest

from tests.sandbox.world import Connection, World

ITEMS = '["items"]'


@pytest.fixture
def todoist(world: World) -> Connection:
    return world.connect("mei")


def command(type: str, args: dict[str, Any], **more: str) -> dict[str, Any]:
    return {"type": type, "uuid": str(uuid.uuid4()), "args": args} | more


def run(todoist: Connection, *commands: dict[str, Any]) -> dict[str, Any]:
    return todoist.sync(commands=json.dumps(commands)).raise_for_status().json()


def full(todoist: Connection, wanted: str = ITEMS) -> dict[str, Any]:
    return todoist.sync(sync_token="*", resource_types=wanted).raise_for_status().json()


def since(todoist: Connection, token: str, wanted: str = ITEMS) -> dict[str, Any]:
    return todoist.sync(sync_token=token, resource_types=wanted).raise_for_status().json()


def test_a_full_sync_brings_everything_that_is_open(todoist: Connection, world: World) -> None:
    state = full(todoist, '["all"]')
    assert state["full_sync"] is True
    assert "full_sync_date_utc" in state
    assert {row["id"] for row in state["items"]} == {row["id"] for row in world.tasks_of("mei")}
    assert not any(row["checked"] or row["is_deleted"] for row in state["items"])
    assert state["user"]["tz_info"]["timezone"] == "Asia/Taipei"
    assert {"projects", "labels", "sections"} <= state.keys()
    assert "labels" not in full(todoist, '["all", "-labels"]')


def test_an_incremental_sync_brings_only_what_changed_and_tombstones(
    todoist: Connection, world: World
) -> None:
    state = full(todoist)
    changed, done, gone = (row["id"] for row in state["items"][:3])
    nothing = since(todoist, state["sync_token"])
    assert (nothing["full_sync"], nothing["items"]) == (False, [])

    todoist.post(f"/tasks/{changed}", content="Renamed")
    run(todoist, command("item_complete", {"id": done}))
    todoist.call("DELETE", f"/tasks/{gone}")
    news = {row["id"]: row for row in since(todoist, nothing["sync_token"])["items"]}
    assert news.keys() == {changed, done, gone}
    assert news[changed]["content"] == "Renamed"
    assert news[done]["checked"] is True
    assert news[done]["completed_at"]
    assert news[gone]["is_deleted"] is True


def test_a_sync_token_is_personal_and_cannot_be_made_up(todoist: Connection, world: World) -> None:
    token = full(todoist)["sync_token"]
    for refused in (
        world.connect("ruth").sync(sync_token=token, resource_types=ITEMS),
        todoist.sync(sync_token="made-up", resource_types=ITEMS),
        todoist.sync(sync_token=token, resource_types="items"),
        todoist.sync(resource_types=ITEMS),
    ):
        assert refused.status_code == 400


def test_commands_do_what_they_say(todoist: Connection) -> None:
    token = full(todoist)["sync_token"]
    add = command("item_add", {"content": "From a command"}, temp_id="temp-1")
    update = command(
        "item_update",
        {"id": "temp-1", "priority": 4, "due": {"string": "every day", "date": "2031-05-06"}},
    )
    reply = run(todoist, add, update)
    assert reply["sync_status"] == {add["uuid"]: "ok", update["uuid"]: "ok"}
    id = reply["temp_id_mapping"]["temp-1"]
    task = todoist.get(f"/tasks/{id}")
    assert task["priority"] == 4
    assert task["due"]["date"] == "2031-05-06"
    assert task["due"]["is_recurring"] is True

    run(todoist, command("item_close", {"id": id}))
    assert todoist.get(f"/tasks/{id}")["due"]["date"] == "2031-05-07"
    run(todoist, command("item_complete", {"id": id}))
    assert since(todoist, token)["items"][-1]["checked"] is True
    run(todoist, command("item_uncomplete", {"id": id}))
    assert todoist.get(f"/tasks/{id}")["checked"] is False
    run(todoist, command("item_delete", {"id": id}))
    assert todoist.call("GET", f"/tasks/{id}").status_code == 404


def test_the_same_uuid_is_never_carried_out_twice(todoist: Connection) -> None:
    add = command("item_add", {"content": "Only once"}, temp_id="temp-1")
    first, second = run(todoist, add), run(todoist, add)
    assert first == second
    titles = [row["content"] for row in full(todoist)["items"]]
    assert titles.count("Only once") == 1


def test_one_bad_command_does_not_hold_up_the_others(todoist: Connection) -> None:
    good = command("item_add", {"content": "Fine"})
    bad = [
        command("item_close", {"id": "6Xunknown"}),
        command("item_close", {}),
        command("item_add", {}),
        command("item_add", {"content": "x", "priority": 9}),
        command("sing_a_song", {}),
        command("item_close", {"id": ["list"]}),
    ]
    status = run(todoist, *bad, good)["sync_status"]
    assert status[good["uuid"]] == "ok"
    for one in bad:
        error = status[one["uuid"]]
        assert error.keys() == {"error", "error_code", "error_extra", "error_tag", "http_code"}
        assert error["http_code"] in (400, 404)


def test_more_than_a_hundred_commands_are_refused_whole(todoist: Connection) -> None:
    commands = [command("item_add", {"content": f"Number {n}"}) for n in range(101)]
    before = len(full(todoist)["items"])
    assert todoist.sync(commands=json.dumps(commands)).status_code == 400
    assert len(full(todoist)["items"]) == before
    assert todoist.sync(commands=json.dumps(commands[:100])).status_code == 200
    assert len(full(todoist)["items"]) == before + 100


def test_a_reader_may_sync_but_not_command(world: World) -> None:
    reader = world.connect("mei", scope="data:read")
    assert len(full(reader)["items"]) > 10
    add = command("item_add", {"content": "no"})
    status = run(reader, add)["sync_status"][add["uuid"]]
    assert status["error_tag"] == "AUTH_INSUFFICIENT_TOKEN_SCOPE"
