"""Is oO well? Told in bounded time, whatever is down, and without asking too often."""

import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from django.test import Client

from accounts.models import ApiToken
from accounts.tokens import _digest
from adminconsole import watch
from adminconsole.health import broker, worker
from adminconsole.templatetags.console import content, fix
from oo.lib.health import Finding
from recommender.health import drift
from recommender.models import PolicyRun

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
WELL = {"Database": Finding("ok", "There."), "Broker": Finding("ok", "There.")}
ILL = {
    "Outbox": Finding("warn", "Slow.", "Wait."),
    "Worker": Finding("fail", "No worker answers.", "celery -A oo.celery worker"),
    "Beat": Finding("fail", "No sign of life.", "Run `make run`."),
    "Clock": Finding("ok", "Right.", "never shown"),
}
NEEDED = ("Database", "Broker", "Worker", "Beat", "Outbox", "Sources", "Learning")


@pytest.fixture
def findings():
    with patch("adminconsole.watch.examine", return_value=dict(WELL)) as examine:
        yield examine


def test_the_page_shows_every_part_of_oo(console):
    page = console.get("/admin/health/").content.decode()
    for name in NEEDED:
        assert name in page, name


def test_what_is_wrong_is_told_with_what_mends_it(console, findings):
    findings.return_value = ILL
    page = console.get("/admin/health/").content.decode()
    assert "Look at Worker and Beat." in page
    assert "<code>celery -A oo.celery worker</code>" in page
    assert "Run <code>make run</code>." in page
    assert "never shown" not in page


def test_the_page_and_the_overview_ask_again_every_fifteen_seconds(console, findings):
    page = console.get("/admin/health/").content.decode()
    assert 'hx-get="/admin/health/?part=page" hx-trigger="every 15s"' in page
    overview = console.get("/admin/").content.decode()
    assert 'hx-get="/admin/health/?part=strip" hx-trigger="load, every 15s"' in overview
    for part in ("page", "strip"):
        piece = console.get(f"/admin/health/?part={part}").content.decode()
        assert "oO is well." in piece
        assert "<html" not in piece


def test_the_overview_waits_for_no_check(console, findings):
    assert "Looking…" in console.get("/admin/").content.decode()
    assert not findings.called


def test_many_open_tabs_look_once(console, findings):
    for _ in range(20):
        console.get("/admin/health/?part=page")
    assert findings.call_count == 1
    watch.report(datetime.now(UTC) + timedelta(seconds=11))
    assert findings.call_count == 2


def test_while_one_looks_the_others_are_told_what_was_seen_last():
    watch._last = watch.Report(NOW, dict(WELL))
    started, go_on = threading.Event(), threading.Event()

    def slow(now: datetime) -> dict[str, Finding]:
        started.set()
        go_on.wait(10)
        return dict(ILL)

    later = NOW + timedelta(minutes=1)
    with patch("adminconsole.watch.examine", slow):
        looking = threading.Thread(target=watch.report, args=(later,))
        looking.start()
        assert started.wait(10)
        assert watch.report(later).state == "ok"
        go_on.set()
        looking.join()
    assert watch.report(later).state == "fail"


def test_it_answers_soon_when_redis_is_down(console, redis_server):
    redis_server.kill()
    began = time.monotonic()
    page = console.get("/admin/health/").content.decode()
    assert time.monotonic() - began < 30
    assert "can&#x27;t be reached" in page
    assert "Database" in page
    assert console.get("/admin/").status_code == 200


def test_it_answers_soon_when_redis_takes_the_call_and_says_nothing(console, settings):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        settings.REDIS_URL = address
        began = time.monotonic()
        assert broker(NOW).state == "fail"
        with patch("celery.app.base.Celery.connection_for_write", _to(address)):
            assert worker(NOW).state == "fail"
        assert time.monotonic() - began < 30


def _to(address: str):
    def connection(self, url=None, *args, **kwargs):
        return self._connection(address, **kwargs)

    return connection


def test_a_worker_that_is_not_there_is_told_soon():
    began = time.monotonic()
    assert worker(NOW).says == "No worker answers."
    assert time.monotonic() - began < 10


def test_machines_are_told_too_with_a_token_and_a_status(operator, findings):
    now = datetime.now(UTC)
    ApiToken.objects.create(
        user=operator, digest=_digest("t"), created_at=now, expires_at=now + timedelta(hours=1)
    )
    machine = Client(headers={"authorization": "Bearer t"})
    reply = machine.get("/api/health")
    assert reply.status_code == 200
    assert reply.json()["state"] == "ok"
    findings.return_value = ILL
    watch.forget()
    reply = machine.get("/api/health")
    assert reply.status_code == 503
    body = reply.json()["findings"]
    assert body["Worker"] == {
        "state": "fail", "says": "No worker answers.", "fix": "celery -A oo.celery worker",
    }  # fmt: skip
    assert body["Clock"]["fix"] == ""


def test_health_is_told_to_nobody_else(visitor, findings):
    assert Client().get("/api/health").status_code in (401, 403)
    assert visitor.get("/api/health").status_code == 403


@pytest.mark.parametrize(
    ("states", "says"),
    [
        ("ok ok", "oO is well."),
        ("ok warn", "Look at B."),
        ("fail warn", "Look at A."),
        ("fail fail fail", "Look at A, B and C."),
    ],
)
def test_the_headline_names_the_worst(states, says):
    found = {name: Finding(state, "") for name, state in zip("ABC", states.split(), strict=False)}
    assert watch.Report(NOW, found).says == says


def test_what_the_floors_say_is_shown_and_never_run():
    assert fix("<b>") == "&lt;b&gt;"
    assert fix("Say `<i>`") == "Say <code>&lt;i&gt;</code>"
    assert "&lt;b&gt;" in content("<b> {title}")


def test_too_few_decisions_to_compare_are_told_in_words(console):
    run = PolicyRun.objects.create(
        kind="drift", policy="egreedy-v1", policy_version="1", verdict="too little", created_at=NOW,
        says="too little data: decisions in both windows: 1 needed, 0 there",
    )  # fmt: skip
    assert run.verdict == PolicyRun.Verdict.TOO_LITTLE
    assert drift(NOW) == Finding("ok", "Too few decisions to compare yet.")
