"""Whatever is sent to the API, the answer is in one shape and says what to do."""

import io
import json
import uuid
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import settings
from django.test import Client

from tests.privacy.lives import life

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]

TIP = str(uuid.UUID(int=7))
GOOD = {"tip": TIP, "reaction": "done"}


@pytest.fixture
def browser():
    return life("adalovelace").browser


def assert_problem(reply, status: int) -> dict:
    assert reply.status_code == status, reply.content
    assert reply["Content-Type"] == "application/problem+json"
    body = reply.json()
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert len(body["detail"]) > 10
    return body


def feedback(client, body, content_type="application/json"):
    raw = body if isinstance(body, bytes) else json.dumps(body)
    return client.generic("POST", "/api/feedback", raw, content_type)


def test_a_stranger_is_told_how_to_come_in(client):
    for method, path in (
        ("GET", "/api/profile"), ("POST", "/api/recommend"), ("POST", "/api/feedback"),
        ("GET", "/api/connections"), ("DELETE", f"/api/connections/{TIP}"),
        ("GET", "/api/agents/registry"), ("GET", "/api/health"),
    ):  # fmt: skip
        reply = client.generic(method, path)
        assert_problem(reply, 401)
        assert reply["WWW-Authenticate"] == "Bearer"
        assert "no-store" in reply["Cache-Control"]


@pytest.mark.parametrize("path", ["nothing", f"connections/{TIP}", "connections/1", "", "x/y/z"])
def test_what_is_not_there_is_a_404(browser, path):
    body = assert_problem(browser.delete(f"/api/{path}"), 404)
    assert "not yours" in body["detail"]


@pytest.mark.parametrize("offset", ["-1", "x", "", "1e3", "٣", str(2**63), "9" * 5000])
@pytest.mark.parametrize("name", ["offset", "limit"])
def test_a_page_that_can_t_be_is_refused_by_name(browser, name, offset):
    reply = browser.get("/api/connections", {name: offset})
    assert name in assert_problem(reply, 400)["errors"]


def test_another_method_is_a_405_that_names_the_right_ones(browser):
    reply = browser.put("/api/profile", {}, content_type="application/json")
    assert_problem(reply, 405)
    assert "GET" in reply["Allow"]


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_another_type_is_a_415(browser, content_type):
    assert_problem(feedback(browser, GOOD, content_type), 415)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense"])
def test_another_wish_is_a_406(browser, accept):
    reply = browser.get("/api/profile", headers={"accept": accept})
    assert "application/json" in assert_problem(reply, 406)["detail"]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"nope", b"{'tip': 1}", b'{"tip": NaN}', b'{"tip": Infinity}', b"\xff\xfe{}",
        b'"\xed\xa0\x80"', b"[" * 90_000, b'{"a":' * 15_000, b"1" * 5000, b"\0", b'{"tip": "x"} x',
        json.dumps(GOOD).encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_a_400(browser, body):
    assert_problem(feedback(browser, body), 400)


@pytest.mark.parametrize("charset", ["zlib", "hex", "idna", "utf-7", "no-such", '"bz2"', "\xff"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_the_encoding_that_a_stranger_names_is_not_used(charset, kind):
    from oo.wsgi import application

    environ: dict = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/api/auth/token", "QUERY_STRING": "a=%ff",
        "CONTENT_TYPE": f"{kind}; Charset={charset}", "CONTENT_LENGTH": "2",
        "wsgi.input": io.BytesIO(b"{}"), "HTTP_HOST": "localhost",
    }  # fmt: skip
    setup_testing_defaults(environ)
    said: list[str] = []
    body = b"".join(application(environ, lambda status, headers: said.append(status)))
    expected = 400 if kind == "application/json" else 415
    assert said[0].startswith(str(expected)), body
    assert json.loads(body)["status"] == expected


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "tip"),
        ({"reaction": "done"}, "tip"),
        ({"tip": "not-a-uuid", "reaction": "done"}, "tip"),
        ({"tip": 7.5, "reaction": "done"}, "tip"),
        ({"tip": [TIP], "reaction": "done"}, "tip"),
        ({"tip": None, "reaction": "done"}, "tip"),
        ({"tip": f"{TIP}\0", "reaction": "done"}, "tip"),
        ({"tip": TIP}, "reaction"),
        ({"tip": TIP, "reaction": "love"}, "reaction"),
        ({"tip": TIP, "reaction": ["done"]}, "reaction"),
        ({"tip": TIP, "reaction": {"done": 1}}, "reaction"),
        ({"tip": TIP, "reaction": "done\0"}, "reaction"),
        ({**GOOD, "dwell_ms": -1}, "dwell_ms"),
        ({**GOOD, "dwell_ms": 10**18}, "dwell_ms"),
        ({**GOOD, "dwell_ms": 10**4000}, "dwell_ms"),
        ({**GOOD, "dwell_ms": 1e308}, "dwell_ms"),
        ({**GOOD, "dwell_ms": "soon"}, "dwell_ms"),
        ({**GOOD, "dwell_ms": {"$gt": 0}}, "dwell_ms"),
        ([], "non_field_errors"),
        ("done", "non_field_errors"),
        (7, "non_field_errors"),
    ],
)
def test_a_field_that_is_wrong_is_named(browser, body, field):
    assert field in assert_problem(feedback(browser, body), 400)["errors"]


def test_null_is_not_an_answer(browser):
    assert_problem(feedback(browser, None), 400)


@pytest.mark.parametrize(
    "path", ["/api/feedback", "/api/recommend", "/api/auth/token", "/api/nowhere"]
)
def test_a_body_without_an_end_is_refused_unread(browser, path):
    reply = browser.generic("POST", path, b"[" * 200_000, "application/json")
    assert "0.1 MB" in assert_problem(reply, 413)["detail"]


@pytest.mark.parametrize("path", ["/answer/", "/time-zone/", "/welcome/", "/account/delete/"])
def test_a_form_without_an_end_is_refused_with_a_page(browser, path):
    reply = browser.post(path, {"tip": "x" * 200_000}, "application/x-www-form-urlencoded")
    assert reply.status_code in (413, 415, 400)
    reply = browser.generic(
        "POST", path, b"a=" + b"x" * 200_000, "application/x-www-form-urlencoded"
    )
    assert reply.status_code == 413
    assert b"too large" in reply.content


def test_a_file_larger_than_a_calendar_is_refused_before_it_is_stored(browser):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.ics"\r\n\r\n'
    body = head + b"x" * (settings.UPLOAD_MAX_BYTES + 200_000) + b"\r\n--x--\r\n"
    reply = browser.generic("POST", "/connect/ical/file/", body, "multipart/form-data; boundary=x")
    assert reply.status_code == 413


@pytest.mark.parametrize("path", ["/\0", "/api/\0", "/?q=%00", "/admin/x%00y/", "/api/profile?%00"])
def test_a_nul_in_an_address_is_a_400(browser, path):
    assert browser.generic("GET", path).status_code in (400, 404)


def test_a_nul_in_a_session_cookie_is_no_session(db):
    client = Client()
    client.cookies["sessionid"] = "\0" * 32
    assert client.get("/api/profile").status_code == 401


def test_an_error_of_ours_is_a_problem_too_and_tells_nothing_of_the_inside(browser, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("recommender.asked.look", fail)
    browser.raise_request_exception = False
    reply = browser.post("/api/recommend", content_type="application/json")
    body = assert_problem(reply, 500)
    assert "swordfish" not in json.dumps(body)
