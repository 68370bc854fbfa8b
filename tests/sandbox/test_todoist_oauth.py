"""The rules of Todoist's tokens, which are stricter than most."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.sandbox.world import CALLBACK, CHALLENGE, CLIENT, VERIFIER, World, sent_back


def test_a_connection_gets_an_hour_and_a_refresh_token(world: World) -> None:
    answer = sent_back(world.ask_todoist(scope="data:read_write"))
    assert answer["state"] == "abc"
    reply = world.todoist_exchange(answer["code"]).json()
    assert reply["token_type"] == "Bearer"
    assert reply["expires_in"] == 3600
    assert reply["scope"] == "data:read_write"
    assert reply.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}


def test_the_token_endpoint_reads_json_as_well(world: World) -> None:
    code = sent_back(world.ask_todoist())["code"]
    body = CLIENT | {"code": code, "redirect_uri": CALLBACK}
    assert world.http.post("/todoist/oauth/access_token", json=body).status_code == 200


def test_an_expired_access_token_is_a_401_that_no_waiting_mends(world: World) -> None:
    todoist = world.connect()
    world.shift_clock(3600)
    refused = todoist.call("GET", "/tasks")
    assert refused.status_code == 401
    body = refused.json()
    assert (body["error_code"], body["error_tag"]) == (477, "UNAUTHORIZED")
    assert body["http_code"] == 401
    assert "event_id" in body["error_extra"]
    assert "invalid_token" in refused.headers["www-authenticate"]


def test_no_token_at_all_is_not_called_invalid(world: World) -> None:
    refused = world.http.get("/todoist/api/v1/tasks")
    assert refused.status_code == 401
    assert "www-authenticate" not in refused.headers


def test_a_refresh_gives_a_new_pair_and_consumes_the_old_token(world: World) -> None:
    todoist = world.connect()
    fresh = world.refresh(todoist.refresh).json()
    assert fresh["refresh_token"] != todoist.refresh
    assert fresh["access_token"] != todoist.access
    todoist.access = fresh["access_token"]
    assert todoist.call("GET", "/tasks").status_code == 200


def test_a_refresh_token_used_again_within_sixty_seconds_gives_the_same_access_token(
    world: World,
) -> None:
    todoist = world.connect()
    first = world.refresh(todoist.refresh).json()
    world.shift_clock(59)
    second = world.refresh(todoist.refresh)
    assert second.status_code == 200
    assert second.json()["access_token"] == first["access_token"]
    assert "refresh_token" not in second.json()
    assert second.json()["expires_in"] <= 3600 - 59
    assert world.refresh(first["refresh_token"]).status_code == 200


def test_a_refresh_token_used_again_after_sixty_seconds_revokes_everything(world: World) -> None:
    todoist, elsewhere = world.connect(), world.connect()
    stranger = world.connect("ruth")
    fresh = world.refresh(todoist.refresh).json()
    world.shift_clock(62)
    replay = world.refresh(todoist.refresh)
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    todoist.access = fresh["access_token"]
    assert todoist.call("GET", "/tasks").status_code == 401
    assert world.refresh(fresh["refresh_token"]).json()["error"] == "invalid_grant"
    assert elsewhere.call("GET", "/tasks").status_code == 401
    assert world.refresh(elsewhere.refresh).json()["error"] == "invalid_grant"
    assert stranger.call("GET", "/tasks").status_code == 200


def test_of_many_refreshes_at_once_exactly_one_gets_the_new_refresh_token(world: World) -> None:
    todoist = world.connect()
    with ThreadPoolExecutor(8) as pool:
        replies = [reply.json() for reply in pool.map(world.refresh, [todoist.refresh] * 8)]
    assert len({reply["access_token"] for reply in replies}) == 1
    assert sum("refresh_token" in reply for reply in replies) == 1


def test_a_refresh_may_narrow_the_scope_but_not_widen_it(world: World) -> None:
    todoist = world.connect(scope="data:read_write")
    wider = world.refresh(todoist.refresh, scope="data:delete")
    assert (wider.status_code, wider.json()["error"]) == (400, "invalid_scope")
    narrow = world.refresh(todoist.refresh, scope="data:read").json()
    assert narrow["scope"] == "data:read"
    todoist.access = narrow["access_token"]
    assert todoist.call("POST", "/tasks", json={"content": "no"}).status_code == 403


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "made up"}, 400, "invalid_grant"),
        ({"grant_type": "refresh_token", "client_secret": "x"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"code": "made up"}, 400, "bad_authorization_code"),
        ({"code": "x", "client_secret": "x"}, 400, "incorrect_application_credentials"),
    ],
)
def test_the_token_endpoint_refuses_in_its_own_words(
    world: World, form: dict[str, str], status: int, error: str
) -> None:
    refused = world.todoist_token(**form)
    assert (refused.status_code, refused.json()["error"]) == (status, error)


def test_pkce_is_optional_but_holds_once_begun(world: World) -> None:
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    without = sent_back(world.ask_todoist(**asked))["code"]
    assert world.todoist_exchange(without).json()["error"] == "bad_authorization_code"
    proven = sent_back(world.ask_todoist(**asked))["code"]
    assert world.todoist_exchange(proven, code_verifier=VERIFIER).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "data:everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"persona": "nobody"}, "access_denied"),
    ],
)
def test_what_the_authorize_page_refuses_arrives_at_the_app(
    world: World, changes: dict[str, str], error: str
) -> None:
    assert sent_back(world.ask_todoist(**changes)) == {"error": error, "state": "abc"}


def test_a_revoked_access_token_dies_alone_and_a_refresh_token_takes_all_along(
    world: World,
) -> None:
    def revoke(token: str) -> httpx.Response:
        return world.http.post(
            "/todoist/api/v1/revoke",
            data={"token": token},
            auth=(CLIENT["client_id"], CLIENT["client_secret"]),
        )

    todoist = world.connect()
    answer = revoke(todoist.access)
    assert (answer.status_code, answer.json()) == (200, None)
    assert todoist.call("GET", "/tasks").status_code == 401
    fresh = world.refresh(todoist.refresh).json()
    assert revoke(fresh["refresh_token"]).status_code == 200
    todoist.access = fresh["access_token"]
    assert todoist.call("GET", "/tasks").status_code == 401
    assert revoke("never existed").status_code == 200


def test_revoking_needs_the_client_to_prove_itself(world: World) -> None:
    todoist = world.connect()
    refused = world.http.post("/todoist/api/v1/revoke", data=CLIENT | {"token": todoist.access})
    assert refused.status_code == 401
    assert todoist.call("GET", "/tasks").status_code == 200


def test_the_person_of_the_last_sign_in_is_offered_first(world: World) -> None:
    world.ask_google(persona="harald")
    page = world.http.get(
        "/todoist/oauth/authorize",
        params={
            "client_id": "oo-sandbox",
            "redirect_uri": CALLBACK,
            "scope": "data:read",
            "state": "s",
        },
    ).text
    assert "Sandbox Todoist" in page
    assert page.index("Harald Nygård") < page.index("Amina Diallo")
    assert page.count("your sign-in") == 1
    assert "see the task list" in page


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("data:read", {"read"}),
        ("task:add", {"add"}),
        ("data:read_write", {"read", "add", "change"}),
        ("data:read,data:delete", {"read", "delete"}),
    ],
)
def test_a_scope_opens_what_it_says(world: World, scope: str, allowed: set[str]) -> None:
    todoist = world.connect(scope=scope)
    task = world.tasks_of("mei")[0]["id"]
    answers = {
        "read": todoist.call("GET", "/tasks"),
        "add": todoist.call("POST", "/tasks", json={"content": "A new one"}),
        "change": todoist.call("POST", f"/tasks/{task}", json={"priority": 2}),
        "delete": todoist.call("DELETE", f"/tasks/{task}"),
    }
    assert {name for name, answer in answers.items() if answer.is_success} == allowed
    for name in answers.keys() - allowed:
        assert answers[name].status_code == 403
        assert answers[name].json()["error_tag"] == "AUTH_INSUFFICIENT_TOKEN_SCOPE"
