"""Hundreds of strange inputs to every form and call: a 4xx that says why, and never a 500."""

import json
import random
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from tests.privacy.lives import Life, life
from tests.security.addresses import addresses, bodies

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]

STRANGE: list[Any] = [
    "", " ", "\0", "a\0b", "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "́" * 50, "‮abc", "\r\nSet-Cookie: a=b", "🦆" * 100, "ﷺ" * 40, "ß", "İ",
    "' OR 1=1 --", '"><script>alert(1)</script>', "{{7*7}}", "{title}", "%s%n", "../../etc/passwd",
    "//evil.example", "https:evil.example", "\\\\evil", "javascript:alert(1)", "x" * 3000,
    "-1", "0", "1e999", "NaN", "９", "0x10", str(2**63), str(-(2**63) - 1), "1" * 400,
    "true", "null", "[]", "{}", "2026-13-45", "done", "todoist", "UTC",
]  # fmt: skip
STRANGE_JSON: list[Any] = [
    *STRANGE, None, True, False, 0, -1, 1.5, 1e308, 2**63, 2**64, 10**300, [], {}, [[]], [None],
    {"": ""}, {"a": {"b": []}}, ["x"] * 500,
]  # fmt: skip
FIELDS = (
    "tip",
    "reaction",
    "next",
    "time_zone",
    "admin_token",
    "dwell_ms",
    "state",
    "code",
    "error",
)
SEEDS = range(6)


@pytest.fixture
def ada() -> Life:
    return life("adalovelace")


def assert_handled(reply, what: str) -> None:
    assert reply.status_code < 500, what
    if reply.status_code >= 400:
        if what.startswith(("POST /api/", "GET /api/", "PUT /api/", "DELETE /api/")):
            assert reply["Content-Type"] == "application/problem+json", what
            assert len(reply.json()["detail"]) > 10, what
        elif reply.status_code != 405:
            assert len(reply.content) > 20, what
    if location := reply.headers.get("Location", ""):
        assert not location.startswith(("//", "/\\")), what
        assert "evil" not in location.partition("?")[0], what


@pytest.mark.parametrize("seed", SEEDS)
def test_forms_take_or_refuse_anything(ada, seed):
    chance = random.Random(seed)
    true = {"tip": bodies(ada)["tip"], "reaction": "snooze", "next": "/", "time_zone": "UTC"}
    for address in addresses(ada):
        if address.is_api or address.is_admin or address.name in ("delete_account", "sign_out"):
            continue
        fields: dict[str, Any] = {
            name: chance.choice(STRANGE) for name in chance.sample(FIELDS, chance.randint(1, 6))
        }
        fields = {**(true if chance.random() < 0.4 else {}), **fields}
        if address.name == "upload" and chance.random() < 0.8:
            name = chance.choice(["a.ics", "../x.ics", "\0.ics", "x" * 300, "a.exe", "🦆.ics"])
            data = chance.choice([b"", b"BEGIN:VCALENDAR", b"PK\3\4", chance.randbytes(2000)])
            fields["file"] = SimpleUploadedFile(name or "x", data)
        browser = chance.choice([ada.browser, Client()])
        assert_handled(browser.post(address.path, fields), f"POST {address.path} {fields}")
        texts = {name: value for name, value in fields.items() if isinstance(value, str)}
        assert_handled(browser.get(address.path, texts), f"GET {address.path} {texts}")


@pytest.mark.parametrize("seed", SEEDS)
def test_calls_take_or_refuse_anything(ada, seed):
    chance = random.Random(seed)
    calls = [one for one in addresses(ada) if one.is_api and one.name != "api_docs"]
    true = {"tip": bodies(ada)["tip"], "reaction": "snooze", "dwell_ms": 1000}
    for _ in range(12):
        for address in calls:
            said = {name: chance.choice(STRANGE_JSON) for name in chance.sample(FIELDS, 4)}
            body = chance.choice([said, {**true, **said}, [said], chance.choice(STRANGE_JSON)])
            raw = bytearray(json.dumps(body).encode())
            if chance.random() < 0.2 and raw:
                raw[chance.randrange(len(raw))] = chance.randrange(256)
            method = chance.choice(["POST", "POST", "GET", "PUT", "DELETE"])
            browser = chance.choice([ada.browser, ada.browser, Client()])
            query = {chance.choice(["format", "lang", "limit", "offset"]): chance.choice(STRANGE)}
            reply = browser.generic(
                method, address.path, bytes(raw), "application/json", query_params=query
            )
            assert_handled(reply, f"{method} {address.path} {query} {bytes(raw)[:200]!r}")


def test_ids_in_paths_may_be_anything(ada):
    for value in [*STRANGE, str(uuid.uuid4()).upper(), "0" * 36, uuid.uuid4().hex]:
        if "\r" in value or len(value) > 1000:
            continue
        for path in (
            f"/api/connections/{value}", f"/connections/{value}/cut/", f"/erased/{value}/",
            f"/connect/{value}/", f"/connect/{value}/callback/", f"/connect/{value}/file/",
        ):  # fmt: skip
            for method in ("GET", "POST", "DELETE"):
                assert_handled(ada.browser.generic(method, path), f"{method} {path}")


@pytest.mark.parametrize("content_type", [
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\xff",
    "application/x-www-form-urlencoded", "", ";", "application/json", "multipart/mixed; boundary=x",
])  # fmt: skip
def test_bodies_may_claim_to_be_anything(ada, content_type):
    data = b'--x\r\nContent-Disposition: form-data; name="tip"; filename="\xff"\r\n\r\n\xff\r\n--x'
    for path in ("/answer/", "/welcome/", "/time-zone/", "/connect/ical/file/", "/?q=%ff%fe"):
        for method in ("POST", "GET"):
            reply = ada.browser.generic(method, path, data, content_type)
            assert_handled(reply, f"{method} {path} as {content_type}")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_console_takes_or_refuses_anything_an_operator_mistypes(ada, seed):
    User.objects.filter(pk=ada.user.pk).update(role=User.Role.ADMIN)
    chance = random.Random(seed)
    pages = [a for a in addresses(ada) if a.is_admin and "logout" not in a.route]
    names = ["q", "o", "p", "all", "e", "_popup", "_to_field", "app_label", "model_name", "is", "has",
             "role__exact", "id", "user__email", "_facets", "object_id", "next"]  # fmt: skip
    for address in chance.sample(pages, 60):
        query = {name: chance.choice(STRANGE) for name in chance.sample(names, 3)}
        query = {name: value for name, value in query.items() if "\0" not in value}
        reply = ada.browser.get(address.path, query)
        assert reply.status_code < 500, f"{address.path} {query}"
