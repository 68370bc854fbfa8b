"""A Host header or a `next` leads nobody astray."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from tests.flows.visitor import Visitor
from tests.privacy.lives import life

pytestmark = pytest.mark.django_db

AWAY = [
    "https://evil.example/", "//evil.example/", "///evil.example", "\\\\evil.example",
    "/\\evil.example", "http:evil.example", "javascript:alert(1)", "data:text/html,x",
    "https://localhost@evil.example/", " //evil.example", "\t//evil.example", "http:///evil.example",
    "https://localhost.evil.example/", "/%5cevil.example/../..//evil.example", "\x00//evil.example",
]  # fmt: skip


@pytest.mark.parametrize("wanted", AWAY)
def test_next_never_leads_to_another_site(sandbox, wanted):
    visitor = Visitor()
    page = visitor.client.get("/welcome/", {"next": wanted})
    assert page.status_code in (200, 400)
    start = visitor.client.post("/welcome/", {"next": wanted})
    if start.status_code == 400:
        return
    end = visitor.client.get(visitor._consent(start["Location"], "priya"))
    assert urlsplit(end["Location"]).netloc == ""
    assert end["Location"] == "/" or end["Location"].startswith("/%5cevil")


@pytest.mark.parametrize("wanted", ["/settings/", "/connect/?x=1", "/api/docs"])
def test_next_does_lead_to_the_page_that_was_asked_for(sandbox, wanted):
    visitor = Visitor()
    start = visitor.client.post("/welcome/", {"next": wanted})
    end = visitor.client.get(visitor._consent(start["Location"], "priya"))
    assert end["Location"] == wanted


def test_next_in_the_address_of_the_callback_is_not_heard(sandbox):
    visitor = Visitor()
    start = visitor.client.post("/welcome/", {"next": "/"})
    back = visitor._consent(start["Location"], "priya")
    assert visitor.client.get(f"{back}&next=https://evil.example/")["Location"] == "/"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "a@b", "", "x" * 300])
@pytest.mark.parametrize(
    "path", ["/welcome/", "/", "/api/profile", "/accounts/google/login/callback/"]
)
def test_a_host_that_is_not_ours_is_a_400(client, host, path):
    settings.ALLOWED_HOSTS.remove("testserver")  # which the test runner let in
    try:
        reply = client.get(path, headers={"host": host or "::"})
    finally:
        settings.ALLOWED_HOSTS.append("testserver")
    assert reply.status_code == 400
    assert len(reply.content) > 20


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:1"},
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-proto": "https", "x-forwarded-port": "666"},
        {"forwarded": "host=evil.example"},
    ],
)
def test_the_addresses_that_google_and_todoist_call_back_come_from_the_settings(client, headers):
    asked = client.post("/welcome/", {"next": "/"}, headers=headers)["Location"]
    back = parse_qs(urlsplit(asked).query)["redirect_uri"]
    assert back == [f"{settings.PUBLIC_URL}/accounts/google/login/callback/"]
    ada = life("adalovelace").browser
    asked = ada.post("/connect/todoist/", headers=headers)["Location"]
    back = parse_qs(urlsplit(asked).query)["redirect_uri"]
    assert back == [f"{settings.PUBLIC_URL}/connect/todoist/callback/"]


def test_google_is_asked_with_the_settings_whatever_the_visitor_s_query_says(client):
    query = "?scope=https://www.googleapis.com/auth/drive&auth_params=prompt=none&process=connect"
    asked = client.post(f"/welcome/{query}", {"next": "/"})["Location"]
    said = parse_qs(urlsplit(asked).query)
    assert "drive" not in said["scope"][0]
    assert said["prompt"] == ["select_account"]
