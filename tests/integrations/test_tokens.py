"""Tokens that last an hour, refresh tokens that work once, and the ways in which they end."""

import httpx
import pytest
from django.conf import settings

from integrations.access import mark_reconnect, refresh, with_access
from integrations.models import Connection
from integrations.source import NeedsReconnect, SourceTrouble, TokenRejected
from oo.events.models import Record
from tests.integrations.todoist_world import SYNC, TOKEN, Link, TodoistWorld

pytestmark = pytest.mark.django_db


def stored(link: Link) -> tuple[str, str]:
    row = link.row()
    return row.access_token, row.refresh_token


def spend(refresh_token: str) -> httpx.Response:
    """Somebody else uses our refresh token: an answer we never saw, a backup that was restored."""
    return httpx.post(
        settings.TODOIST_TOKEN_URL,
        data={
            "grant_type": "refresh_token",
            "refresh_token": refresh_token,
            "client_id": settings.TODOIST_CLIENT_ID,
            "client_secret": settings.TODOIST_CLIENT_SECRET,
        },
    )


def test_a_token_about_to_end_is_refreshed_before_it_is_used(todoist: TodoistWorld):
    link = todoist.link()
    before = stored(link)
    todoist.later(minutes=59, seconds=30)
    todoist.forget_requests()
    assert link.read().trouble == ""
    assert [entry["status"] for entry in todoist.asked(SYNC)] == [200, 200]  # no 401 on the way
    assert len(todoist.asked(TOKEN)) == 1
    assert not set(stored(link)) & set(before)


def test_a_token_with_time_left_is_used_as_it_is(todoist: TodoistWorld):
    link = todoist.link()
    before = stored(link)
    todoist.later(minutes=58)
    link.read()
    assert stored(link) == before


def test_a_token_refused_before_its_time_is_refreshed_once_and_the_call_repeated(
    todoist: TodoistWorld,
):
    link = todoist.link()
    todoist.fault("revoked", SYNC, times=1)
    todoist.forget_requests()
    assert link.read().status == "connected"
    assert [entry["status"] for entry in todoist.asked(SYNC)] == [401, 200, 200]
    assert len(todoist.asked(TOKEN)) == 1


def test_a_token_fresh_from_the_source_that_is_refused_ends_in_reconnect_and_no_loop(
    todoist: TodoistWorld,
):
    link = todoist.link()
    todoist.fault("revoked", SYNC)
    todoist.forget_requests()
    assert link.read().status == "reconnect"
    assert len(todoist.asked(SYNC)) == 2
    assert len(todoist.asked(TOKEN)) == 1


def test_days_of_reading_rotate_the_pair_each_hour(todoist: TodoistWorld):
    link = todoist.link()
    seen = {stored(link)}
    for _ in range(5):
        todoist.later(hours=1)
        assert link.read().status == "connected"
        seen.add(stored(link))
    assert len(seen) == 6


def test_an_answer_without_a_refresh_token_keeps_the_one_we_have(todoist: TodoistWorld):
    link = todoist.link()
    ours = link.row().refresh_token
    fresh = spend(ours).json()  # the answer that we lost
    todoist.later(seconds=30)
    assert refresh(link.connection, stale=link.row().access_token, now=todoist.now)
    assert stored(link) == (fresh["access_token"], ours)
    assert link.read().status == "connected"


def test_a_refresh_token_spent_by_someone_else_ends_in_reconnect_after_a_minute(
    todoist: TodoistWorld,
):
    link = todoist.link()
    spend(link.row().refresh_token).raise_for_status()
    todoist.later(minutes=62)
    row = link.read()
    assert (row.status, row.access_token, row.refresh_token) == ("reconnect", "", "")
    changed = Record.objects.filter(subject="signals.connection.changed").latest("pk")
    assert changed.payload["status"] == "reconnect"
    # The sweep does not come back to it; connecting anew makes it whole.
    assert not Connection.objects.due(todoist.later(days=2)).exists()
    again = todoist.link(user=row.user)
    assert again.connection.pk == row.pk
    assert again.read().status == "connected"


def test_the_app_removed_in_todoist_ends_in_reconnect(todoist: TodoistWorld):
    link = todoist.link()
    todoist.revoke("sam")
    assert link.read().status == "reconnect"


@pytest.mark.parametrize("kind", ["500", "429", "garbage", "html", "hang", "wrong_types"])
def test_trouble_at_the_token_endpoint_costs_nobody_their_connection(
    todoist: TodoistWorld, kind: str
):
    link = todoist.link()
    before = stored(link)
    todoist.later(hours=1)
    todoist.fault(kind, TOKEN, times=1)
    row = link.read()
    assert row.status == "connected"
    assert row.trouble
    assert stored(link) == before
    todoist.mend()
    todoist.later(seconds=40)
    assert link.read().trouble == ""


def test_a_grant_that_the_token_endpoint_calls_invalid_ends_in_reconnect(todoist: TodoistWorld):
    link = todoist.link()
    todoist.later(hours=1)
    todoist.fault("revoked", TOKEN)
    assert link.read().status == "reconnect"


def test_the_token_of_an_old_app_never_ends_and_is_not_refreshed(todoist: TodoistWorld):
    link = todoist.link()
    Connection.objects.filter(pk=link.connection.pk).update(
        refresh_token="", access_expires_at=None
    )
    todoist.forget_requests()
    assert link.read().status == "connected"
    assert not todoist.asked(TOKEN)
    todoist.later(hours=1)  # here the sandbox ends it, as a person would by removing the app
    assert link.read().status == "reconnect"
    assert not todoist.asked(TOKEN)


def test_who_comes_late_to_a_refresh_takes_the_token_that_is_there(todoist: TodoistWorld):
    link = todoist.link()
    stale = link.row().access_token
    first = refresh(link.connection, stale=stale, now=todoist.now)
    assert refresh(link.connection, stale=stale, now=todoist.now) == first
    assert len(todoist.asked(TOKEN)) == 2  # connecting, and one refresh


def test_a_new_grant_is_not_marked_for_the_failure_of_the_one_before(todoist: TodoistWorld):
    link = todoist.link()
    before = link.row()
    todoist.later(seconds=1)
    todoist.link(user=before.user)
    mark_reconnect(before, now=todoist.now)
    assert link.row().status == "connected"
    mark_reconnect(link.row(), now=todoist.now)
    mark_reconnect(link.row(), now=todoist.now)
    assert link.row().status == "reconnect"
    told = Record.objects.filter(payload__status="reconnect")
    assert told.count() == 1


def test_tokens_sealed_with_a_lost_key_wait_for_the_key_and_trouble_nobody_else(
    todoist: TodoistWorld, settings
):
    lost, fine = todoist.link("sam"), todoist.link("mei")
    keys = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["bG9zdC1rZXktbG9zdC1rZXktbG9zdC1rZXktbG9zdC0="]
    todoist.link(fine.persona, user=fine.connection.user)  # sealed with the key of now
    assert lost.read().trouble == "sealed"
    assert fine.read().trouble == ""
    assert lost.row().status == "connected"
    settings.ENCRYPTION_KEYS = keys
    assert lost.read().trouble == ""


def test_a_call_without_any_token_asks_for_the_user_and_sends_nothing(todoist: TodoistWorld):
    link = todoist.link()
    Connection.objects.filter(pk=link.connection.pk).update(access_token="", refresh_token="")

    def call(token: str) -> None:
        raise AssertionError("called without a token")

    with pytest.raises(NeedsReconnect):
        with_access(link.connection, call, now=todoist.now)


def test_trouble_in_the_call_itself_is_passed_on(todoist: TodoistWorld):
    link = todoist.link()
    calls = []

    def call(token: str) -> None:
        calls.append(token)
        if len(calls) == 1:
            raise TokenRejected
        raise SourceTrouble("unavailable", "down")

    with pytest.raises(SourceTrouble):
        with_access(link.connection, call, now=todoist.now)
    assert len(set(calls)) == 2
