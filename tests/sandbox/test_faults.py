"""Bad days on demand."""

import json
import time

import httpx
import pytest

from tests.sandbox.world import Connection, World, sent_back

TASKS = "/todoist/api/v1/tasks"


@pytest.fixture
def todoist(world: World) -> Connection:
    return world.connect("mei")


def test_a_fault_strikes_as_often_as_it_was_told(world: World, todoist: Connection) -> None:
    world.fault("/todoist/api", "500", times=2)
    statuses = [todoist.call("GET", "/tasks").status_code for _ in range(3)]
    assert statuses == [500, 500, 200]


def test_a_fault_without_times_stays_until_it_is_removed(world: World, todoist: Connection) -> None:
    world.fault(TASKS, "500")
    assert [todoist.call("GET", "/tasks").status_code for _ in range(4)] == [500] * 4
    assert todoist.call("GET", "/projects").status_code == 200
    assert world.control("DELETE", "/faults").json() == {"faults": []}
    assert todoist.call("GET", "/tasks").status_code == 200


def test_a_limit_says_how_long_to_wait(world: World, todoist: Connection) -> None:
    world.fault(TASKS, "429", seconds=7)
    refused = todoist.call("GET", "/tasks")
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "7"
    body = refused.json()
    assert (body["error_tag"], body["error_code"]) == ("LIMITS_REACHED", 35)
    assert body["error_extra"]["retry_after"] == 7


def test_a_slow_answer_is_late_but_right(world: World, todoist: Connection) -> None:
    world.fault(TASKS, "slow", seconds=0.4, times=1)
    begun = time.monotonic()
    assert todoist.get("/tasks")["results"]
    assert time.monotonic() - begun >= 0.4


def test_a_hanging_service_says_nothing_and_then_hangs_up(
    world: World, todoist: Connection
) -> None:
    world.fault(TASKS, "hang", times=2)
    with pytest.raises(httpx.ReadTimeout):
        todoist.call("GET", "/tasks", timeout=0.3)
    world.control("DELETE", "/faults")
    world.fault(TASKS, "hang", seconds=0.1, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        todoist.call("GET", "/tasks")


def test_a_truncated_answer_breaks_off_after_the_deed_was_done(
    world: World, todoist: Connection
) -> None:
    world.fault(TASKS, "truncated", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        todoist.call("POST", "/tasks", json={"content": "Did it happen?"})
    assert "Did it happen?" in {task["content"] for task in world.tasks_of("mei")}


def test_garbage_claims_to_be_json(world: World, todoist: Connection) -> None:
    world.fault(TASKS, "garbage", times=1)
    answer = todoist.call("GET", "/tasks")
    assert answer.headers["content-type"] == "application/json"
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        answer.json()


def test_a_portal_answers_200_with_a_page(world: World, todoist: Connection) -> None:
    world.fault(TASKS, "html", times=1)
    answer = todoist.call("GET", "/tasks")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_wrong_types_keep_the_names_and_change_the_rest(world: World, todoist: Connection) -> None:
    world.fault("/todoist/api/v1/projects", "wrong_types", times=1)
    project = todoist.get("/projects")["results"]["0"]
    assert isinstance(project["name"], list)
    assert isinstance(project["child_order"], str)
    assert project["is_archived"] == "no"


def test_a_revoked_app_gets_401_and_cannot_refresh(world: World, todoist: Connection) -> None:
    world.fault("/todoist/", "revoked")
    assert todoist.call("GET", "/tasks").json()["error_code"] == 477
    refused = world.refresh(todoist.refresh)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    world.control("DELETE", "/faults")
    assert todoist.call("GET", "/tasks").status_code == 200
    assert world.refresh(todoist.refresh).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("429", 429, "rate_limit_exceeded"),
        ("500", 500, "server_error"),
        ("revoked", 400, "invalid_grant"),
    ],
)
def test_google_has_bad_days_in_its_own_words(
    world: World, kind: str, status: int, error: str
) -> None:
    code = sent_back(world.ask_google(persona="mei"))["code"]
    world.fault("/google/token", kind, times=1)
    refused = world.google_exchange(code)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert world.google_exchange(code).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"path": "todoist", "kind": "500"},
        {"path": "/", "kind": "mild"},
        {"path": "/", "kind": "500", "times": 0},
        {"path": "/", "kind": "500", "times": True},
        {"path": "/", "kind": "slow", "seconds": -1},
        {"path": "/", "kind": "slow", "second": 1},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_with_a_reason(
    world: World, body: dict[str, object]
) -> None:
    refused = world.http.post("/_control/faults", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]


def test_the_control_api_itself_has_no_bad_days(world: World) -> None:
    world.fault("/", "500")
    assert world.control("GET", "/faults").status_code == 200
    assert world.http.get("/").status_code == 200
