"""Our bodies beside bodies of the real service, where those are at hand (OO_REAL_DATA)."""

import json
from pathlib import Path
from typing import Any

import pytest

from oo.sandbox.todoist.webhooks import signature
from tests.sandbox.test_webhooks import arrived
from tests.sandbox.world import Receiver, World


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / "todoist" / name).read_bytes())


def kinds(body: dict[str, Any]) -> dict[str, str]:
    """The type of each value; null stands for any."""
    return {name: type(value).__name__ for name, value in body.items() if value is not None}


def assert_covers(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert theirs.keys() - ours.keys() == set()
    mine, real = kinds(ours), kinds(theirs)
    assert {name: mine[name] for name in mine.keys() & real.keys()} == {
        name: real[name] for name in mine.keys() & real.keys()
    }


def test_a_task_has_the_fields_and_types_of_a_real_one(world: World, real_data: Path) -> None:
    real = read(real_data, "rest/task.json")
    todoist = world.connect("amina")
    ours = todoist.post(
        "/tasks",
        content="Full",
        description="of everything",
        due_datetime="2031-05-06T10:00:00Z",
        deadline_date="2031-05-06",
        duration=60,
        duration_unit="minute",
        priority=4,
    )
    assert_covers(ours, real)
    for name in ("due", "deadline", "duration"):
        assert_covers(ours[name], real[name])
    assert_covers(ours["due"], read(real_data, "rest/due.json"))


@pytest.mark.parametrize("kind", ["tasks", "projects", "sections", "labels"])
def test_a_page_is_shaped_like_a_real_one(world: World, real_data: Path, kind: str) -> None:
    real = read(real_data, f"rest/{kind}_pages.json")
    page = world.connect("amina").get(f"/{kind}", limit="1")
    assert page.keys() == real[0].keys()
    assert_covers(page["results"][0], real[0]["results"][0])


def test_signatures_are_made_as_the_real_service_makes_them(real_data: Path) -> None:
    known = read(real_data, "webhooks/SIGNATURES.json")
    assert known["header"] == "X-Todoist-Hmac-SHA256"
    for name, expected in known["signatures"].items():
        body = (real_data / "todoist" / "webhooks" / name).read_bytes()
        assert signature(body, known["client_secret"]) == expected


@pytest.mark.parametrize(
    ("name", "due", "verb"),
    [
        ("item_added", None, None),
        ("item_completed", None, "complete"),
        ("item_updated_recurring_completion", "every day", "complete"),
    ],
)
def test_a_webhook_is_shaped_like_a_real_one(
    world: World,
    receiver: Receiver,
    real_data: Path,
    name: str,
    due: str | None,
    verb: str | None,
) -> None:
    real = read(real_data, f"webhooks/{name}.json")
    world.connect("sam")
    task = world.control("POST", "/tasks", persona="sam", content="Milk", due=due).json()
    if verb:
        world.control("POST", f"/tasks/{task['id']}/{verb}")
    ours = arrived(receiver, 2 if verb else 1)[-1]
    assert ours["event_name"] == real["event_name"]
    # The sample's `url` and `image_id` are what one helper adds; a task has no usable url any more.
    for body in (real["event_data"], real.get("event_data_extra", {}).get("old_item", {})):
        body.pop("url", None)
    assert_covers(ours, real)
    assert_covers(ours["event_data"], real["event_data"])
    assert_covers(ours["initiator"], real["initiator"])
    if "event_data_extra" in real:
        assert_covers(ours["event_data_extra"], real["event_data_extra"])
        intent = real["event_data_extra"]["update_intent"]
        assert ours["event_data_extra"]["update_intent"] == intent
