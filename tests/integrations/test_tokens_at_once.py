"""Two workers, one rotating token: real connections, the real sandbox."""

import threading
import time

import pytest
from django.db import connection as database
from django.db import transaction

from accounts.models import User
from integrations.access import alone_with, oauth_source, refresh
from integrations.disconnect import disconnect
from integrations.models import Connection, Revocation
from tests.integrations.at_once import at_once
from tests.integrations.todoist_world import TOKEN, TodoistWorld

pytestmark = pytest.mark.django_db(transaction=True)


def refresh_at_once(todoist: TodoistWorld, workers: int) -> None:
    link = todoist.link()
    stale = link.row().access_token
    todoist.later(hours=1)
    todoist.forget_requests()
    todoist.fault("slow", TOKEN, times=1, seconds=0.3)  # long enough for all to come
    now = todoist.now
    tokens = at_once(*[lambda: refresh(link.connection, stale=stale, now=now)] * workers)
    assert set(tokens) == {link.row().access_token}
    assert stale not in tokens
    assert [entry["status"] for entry in todoist.asked(TOKEN)] == [200]
    assert link.read().status == "connected"


@pytest.mark.postgres
def test_two_workers_refresh_one_token_with_one_request_on_postgres(todoist: TodoistWorld):
    assert database.vendor == "postgresql"
    refresh_at_once(todoist, workers=2)


def test_a_crowd_refreshes_one_token_with_one_request(todoist: TodoistWorld):
    refresh_at_once(todoist, workers=5)


def test_others_write_while_a_source_takes_its_time_with_a_refresh(todoist: TodoistWorld):
    link = todoist.link()
    stale = link.row().access_token
    todoist.fault("slow", TOKEN, times=1, seconds=4)
    now = todoist.now

    def refresh_slowly() -> tuple[str, float]:
        return refresh(link.connection, stale=stale, now=now), time.monotonic()

    def write_meanwhile() -> float:
        time.sleep(0.5)
        with transaction.atomic():
            User.objects.create_user("meanwhile@example.com")
        return time.monotonic()

    (token, refreshed), written = at_once(refresh_slowly, write_meanwhile)
    assert token == link.row().access_token
    assert written < refreshed


def test_who_disconnects_during_a_refresh_waits_and_revokes_the_newest_tokens(
    todoist: TodoistWorld, monkeypatch: pytest.MonkeyPatch
):
    link = todoist.link()
    stale = link.row().access_token
    todoist.fault("slow", TOKEN, times=1, seconds=0.5)
    now = todoist.now
    under_way = threading.Event()
    monkeypatch.setattr(
        "integrations.access.oauth_source",
        lambda row: (under_way.set(), oauth_source(row))[1],
    )

    def cut() -> None:
        assert under_way.wait(30)
        disconnect(link.connection, now=now)

    token, _ = at_once(lambda: refresh(link.connection, stale=stale, now=now), cut)
    assert token in [revocation.token for revocation in Revocation.objects.all()]
    assert not Connection.objects.exists()


def test_who_waits_for_a_connection_that_is_cut_finds_none(todoist: TodoistWorld):
    link = todoist.link()
    entered = threading.Event()

    def hold_and_cut() -> None:
        with alone_with(link.connection.pk) as row:
            entered.set()
            time.sleep(0.3)
            row.delete()

    def wait() -> str:
        entered.wait(30)
        return refresh(link.connection, stale="x", now=todoist.now)

    _, outcome = at_once(hold_and_cut, wait)
    assert isinstance(outcome, Connection.DoesNotExist)
