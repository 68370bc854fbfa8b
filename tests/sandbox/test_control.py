"""The hand in the world: control API, control page, and who may use them."""

import re
from urllib.parse import urlsplit

import pytest

from tests.sandbox.world import World


def test_the_log_tells_what_was_asked_and_keeps_no_secret(world: World) -> None:
    todoist = world.connect()
    todoist.get("/tasks", limit="10")
    world.fault("/todoist/api/v1/projects", "hang", seconds=0, times=1)
    with pytest.raises(Exception, match="disconnected"):
        todoist.call("GET", "/projects")
    log = world.control("GET", "/requests").json()["requests"]
    assert [entry["path"] for entry in log[-2:]] == [
        "/todoist/api/v1/tasks",
        "/todoist/api/v1/projects",
    ]
    assert (log[-2]["method"], log[-2]["query"], log[-2]["status"]) == ("GET", "limit=10", 200)
    assert (log[-1]["fault"], log[-1]["status"]) == ("hang", None)
    assert log[-2]["headers"]["Authorization"] == "Bearer [hidden]"
    whole = world.control("GET", "/requests").text
    assert todoist.access not in whole
    assert todoist.refresh not in whole
    assert world.control("DELETE", "/requests").json() == {"requests": []}


def test_grants_are_listed_without_their_tokens(world: World) -> None:
    todoist = world.connect("ruth", scope="data:read")
    listed = world.control("GET", "/grants")
    (grant,) = listed.json()["grants"]
    assert grant["service"] == "todoist"
    assert grant["persona"] == "ruth"
    assert grant["scope"] == "data:read"
    assert grant["live"] is True
    assert (grant["live_access_tokens"], grant["live_refresh_tokens"]) == (1, 1)
    assert todoist.refresh not in listed.text


def test_revoking_as_the_person_ends_the_connection(world: World) -> None:
    todoist, other = world.connect("ruth"), world.connect("mei")
    reply = world.control("POST", "/revoke", persona="ruth", service="todoist")
    assert reply.json() == {"revoked_tokens": 2}
    assert todoist.call("GET", "/tasks").status_code == 401
    assert world.refresh(todoist.refresh).json()["error"] == "invalid_grant"
    assert other.call("GET", "/tasks").status_code == 200
    live = {one["persona"]: one["live"] for one in world.control("GET", "/grants").json()["grants"]}
    assert live == {"ruth": False, "mei": True}


def test_the_clock_moves_and_moves_back(world: World) -> None:
    before = world.control("GET", "/clock").json()
    assert before["offset_seconds"] == 0
    world.shift_clock(-3600)
    assert world.control("GET", "/clock").json()["now"] < before["now"]
    assert world.control("POST", "/clock", offset_seconds="soon").status_code == 400
    assert world.control("POST", "/clock", offset_seconds=1e18).status_code == 400


def test_a_reset_makes_the_world_new(world: World) -> None:
    todoist = world.connect("sam")
    todoist.post("/tasks", content="Soon forgotten")
    world.shift_clock(60)
    world.fault("/", "500")
    assert world.control("POST", "/reset").status_code == 200
    assert world.tasks_of("sam") == []
    assert todoist.call("GET", "/tasks").status_code == 401
    assert world.control("GET", "/clock").json()["offset_seconds"] == 0
    assert world.control("GET", "/grants").json() == {"grants": []}


def test_tasks_are_added_completed_and_deleted_from_outside(world: World) -> None:
    made = world.control(
        "POST", "/tasks", persona="sam", content="Vote", due="tomorrow at 9", priority=4
    ).json()
    assert made["priority"] == 4
    assert made["due"]["date"].endswith("T09:00:00")
    assert world.control("POST", f"/tasks/{made['id']}/complete").status_code == 200
    assert world.tasks_of("sam") == []
    assert world.control("POST", f"/tasks/{made['id']}/complete").status_code == 404
    assert world.control("POST", f"/tasks/{made['id']}/delete").status_code == 200
    assert world.control("POST", "/tasks", persona="nobody", content="x").status_code == 400
    assert world.control("POST", "/tasks", persona="sam").status_code == 400


def test_the_page_lists_people_faults_and_requests(world: World) -> None:
    world.connect("ruth").get("/tasks")
    world.fault("/google/token", "slow")
    page = world.http.get("/").text
    for expected in ("Harald Nygård", "157 open tasks", "/google/token", "/todoist/api/v1/tasks"):
        assert expected in page
    cleared = world.http.post("/faults/clear", follow_redirects=True)
    assert "Everything answers as it should" in cleared.text


def test_a_person_acts_in_their_own_list(world: World) -> None:
    form = {"content": "Buy <b>bold</b> bread & butter", "due": "today", "priority": "4"}
    page = world.http.post("/personas/sam/tasks", data=form, follow_redirects=True).text
    assert "Added." in page
    assert "Buy &lt;b&gt;bold&lt;/b&gt; bread &amp; butter" in page
    (task,) = world.tasks_of("sam")
    url = f"/personas/sam/tasks/{task['id']}"
    page = world.http.post(f"{url}/complete", follow_redirects=True).text
    assert "Completed." in page
    assert "list is empty" in page
    assert "gone already" in world.http.post(f"{url}/complete", follow_redirects=True).text
    unclear = {"content": "x", "due": "on the day after never"}
    page = world.http.post("/personas/sam/tasks", data=unclear, follow_redirects=True).text
    assert "makes no sense" in page
    assert world.http.get("/personas/nobody").status_code == 404


@pytest.mark.parametrize("origin", ["http://evil.test", "null", "http://localhost:1"])
def test_a_form_of_another_site_reaches_nothing(world: World, origin: str) -> None:
    for path in ("/personas/sam/tasks", "/_control/reset", "/google/o/oauth2/v2/auth"):
        refused = world.http.post(path, data={"content": "x"}, headers={"Origin": origin})
        assert refused.status_code == 403
    assert world.tasks_of("sam") == []
    own = world.http.post(
        "/personas/sam/tasks", data={"content": "x"}, headers={"Origin": world.url}
    )
    assert own.status_code == 303


def test_a_name_that_was_rebound_to_this_machine_reaches_nothing(world: World) -> None:
    for path in ("/", "/_control/requests", "/todoist/api/v1/tasks"):
        refused = world.http.get(path, headers={"Host": f"evil.test:{world.port}"})
        assert refused.status_code == 403
    assert world.http.get("/", headers={"Host": f"127.0.0.1:{world.port}"}).status_code == 200


def test_pages_allow_nothing_from_elsewhere(world: World) -> None:
    policy = world.http.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    consent = world.ask_google().headers["content-security-policy"]
    assert "form-action 'self' http://localhost:9999" in consent


def test_a_personas_page_says_where_their_calendar_is_published(world: World) -> None:
    page = world.http.get("/personas/mei").text
    address = re.search(r"http://[^<\s]+/feeds/[^<\s]+", page)
    assert address
    assert world.http.get(urlsplit(address[0]).path).text.startswith("BEGIN:VCALENDAR")
