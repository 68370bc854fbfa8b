"""Answers that the sandbox does not give: older apps, odd tokens, refusals of one command."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from integrations.source import Grant, NeedsReconnect, SourceTrouble
from integrations.sources.todoist import Todoist
from tests.people import NOW


@pytest.fixture
def server(httpserver: HTTPServer, settings) -> HTTPServer:
    base = f"{httpserver.host}:{httpserver.port}"
    settings.OUTGOING_TRUSTED_HOSTS = [base]
    settings.TODOIST_API_URL = f"http://{base}/api"
    settings.TODOIST_TOKEN_URL = f"http://{base}/token"
    settings.TODOIST_REVOKE_URL = f"http://{base}/revoke"
    settings.SOURCE_TIMEOUT_SECONDS = 5.0
    return httpserver


def exchanged(server: HTTPServer, body: Any, status: int = 200) -> Grant:
    server.expect_oneshot_request("/token").respond_with_json(body, status=status)
    return Todoist().exchange(code="c", verifier="v" * 43, redirect_uri="http://x/", now=NOW)


def test_the_token_of_a_new_app_ends_after_an_hour(server: HTTPServer):
    grant = exchanged(
        server,
        {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "scope": "data:read_write"},
    )
    assert grant == Grant("a", "r", NOW + timedelta(hours=1), "data:read_write")


def test_the_token_of_an_old_app_has_no_refresh_token_and_hardly_an_end(server: HTTPServer):
    grant = exchanged(
        server, {"access_token": "a", "token_type": "Bearer", "expires_in": 315360000}
    )
    assert grant.refresh_token is None
    assert grant.expires_at
    assert grant.expires_at > NOW + timedelta(days=3600)
    assert exchanged(server, {"access_token": "a"}) == Grant("a", None, None, "")


@pytest.mark.parametrize(
    "body",
    [
        *({}, [], None, "token", {"access_token": ""}, {"access_token": None}),
        *({"access_token": ["a"]}, {"access_token": "a\nb: c"}, {"access_token": "a\x00"}),
        {"access_token": "Ø"},
    ],
)
def test_an_answer_without_a_token_that_a_header_can_carry_is_trouble(server: HTTPServer, body):
    with pytest.raises(SourceTrouble):
        exchanged(server, body)


def test_nonsense_beside_the_token_does_not_spoil_it(server: HTTPServer):
    odd = {"access_token": "a", "refresh_token": 7, "scope": ["x"], "expires_in": "soon"}
    assert exchanged(server, odd) == Grant("a", None, None, "")
    assert exchanged(server, {"access_token": "a", "expires_in": 10**400}).expires_at is None
    assert exchanged(server, {"access_token": "a", "expires_in": -5}).expires_at is None


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, "invalid_grant", NeedsReconnect),
        (400, "bad_authorization_code", NeedsReconnect),
        (400, "incorrect_application_credentials", SourceTrouble),
        (401, "invalid_client", SourceTrouble),
        (400, ["invalid_grant"], SourceTrouble),
        (503, "invalid_grant", SourceTrouble),
        (302, "", SourceTrouble),
    ],
)
def test_only_a_refused_grant_is_the_users_affair(server: HTTPServer, status, error, expected):
    with pytest.raises(expected):
        exchanged(server, {"error": error}, status)


def completed(server: HTTPServer, status: Any) -> Any:
    server.expect_oneshot_request("/api/sync").respond_with_json({"sync_status": status})
    return Todoist().complete("token", {"u1": "t1", "u2": "t2"}, now=NOW)


def test_every_command_has_its_own_outcome(server: HTTPServer):
    def no(code: Any) -> dict[str, Any]:
        return {"error": "x", "error_code": 1, "http_code": code}

    assert completed(server, {"u1": "ok", "u2": no(404)}) == {"u1": "ok", "u2": "gone"}
    assert completed(server, {"u1": no(400), "u2": no(403)}) == {"u1": "refused", "u2": "refused"}
    # Tried again: what says nothing, what says try later, and what makes no sense.
    assert completed(server, {"u1": "ok"}) == {"u1": "ok"}
    tried_again: list[Any] = [no(429), no(500), no("404"), no(None), "no", 7, None, []]
    for later in tried_again:
        assert completed(server, {"u1": later, "u2": "ok"}) == {"u2": "ok"}


@pytest.mark.parametrize("body", [{}, [], None, {"sync_status": []}])
def test_no_outcomes_at_all_are_trouble(server: HTTPServer, body):
    server.expect_request("/api/sync").respond_with_json(body)
    with pytest.raises(SourceTrouble):
        Todoist().complete("token", {"u": "t"}, now=NOW)


def test_a_hundred_commands_at_most_go_in_one_request(server: HTTPServer):
    server.expect_request("/api/sync").respond_with_json({"sync_status": {}})
    Todoist().complete("token", {f"u{n}": f"t{n}" for n in range(250)}, now=NOW)
    assert len(server.log) == 3


def pull_trouble(server: HTTPServer, status: int, headers: Any = None, body: Any = None) -> Any:
    server.expect_request("/api/sync").respond_with_json(body, status=status, headers=headers)
    with pytest.raises(SourceTrouble) as caught:
        Todoist().pull("token", cursor="", now=NOW)
    return caught.value


@pytest.mark.parametrize(
    ("status", "after", "expected"),
    [
        *(
            (429, "30", 30),
            (503, "120", 120),
            (404, "30", None),
            (410, "30", None),
            (400, "9", None),
        ),
        *((429, "", None), (429, "-5", None), (429, "soon", None), (429, "\xb2", None)),
        (429, "9" * 500, 999_999_999),
    ],
)
def test_a_wish_to_wait_counts_only_where_waiting_helps(
    server: HTTPServer, status, after, expected
):
    assert pull_trouble(server, status, {"Retry-After": after}).retry_after == expected


def test_a_wish_to_wait_may_be_in_the_body(server: HTTPServer):
    body = {"error_extra": {"retry_after": 77}}
    assert pull_trouble(server, 429, body=body).retry_after == 77


def test_a_grant_that_does_not_reach_far_enough_is_the_users_affair(server: HTTPServer):
    body = {"error_tag": "AUTH_INSUFFICIENT_TOKEN_SCOPE", "http_code": 403}
    server.expect_oneshot_request("/api/sync").respond_with_json(body, status=403)
    with pytest.raises(NeedsReconnect):
        Todoist().pull("token", cursor="", now=NOW)
    # Any other 403 may come from anything on the way.
    assert pull_trouble(server, 403).code == "bad_answer"


def test_an_answer_nested_without_end_is_a_bad_answer(server: HTTPServer):
    server.expect_request("/api/sync").respond_with_data("[" * 100_000)
    with pytest.raises(SourceTrouble) as caught:
        Todoist().pull("token", cursor="", now=NOW)
    assert caught.value.code == "bad_answer"


def test_what_happened_during_a_long_full_read_is_in_it(server: HTTPServer):
    def item(id: str, content: str, **more: Any) -> dict[str, Any]:
        return {"id": id, "content": content, **more}

    first = [item("1", "old"), item("2", "done meanwhile"), item("3", "stays")]
    then = [item("1", "new"), item("2", "x", checked=True, completed_at="2026-11-18T09:00:00Z")]
    for body in (
        {"items": first, "sync_token": "a", "full_sync": True},
        {"items": then, "sync_token": "b", "full_sync": False},
    ):
        server.expect_ordered_request("/api/sync").respond_with_json(body)
    pull = Todoist().pull("token", cursor="", now=NOW)
    assert {task.external_id: task.title for task in pull.open} == {"1": "new", "3": "stays"}
    assert [closed.external_id for closed in pull.closed] == ["2"]
    assert (pull.complete, pull.cursor) == (True, "b")
