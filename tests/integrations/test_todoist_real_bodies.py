"""Bodies that the real Todoist gave, from the makers' own SDKs: through our client, and read."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from integrations.formats.facts import BadFormat, Closed, SeenTask, TaskPull
from integrations.formats.todoist import parse_due, parse_item
from integrations.source import UsesOAuth, sources
from tests.people import NOW


@pytest.fixture(scope="session")
def folder(real_data: Path) -> Path:
    path = real_data / "todoist"
    if not path.is_dir():
        pytest.skip("needs real data: OO_REAL_DATA has no folder todoist")
    return path


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def tasks_in(body: Any) -> Iterator[dict[str, Any]]:
    """Every task object anywhere inside."""
    if isinstance(body, dict):
        if "content" in body and "priority" in body:
            yield body
        for inner in body.values():
            yield from tasks_in(inner)
    elif isinstance(body, list):
        for inner in body:
            yield from tasks_in(inner)


def all_tasks(folder: Path) -> list[dict[str, Any]]:
    return [task for path in sorted(folder.glob("*/*.json")) for task in tasks_in(load(path))]


def test_every_real_task_is_read(folder: Path):
    found = all_tasks(folder)
    assert len(found) >= 8
    for item in found:
        parsed = parse_item(item, now=NOW)
        assert parsed.external_id == item["id"]
        if isinstance(parsed, SeenTask):
            assert parsed.title == item["content"]
            assert parsed.added_at is not None
            assert bool(parsed.due_on) == bool(item["due"])
        else:
            assert parsed.completed_at


def test_the_real_due_date_is_read(folder: Path):
    day, _, _, recurring = parse_due(load(folder / "rest" / "due.json"))
    assert day
    assert recurring


def test_what_is_no_task_is_refused(folder: Path):
    for name in ("project.json", "labels_pages.json", "sections_pages.json", "projects_pages.json"):
        with pytest.raises(BadFormat):
            parse_item(load(folder / "rest" / name), now=NOW)


def test_real_webhooks_tell_what_happened(folder: Path):
    def event(name: str) -> SeenTask | Closed:
        return parse_item(load(folder / "webhooks" / name)["event_data"], now=NOW)

    assert isinstance(event("item_added.json"), SeenTask)
    done = event("item_completed.json")
    assert isinstance(done, Closed)
    assert done.completed_at
    # A recurring task that was completed has moved on: it is open.
    assert isinstance(event("item_updated_recurring_completion.json"), SeenTask)


def test_the_real_signatures_are_those_of_the_raw_bytes(folder: Path):
    told = load(folder / "webhooks" / "SIGNATURES.json")
    for name, signature in told["signatures"].items():
        raw = (folder / "webhooks" / name).read_bytes()
        digest = hmac.digest(told["client_secret"].encode(), raw, hashlib.sha256)
        assert base64.b64encode(digest).decode() == signature


def test_real_tasks_come_through_the_client(folder: Path, httpserver: HTTPServer, settings):
    tasks = all_tasks(folder)
    settings.TODOIST_API_URL = httpserver.url_for("/api/v1").rstrip("/")
    settings.OUTGOING_TRUSTED_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    full = {"items": tasks, "sync_token": "a", "full_sync": True}
    later = {"items": [], "sync_token": "b", "full_sync": False}
    for body in (full, later):
        httpserver.expect_ordered_request("/api/v1/sync", method="POST").respond_with_json(body)
    todoist = sources.get("todoist")
    assert isinstance(todoist, UsesOAuth)
    pull = todoist.pull("token", cursor="", now=NOW)
    assert isinstance(pull, TaskPull)
    assert (pull.complete, pull.cursor, pull.refused) == (True, "b", 0)
    assert len(pull.open) + len(pull.closed) == len(tasks)
    sent = httpserver.log[0][0]
    assert sent.headers["Authorization"] == "Bearer token"
    assert sent.form.to_dict() == {"sync_token": "*", "resource_types": '["items", "user"]'}
