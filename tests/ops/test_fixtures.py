"""The real parts that other tests stand on do what tests/conftest.py says of them."""

import os
import time
from collections.abc import Callable

import httpx
import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from oo.events.catalogue import CalendarChanged
from oo.events.models import Record
from oo.events.publish import publish
from tests.services.plugin import child_environment


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def publish_one() -> None:
    with transaction.atomic():
        publish(CalendarChanged(user_id=1, connection_id="x", coming=0), now=timezone.now())


def all_delivered() -> bool:
    return not Record.objects.filter(delivered_at=None).exists()


def test_redis_is_this_test_process_s_own(redis_server):
    assert redis_server.url == settings.REDIS_URL
    assert redis_server.client.ping()


def test_redis_may_be_down_for_a_while(redis_server):
    redis_server.client.set("left behind", "1")
    redis_server.stop()
    assert not redis_server.running


def test_redis_is_back_and_empty_in_the_next_test(redis_server):
    assert redis_server.running
    assert not redis_server.client.exists("left behind")


def test_the_sandbox_is_where_settings_say(sandbox):
    assert sandbox.url == settings.SANDBOX_URL
    assert sandbox.control.get("/").json()["ok"]


def test_the_sandbox_forgets_faults_between_tests(sandbox):
    sandbox.control.post("/faults", json={"path": "/todoist", "kind": "500"}).raise_for_status()
    assert httpx.get(f"{sandbox.url}/todoist/api/v1/projects").status_code == 500


def test_the_sandbox_has_forgotten_the_fault_of_the_test_before(sandbox):
    assert sandbox.control.get("/faults").json()["faults"] == []


@pytest.mark.timeout(240)
def test_a_worker_works_on_the_test_database_and_comes_back_after_kill_9(worker):
    publish_one()
    assert until(all_delivered), worker.log
    worker.kill()
    assert not worker.running
    publish_one()
    assert not all_delivered()
    worker.restart()
    assert until(all_delivered), worker.log


def test_child_processes_get_no_setting_of_the_developer(monkeypatch):
    env = child_environment()
    assert env["TODOIST_CLIENT_ID"] == "" if "TODOIST_CLIENT_ID" in os.environ else True
    assert env["VAR_DIR"] == str(settings.VAR_DIR)


def test_a_page_of_the_browser_opens_the_live_server(live, page):
    page.goto(f"{live.url}/healthz")
    assert live.url == settings.PUBLIC_URL
    assert page.evaluate("location.origin") == settings.PUBLIC_URL
