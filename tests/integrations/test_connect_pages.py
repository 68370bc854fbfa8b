"""The doors: connect, come back, upload, cut. Another's connection is nobody's to see or to touch."""

import uuid

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from integrations.models import Connection
from integrations.source import sources
from tests.flows.visitor import Visitor
from tests.people import Person, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Person:
    return person("ada@example.com")


@pytest.fixture
def browser(ada: Person) -> Client:
    client = Client(headers={"host": settings.PUBLIC_URL.split("//")[1]})
    client.force_login(ada.user)
    return client


def said(reply) -> str:
    return " ".join(str(message) for message in get_messages(reply.wsgi_request))


def test_the_pages_show_what_is_connected_and_open_no_token(
    browser, ada, django_assert_num_queries
):
    Connection.objects.update(access_token="sealed", refresh_token="sealed")
    settings_keys = settings.ENCRYPTION_KEYS
    assert settings_keys
    for path in ("/connect/", "/settings/"):
        reply = browser.get(path)
        assert reply.status_code == 200
        assert b"Todoist" in reply.content
        assert b"sealed" not in reply.content
        assert "no-store" in reply["Cache-Control"]


def test_the_pages_are_there_when_no_key_opens_the_tokens(browser, settings):
    settings.ENCRYPTION_KEYS = ["bG9zdC1rZXktbG9zdC1rZXktbG9zdC1rZXktbG9zdC0="]
    assert browser.get("/connect/").status_code == 200
    assert browser.get("/settings/").status_code == 200
    assert browser.get("/api/connections").status_code == 200


def test_connecting_begins_with_a_form_and_never_with_a_link(browser):
    assert browser.get("/connect/todoist/").status_code == 405
    start = browser.post("/connect/todoist/")
    assert start["Location"].startswith(settings.TODOIST_AUTHORIZE_URL)
    checked = Client(enforce_csrf_checks=True, headers={"host": "localhost"})
    assert checked.post("/connect/todoist/").status_code == 403


def test_an_installation_without_credentials_says_so(browser, settings):
    settings.TODOIST_CLIENT_ID = ""
    reply = browser.post("/connect/todoist/")
    assert reply["Location"] == "/connect/"
    assert "doctor" in said(reply)


@pytest.mark.parametrize(
    "query",
    [
        *(
            "",
            "?state=",
            "?state=x&code=y",
            "?code=y",
            "?error=access_denied",
        ),
        "?state=" + "x" * 4000,
    ],
)
def test_coming_back_without_an_attempt_connects_nothing(browser, query):
    Connection.objects.all().delete()
    reply = browser.get(f"/connect/todoist/callback/{query}")
    assert reply["Location"] == "/connect/"
    assert "again" in said(reply)
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("access_denied", "You cancelled"),
        ("invalid_application_status", "paused this app"),
        ("invalid_scope", "refused"),
        ("{name.__class__}", "refused"),
    ],
)
def test_a_refusal_in_the_redirect_becomes_a_sentence(browser, error, sentence):
    browser.post("/connect/todoist/")
    (state,) = browser.session["connecting"]
    reply = browser.get("/connect/todoist/callback/", {"state": state, "error": error})
    assert reply["Location"] == "/connect/"
    assert sentence in said(reply)


def test_a_whole_connection_through_the_pages(sandbox):
    visitor = Visitor()
    visitor.sign_in("mei")
    assert visitor.connect_todoist("mei")["Location"] == "/"
    connection = Connection.objects.get()
    assert connection.user.email == "mei.lin@example.com"
    cut = visitor.client.post(f"/connections/{connection.pk}/cut/")
    assert cut["Location"] == "/settings/"
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("post", "/connect/nowhere/"), ("get", "/connect/nowhere/callback/")),
        *(("post", "/connect/nowhere/file/"), ("post", "/connect/todoist/file/")),
        *(("post", "/connect/ical/"), ("get", "/connect/ical/callback/")),
    ],
)
def test_a_source_that_is_not_there_or_not_of_this_kind_is_a_404(browser, method, path):
    assert getattr(browser, method)(path).status_code == 404


def test_an_upload_without_a_file_says_what_to_do(browser):
    reply = browser.post("/connect/ical/file/")
    assert reply["Location"] == "/connect/"
    assert "Choose a file" in said(reply)


def test_strangers_are_sent_to_sign_in():
    for path in ("/connect/", "/settings/", "/connect/todoist/callback/?state=x"):
        assert Client().get(path)["Location"].startswith("/welcome/")
    assert Client().get("/api/connections").status_code in (401, 403)


def test_another_person_sees_and_cuts_nothing_of_mine(ada):
    eve = Client()
    eve.force_login(User.objects.create_user("eve@example.com"))
    mine = ada.connection.pk
    assert eve.post(f"/connections/{mine}/cut/").status_code == 404
    refused = eve.delete(f"/api/connections/{mine}")
    assert refused.status_code == 404
    assert refused["Content-Type"] == "application/problem+json"
    assert eve.get("/api/connections").json()["results"] == []
    assert Connection.objects.filter(pk=mine).exists()


def test_the_api_lists_my_connections_without_tokens_and_cuts_them(browser, ada):
    body = browser.get("/api/connections").json()
    (listed,) = body["results"]
    assert listed.keys() == {"id", "source", "status", "created_at", "synced_at"}
    assert listed["status"] == "connected"
    assert browser.delete(f"/api/connections/{uuid.uuid4()}").status_code == 404
    assert browser.delete(f"/api/connections/{listed['id']}").status_code == 204
    assert browser.delete(f"/api/connections/{listed['id']}").status_code == 404
    assert not Connection.objects.exists()


def hand_over(browser: Client):
    file = SimpleUploadedFile("todo.txt", b"Water the basil\n")
    return browser.post("/connect/todotxt/file/", {"file": file})


def test_nobody_has_files_read_without_end(browser, monkeypatch):
    monkeypatch.setattr("integrations.connect.TRIES_AN_HOUR", 2)
    assert [hand_over(browser).headers["Location"] for _ in range(2)] == ["/settings/"] * 2
    refused = hand_over(browser)
    assert "Wait an hour" in said(refused)
    assert refused.headers["Location"] == "/connect/"
    other = Client(headers={"host": settings.PUBLIC_URL.split("//")[1]})
    other.force_login(person("eve@example.com").user)
    assert hand_over(other).headers["Location"] == "/settings/"


def test_one_file_of_a_person_is_read_at_a_time(browser, monkeypatch):
    kind = type(sources.get("todotxt"))
    read = kind.read
    beside: list[str] = []

    def and_another(self, *args, **more):
        if not beside:
            beside.append("")
            beside[0] = said(hand_over(browser))
        return read(self, *args, **more)

    monkeypatch.setattr(kind, "read", and_another)
    assert hand_over(browser).headers["Location"] == "/settings/"
    assert "being read just now" in beside[0]
    assert hand_over(browser).headers["Location"] == "/settings/", "nor does it stay shut"


def test_without_a_cache_files_are_read_all_the_same(browser, redis_server):
    redis_server.stop()
    assert hand_over(browser).headers["Location"] == "/settings/"
