"""The OpenAPI document is valid, complete, and tells the truth."""

import re
import uuid
import warnings
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.privacy.lives import life
from tests.security.addresses import bodies, routes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]

NO_CALLS = {"api_docs", "api_nowhere"}


@pytest.fixture
def document(client) -> dict[str, Any]:
    return client.get("/api/schema").json()


@pytest.fixture
def ada():
    return life("adalovelace")


def test_it_is_a_valid_openapi_3_1_document_and_anyone_may_read_it(document):
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_it_lists_every_call_there_is(document):
    there = {
        "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
        for route, name in routes()
        if route.startswith("api/") and name not in NO_CALLS
    }
    assert set(document["paths"]) == there


def test_making_it_warns_of_nothing(capfd):
    from drf_spectacular.generators import SchemaGenerator

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SchemaGenerator().get_schema(request=None, public=True)
    assert "Warning" not in capfd.readouterr().err


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_call_says_what_it_does_and_how_it_fails(document):
    for path, method, operation in operations(document):
        what = f"{method} {path}"
        assert operation["description"], what
        failures = {status for status in operation["responses"] if status >= "400"}
        assert "429" in failures, what
        if {} not in operation["security"]:
            assert {"401", "403"} <= failures, what
        if "{" in path:
            assert "404" in failures, what
        if "requestBody" in operation:
            assert {"400", "415"} <= failures, what
        for status in failures:
            answer = operation["responses"][status]
            assert status == "503" or "application/problem+json" in answer["content"], what
            assert answer["description"], f"{what} {status}"
        if method == "get":
            assert "requestBody" not in operation, what


def assert_conforms(document, reply, path: str, method: str) -> None:
    """The status is told of, and the body is as it is told."""
    answer = document["paths"][path][method]["responses"].get(str(reply.status_code))
    assert answer, f"{method} {path}: {reply.status_code} is not in the document"
    if "content" not in answer:
        assert reply.content == b""
        return
    media = reply["Content-Type"].partition(";")[0]
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    registry: Registry = Registry().with_resource("urn:oo", resource)
    schema = answer["content"][media]["schema"]
    rooted = _from_root(schema)
    Draft202012Validator(rooted, registry=registry).validate(reply.json())


def _from_root(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: f"urn:oo{value}" if key == "$ref" else _from_root(value)
            for key, value in schema.items()
        }
    return [_from_root(one) for one in schema] if isinstance(schema, list) else schema


def test_real_replies_are_as_the_document_says(document, ada, client, settings):
    settings.ADMIN_SEED_EMAIL = "operator@example.com"
    connection, tip = str(ada.person.connection.pk), bodies(ada)["tip"]
    connection_path = "/api/connections/{connection_id}"
    feedback = {"tip": tip, "reaction": "snooze", "dwell_ms": 5}
    admin = {"admin_token": settings.ADMIN_TOKEN}
    nobodys = str(uuid.uuid4())

    def check(browser, method: str, path: str, body: Any = None, real: str = "", kind="") -> int:
        reply = browser.generic(
            method.upper(), real or path, _json(body), kind or "application/json"
        )
        assert_conforms(document, reply, path, method)
        return reply.status_code

    for browser, expected in ((ada.browser, 200), (client, 401)):
        for path in ("/api/profile", "/api/connections", "/api/agents/registry"):
            assert check(browser, "get", path) == expected
        assert check(browser, "post", "/api/recommend") == expected
        assert check(browser, "post", "/api/feedback", feedback) == expected
    assert check(ada.browser, "post", "/api/feedback", feedback) == 200
    assert check(ada.browser, "post", "/api/feedback", {**feedback, "tip": nobodys}) == 404
    assert check(ada.browser, "post", "/api/feedback", {"tip": 1.5}) == 400
    assert check(ada.browser, "post", "/api/feedback", feedback, kind="text/plain") == 415
    assert check(ada.browser, "post", "/api/recommend") == 200
    assert check(client, "post", "/api/auth/token", admin) == 201
    assert check(client, "post", "/api/auth/token", {"admin_token": "x"}) == 403
    settings.ADMIN_TOKEN = ""
    assert check(client, "post", "/api/auth/token", admin) == 404
    gone = f"/api/connections/{nobodys}"
    assert check(ada.browser, "delete", connection_path, real=gone) == 404
    hers = f"/api/connections/{connection}"
    assert check(ada.browser, "delete", connection_path, real=hers) == 204
    prefs, quiet = "/api/profile/prefs/{scope}", "/api/profile/prefs/moment"
    work = {"work": {"weekdays": ["mon"], "begins": "09:00", "ends": "17:00"}}
    for path, real, good, bad in (
        (prefs, quiet, {"quiet_start": 21}, {"quiet_start": True}),
        ("/api/profile/consents", "", {"remote_model": True}, {"remote_model": 1}),
        ("/api/profile/contexts", "", work, {"work": {"begins": 9}}),
    ):
        assert check(client, "patch", path, good, real=real) == 401
        assert check(ada.browser, "patch", path, good, real=real) == 200
        assert check(ada.browser, "patch", path, bad, real=real) == 400
    assert check(ada.browser, "patch", prefs, {}, real="/api/profile/prefs/nowhere") == 404
    assert check(client, "get", "/api/schema") == 200


def _json(body: Any) -> bytes:
    import json

    return b"" if body is None else json.dumps(body).encode()


def test_the_page_to_read_lists_the_same_calls(client, document):
    page = client.get("/api/docs").content.decode()
    assert all(path in page for path in document["paths"])
