"""Signed webhooks: told of every change, told again until somebody listens."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.sandbox.world import CLIENT, Delivery, Receiver, World


@pytest.fixture(autouse=True)
def _connected(world: World) -> None:
    world.connect("sam")


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.01)


def enough(receiver: Receiver, count: int) -> bool:
    return len(receiver.deliveries) >= count


def arrived(receiver: Receiver, count: int = 1) -> list[dict[str, Any]]:
    until(partial(enough, receiver, count))
    return [json.loads(delivery.body) for delivery in receiver.deliveries]


def tried(world: World, receiver: Receiver, count: int) -> None:
    """That many deliveries came, and what came of the last is known to who sent it."""
    until(partial(enough, receiver, count))
    until(lambda: world.control("GET", "/webhooks").json()["due"] == 0)


def add(world: World, content: str = "Buy milk", **more: Any) -> dict[str, Any]:
    reply = world.control("POST", "/tasks", persona="sam", content=content, **more)
    return reply.raise_for_status().json()


def signed(delivery: Delivery) -> bool:
    digest = hmac.digest(CLIENT["client_secret"].encode(), delivery.body, hashlib.sha256)
    return delivery.headers["x-todoist-hmac-sha256"] == base64.b64encode(digest).decode()


def test_a_change_in_todoist_arrives_signed(world: World, receiver: Receiver) -> None:
    task = add(world)
    (told,) = arrived(receiver)
    assert told["event_name"] == "item:added"
    assert told["event_data"] == task
    assert told["user_id"] == task["user_id"]
    assert told["initiator"]["email"] == "sam.okafor@example.com"
    assert told["triggered_at"].endswith("Z")
    (delivery,) = receiver.deliveries
    assert signed(delivery)
    assert delivery.headers["user-agent"] == "Todoist-Webhooks"
    assert delivery.headers["x-todoist-delivery-id"]


def test_what_somebody_else_did_in_a_shared_project_names_them(
    world: World, receiver: Receiver
) -> None:
    sam, habit, once = world.connect("sam"), add(world, due="every day"), add(world)
    assigned = world.control("POST", f"/tasks/{once['id']}/assign", to="2423523").json()
    assert assigned["responsible_uid"] == "2423523"
    for task in (habit, once):
        world.control("POST", f"/tasks/{task['id']}/complete", by="2423523")
    told = {one["event_name"]: one for one in arrived(receiver, 5)[2:]}
    moved, done = told["item:updated"], told["item:completed"]
    assert moved["event_data_extra"]["update_intent"] == "item_completed"
    assert {moved["initiator"]["id"], done["initiator"]["id"]} == {"2423523"}
    assert moved["user_id"] == habit["user_id"]
    assert done["event_data"]["completed_by_uid"] == "2423523"
    log = sam.get("/activities")["results"]
    assert [one["initiator_id"] for one in log[:2]] == ["2423523"] * 2


def test_completing_and_deleting_have_their_own_events(world: World, receiver: Receiver) -> None:
    one, two = add(world), add(world, "Buy bread")
    world.control("POST", f"/tasks/{one['id']}/complete")
    world.control("POST", f"/tasks/{two['id']}/delete")
    events = {told["event_name"]: told for told in arrived(receiver, 4)}
    assert events["item:completed"]["event_data"]["checked"] is True
    assert events["item:deleted"]["event_data"]["is_deleted"] is True


def test_completing_a_recurring_task_arrives_as_an_update_with_an_intent(
    world: World, receiver: Receiver
) -> None:
    task = add(world, "Water the plants", due="every day")
    world.control("POST", f"/tasks/{task['id']}/complete")
    told = arrived(receiver, 2)[-1]
    assert told["event_name"] == "item:updated"
    assert told["event_data_extra"]["update_intent"] == "item_completed"
    assert told["event_data_extra"]["old_item"] == task
    assert told["event_data"]["due"]["date"] > task["due"]["date"]
    assert told["event_data"]["checked"] is False


def test_a_change_through_the_api_is_told_too(world: World, receiver: Receiver) -> None:
    todoist = world.connect("sam")
    task = todoist.post("/tasks", content="From the API")
    todoist.post(f"/tasks/{task['id']}", content="Changed")
    told = arrived(receiver, 2)[-1]
    assert told["event_data"]["content"] == "Changed"
    assert told["event_data_extra"]["update_intent"] == "item_updated"


def test_without_a_200_the_same_delivery_comes_again_three_times_at_most(
    world: World, receiver: Receiver
) -> None:
    receiver.status = 204
    add(world)
    tried(world, receiver, 1)
    time.sleep(1.2)
    assert len(receiver.deliveries) == 1, "a redelivery waits for fifteen minutes"
    for again in range(1, 6):
        world.shift_clock(again * 901)
        tried(world, receiver, min(again, 3) + 1)
    time.sleep(1.2)
    assert len(receiver.deliveries) == 4
    assert len({one.headers["x-todoist-delivery-id"] for one in receiver.deliveries}) == 1
    assert len({one.body for one in receiver.deliveries}) == 1


def test_a_redelivery_that_is_heard_is_the_last(world: World, receiver: Receiver) -> None:
    receiver.status = 500
    add(world)
    tried(world, receiver, 1)
    receiver.status = 200
    for again in (1, 2, 3):
        world.shift_clock(again * 901)
        tried(world, receiver, 2)
    time.sleep(0.7)
    assert len(receiver.deliveries) == 2


def test_nobody_is_told_about_a_person_who_is_not_connected(
    world: World, receiver: Receiver
) -> None:
    world.control("POST", "/revoke", persona="sam", service="todoist")
    add(world)
    world.control("POST", "/tasks", persona="mei", content="Mei's own")
    time.sleep(0.7)
    assert receiver.deliveries == []


def test_a_day_that_passes_is_not_news(world: World, receiver: Receiver) -> None:
    world.connect("ruth")
    world.shift_clock(3 * 86_400)
    world.connect("ruth").get("/tasks")
    time.sleep(0.7)
    assert receiver.deliveries == []


def test_deliveries_can_be_lost_repeated_forged_and_come_in_a_storm(
    world: World, receiver: Receiver
) -> None:
    def plan(**what: Any) -> None:
        world.control("POST", "/webhooks", **what).raise_for_status()

    plan(lose=1)
    add(world, "Never told")
    until(lambda: world.control("GET", "/webhooks").json()["waiting"] == 0)
    plan(repeat=1, forge=1)
    add(world, "Told")
    told = arrived(receiver, 3)
    assert {one["event_data"]["content"] for one in told} == {"Told"}
    assert [signed(one) for one in receiver.deliveries] == [False, True, True]
    ids = [one.headers["x-todoist-delivery-id"] for one in receiver.deliveries]
    assert len(set(ids[1:])) == 1
    plan(storm=50, persona="sam")
    assert len(arrived(receiver, 53)) == 53
