"""Tasks over REST, oddities of the real service included."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.sandbox.world import Connection, World

FIELDS = {
    *("id", "user_id", "project_id", "section_id", "parent_id", "content", "description"),
    *("labels", "priority", "due", "deadline", "duration", "checked", "is_deleted"),
    *("is_collapsed", "added_at", "updated_at", "completed_at", "added_by_uid"),
    *("assigned_by_uid", "responsible_uid", "completed_by_uid", "child_order", "day_order"),
    *("note_count", "goal_ids"),
}


@pytest.fixture
def todoist(world: World) -> Connection:
    return world.connect("sam")


def completed(todoist: Connection) -> list[dict[str, Any]]:
    """The activity log, newest first; unlike the list of completed tasks it knows of occurrences."""
    events = todoist.get("/activities", object_event_types="item:completed", limit=200)["results"]
    return [{"id": one["object_id"], "content": one["extra_data"]["content"]} for one in events]


def test_a_task_has_every_field_and_survives_the_round_trip(todoist: Connection) -> None:
    made = todoist.post(
        "/tasks",
        content="Déjeuner with 美 🍜",
        description="by the river",
        labels=["food", "food", "friends"],
        priority=4,
        due_string="tomorrow at 12:30",
        deadline_date="2031-05-06",
        duration=45,
        duration_unit="minute",
    )
    assert made.keys() == FIELDS
    assert todoist.get(f"/tasks/{made['id']}") == made
    assert made["labels"] == ["food", "friends"]
    assert made["deadline"] == {"date": "2031-05-06", "lang": "en"}
    assert made["duration"] == {"amount": 45, "unit": "minute"}
    assert made["due"]["date"].endswith("T12:30:00")
    assert made["due"]["timezone"] is None
    assert made["due"]["is_recurring"] is False
    assert made["added_at"].endswith("Z")


def test_an_update_changes_what_it_names_and_null_clears(todoist: Connection) -> None:
    task = todoist.post("/tasks", content="Call", deadline_date="2031-05-06", priority=3)
    changed = todoist.post(f"/tasks/{task['id']}", content="Call back", deadline_date=None)
    assert changed["content"] == "Call back"
    assert changed["deadline"] is None
    assert changed["priority"] == 3
    assert changed["updated_at"] > task["updated_at"]


def test_closing_completes_a_task_with_its_subtasks_and_reopening_brings_the_line_back(
    todoist: Connection,
) -> None:
    parent = todoist.post("/tasks", content="Move house")
    child = todoist.post("/tasks", content="Boxes", parent_id=parent["id"])
    assert todoist.post(f"/tasks/{parent['id']}/close") is None
    assert todoist.get("/tasks")["results"] == []
    assert todoist.call("GET", f"/tasks/{child['id']}").status_code == 404
    assert {row["content"] for row in completed(todoist)} == {"Move house", "Boxes"}

    assert todoist.post(f"/tasks/{child['id']}/reopen") is None
    assert {row["content"] for row in todoist.get("/tasks")["results"]} == {"Move house", "Boxes"}
    assert completed(todoist) == []


def test_closing_a_recurring_task_moves_it_on_and_it_stays_open(
    todoist: Connection, world: World
) -> None:
    task = todoist.post("/tasks", content="Stretch", due_string="every day at 07:30")
    todoist.post(f"/tasks/{task['id']}/close")
    moved = todoist.get(f"/tasks/{task['id']}")
    assert moved["checked"] is False
    assert moved["due"]["string"] == "every day at 07:30"
    before, after = (date.fromisoformat(one["due"]["date"][:10]) for one in (task, moved))
    assert after - before == timedelta(days=1)
    assert moved["due"]["date"].endswith("T07:30:00")
    assert [row["id"] for row in completed(todoist)] == [task["id"]]
    # The list of completed tasks knows nothing of it: the task was never completed.
    now = datetime.now(UTC)
    window = {
        "since": (now - timedelta(days=2)).isoformat(),
        "until": (now + timedelta(days=20)).isoformat(),
    }
    assert not todoist.get("/tasks/completed/by_completion_date", **window)["items"]


def test_postponing_a_recurring_task_by_date_alone_ends_the_repetition(
    todoist: Connection,
) -> None:
    task = todoist.post("/tasks", content="Stretch", due_string="every monday")
    assert task["due"]["is_recurring"] is True
    stripped = todoist.post(f"/tasks/{task['id']}", due_date="2031-05-06")
    assert stripped["due"]["is_recurring"] is False


def test_a_deleted_task_is_gone_with_its_subtasks(todoist: Connection) -> None:
    parent = todoist.post("/tasks", content="Old plan")
    child = todoist.post("/tasks", content="Step one", parent_id=parent["id"])
    assert todoist.call("DELETE", f"/tasks/{parent['id']}").json() is None
    for id in (parent["id"], child["id"]):
        gone = todoist.call("GET", f"/tasks/{id}")
        assert (gone.status_code, gone.json()["error_code"]) == (404, 478)


@pytest.mark.parametrize(
    "body",
    [
        {"content": ""},
        {"content": "  "},
        {"content": 5},
        {"content": "x" * 501},
        {"content": "x", "priority": 5},
        {"content": "x", "priority": "4"},
        {"content": "x", "labels": "home"},
        {"content": "x", "due_string": "the day after never"},
        {"content": "x", "due_date": "2031-13-01"},
        {"content": "x", "due_datetime": "soon"},
        {"content": "x", "deadline_date": "friday"},
        {"content": "x", "duration": 10},
        {"content": "x", "project_id": "2203306141"},
    ],
)
def test_an_argument_that_makes_no_sense_is_a_400(
    todoist: Connection, body: dict[str, Any]
) -> None:
    refused = todoist.call("POST", "/tasks", json=body)
    assert refused.status_code == 400
    error = refused.json()
    assert (error["error_code"], error["error_tag"]) == (20, "INVALID_ARGUMENT_VALUE")
    assert error.keys() == {"error", "error_code", "error_extra", "error_tag", "http_code"}


@pytest.mark.parametrize(
    ("phrase", "days", "clock", "recurring"),
    [
        ("today", 0, "", False),
        ("tomorrow at 9", 1, "T09:00:00", False),
        ("in 2 weeks", 14, "", False),
        ("today 5pm", 0, "T17:00:00", False),
        ("every day", 0, "", True),
        ("every 3 days at 8:15", 0, "T08:15:00", True),
        ("daily", 0, "", True),
    ],
)
def test_due_dates_are_read_from_english(
    todoist: Connection, phrase: str, days: int, clock: str, recurring: bool
) -> None:
    due = todoist.post("/tasks", content="x", due_string=phrase)["due"]
    today = todoist.post("/tasks", content="y", due_string="today")["due"]["date"]
    expected = date.fromisoformat(today) + timedelta(days=days)
    assert due["date"] == f"{expected.isoformat()}{clock}"
    assert due["string"] == phrase
    assert due["is_recurring"] is recurring


@pytest.mark.parametrize(
    ("given", "shown", "zone"),
    [
        ("2031-05-06T10:00:00", "2031-05-06T10:00:00", None),
        ("2031-05-06T10:00:00Z", "2031-05-06T10:00:00Z", "America/Chicago"),
        ("2031-05-06T10:00:00+02:00", "2031-05-06T08:00:00Z", "America/Chicago"),
    ],
)
def test_a_due_time_floats_or_is_fixed_in_utc(
    todoist: Connection, given: str, shown: str, zone: str | None
) -> None:
    due = todoist.post("/tasks", content="x", due_datetime=given)["due"]
    assert (due["date"], due["timezone"]) == (shown, zone)


def test_pages_cover_everything_once(world: World) -> None:
    todoist = world.connect("priya")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = todoist.get("/tasks", limit="40", **cursor)
        seen += [task["id"] for task in page["results"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert len(seen) == len(set(seen)) == len(world.tasks_of("priya"))
    assert len(seen) >= 150
    assert len(todoist.get("/tasks")["results"]) == 50


def test_a_cursor_fits_only_its_own_query_and_person(world: World) -> None:
    todoist, other = world.connect("priya"), world.connect("mei")
    cursor = todoist.get("/tasks", limit="10")["next_cursor"]
    assert todoist.call("GET", "/tasks", params={"cursor": cursor}).status_code == 200
    for call in (
        todoist.call("GET", "/tasks", params={"cursor": cursor, "label": "phone"}),
        todoist.call("GET", "/tasks", params={"cursor": cursor[:-2] + "AA"}),
        other.call("GET", "/tasks", params={"cursor": cursor}),
        todoist.call("GET", "/tasks", params={"limit": "201"}),
        todoist.call("GET", "/tasks", params={"limit": "0"}),
    ):
        assert call.status_code == 400
        assert call.json()["error_tag"] == "INVALID_ARGUMENT_VALUE"


def test_tasks_can_be_asked_for_by_project_label_and_id(world: World) -> None:
    todoist = world.connect("mei")
    everything = world.tasks_of("mei")
    one = next(task for task in everything if "phone" in task["labels"])
    by_label = todoist.get("/tasks", label="phone", limit=200)["results"]
    assert {task["id"] for task in by_label} == {
        task["id"] for task in everything if "phone" in task["labels"]
    }
    by_project = todoist.get("/tasks", project_id=one["project_id"], limit=200)["results"]
    assert one["id"] in {task["id"] for task in by_project}
    assert {task["project_id"] for task in by_project} == {one["project_id"]}
    by_id = todoist.get("/tasks", ids=f"{one['id']},unknown")["results"]
    assert [task["id"] for task in by_id] == [one["id"]]


def test_completed_tasks_come_as_items_within_three_months(world: World) -> None:
    todoist = world.connect("mei")
    now = datetime.now(UTC)
    window = {"since": (now - timedelta(days=60)).isoformat(), "until": now.isoformat()}
    page = todoist.get("/tasks/completed/by_completion_date", limit=200, **window)
    assert page["items"]
    stamps = [row["completed_at"] for row in page["items"]]
    assert all(stamps)
    assert stamps == sorted(stamps, reverse=True)
    for wrong in (
        {},
        {"since": window["since"]},
        {"since": window["since"], "until": "yesterday"},
        {"since": (now - timedelta(days=100)).isoformat(), "until": window["until"]},
    ):
        refused = todoist.call("GET", "/tasks/completed/by_completion_date", params=wrong)
        assert refused.status_code == 400


def test_projects_sections_and_labels_are_listed(world: World) -> None:
    todoist = world.connect("amina")
    projects = todoist.get("/projects")["results"]
    assert [row["name"] for row in projects if row["inbox_project"]] == ["Inbox"]
    thesis = next(row["id"] for row in projects if row["name"] == "Thesis")
    sections = todoist.get("/sections", project_id=thesis)["results"]
    assert [row["name"] for row in sections] == ["Field data", "Writing"]
    labels = todoist.get("/labels")["results"]
    assert "laptop" in {row["name"] for row in labels}
    assert all(row["id"].isdigit() for row in labels)


def test_the_user_has_a_time_zone_and_a_bait(world: World) -> None:
    user = world.connect("priya").get("/user")
    assert user["tz_info"]["timezone"] == "Asia/Kolkata"
    assert user["tz_info"]["gmt_string"] == "+05:30"
    assert user["email"] == "priya.raman@example.com"
    assert user["inbox_project_id"]
    assert user["token"] in user["websocket_url"]
    bait = {"Authorization": f"Bearer {user['token']}"}
    assert world.http.get("/todoist/api/v1/tasks", headers=bait).status_code == 401


@pytest.mark.parametrize("path", ["rest/v2/tasks", "sync/v9/sync", "sync/v8/sync"])
def test_the_old_apis_are_gone_and_say_so_in_plain_text(world: World, path: str) -> None:
    for method in ("GET", "POST"):
        gone = world.http.request(method, f"/todoist/{path}")
        assert gone.status_code == 410
        assert gone.headers["content-type"].startswith("text/plain")


def test_numeric_ids_and_unknown_paths_are_refused_in_json(todoist: Connection) -> None:
    assert todoist.call("GET", "/tasks/2995104339").status_code == 400
    assert todoist.call("GET", "/tasks/6Xunknown").json()["error_tag"] == "NOT_FOUND"
    assert todoist.call("GET", "/nothing/here").json()["http_code"] == 404
    assert todoist.call("GET", "/sync").json()["http_code"] == 405
