"""Cutting a connection: nothing stays here, and the grant ends there."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.privacy import holders
from integrations import snapshot
from integrations.disconnect import ATTEMPTS, disconnect, revoke, revoke_due
from integrations.models import Command, Connection, Revocation, Task
from integrations.personal_data import Signals
from integrations.sync import sync_due
from oo.events.models import Record
from tests.integrations.todoist_world import REVOKE, TodoistWorld

pytestmark = pytest.mark.django_db(transaction=True)


def test_disconnecting_leaves_nothing_here_and_ends_the_grant_there(todoist: TodoistWorld):
    link = todoist.link()
    done = link.add("Once")
    link.read()
    link.done_here(done)
    disconnect(link.connection, now=todoist.now)
    for model in (Connection, Task, Command):
        assert not model.objects.exists()
    assert snapshot.read(link.connection.pk) is None
    assert todoist.grants_alive("sam") == 1
    revoke_due(now=todoist.now)
    assert todoist.grants_alive("sam") == 0
    assert not Revocation.objects.exists()
    assert Record.objects.latest("pk").payload["status"] == "disconnected"
    disconnect(link.connection, now=todoist.now)  # twice is fine


def test_an_operator_ends_the_grant_and_the_user_is_asked_to_connect_again(todoist: TodoistWorld):
    link = todoist.link()
    link.add("Once")
    link.read()
    revoke(link.connection, now=todoist.now)
    row = link.row()
    assert (row.status, row.access_token, row.refresh_token, row.cursor) == (
        "reconnect",
        "",
        "",
        "",
    )
    assert not Task.objects.exists()
    assert snapshot.read(row.pk) is None
    revoke_due(now=todoist.now)
    assert todoist.grants_alive("sam") == 0
    todoist.link(user=row.user).read()
    assert Task.objects.count() == 1


@pytest.mark.parametrize("cut", [disconnect, revoke])
def test_a_read_that_is_under_way_when_it_is_cut_leaves_nothing(
    todoist: TodoistWorld, monkeypatch, cut: Any
):
    link = todoist.link()
    link.add("Once")
    source = type(todoist.source)
    pull = source.pull

    def cut_meanwhile(self, *args: Any, **more: Any) -> Any:
        found = pull(self, *args, **more)
        cut(link.connection, now=todoist.now)
        return found

    monkeypatch.setattr(source, "pull", cut_meanwhile)

    assert sync_due(now=todoist.now, limit=1) == 1
    assert not Task.objects.exists()
    assert snapshot.read(link.connection.pk) is None
    assert not Connection.objects.exclude(cursor="").exists()


def test_a_revocation_that_fails_is_tried_again_less_and_less_often(todoist: TodoistWorld):
    link = todoist.link()
    disconnect(link.connection, now=todoist.now)
    todoist.fault("500", REVOKE)
    now = todoist.now
    assert revoke_due(now=now) == 2  # one for each token
    assert revoke_due(now=now + timedelta(seconds=59)) == 0
    assert revoke_due(now=now + timedelta(seconds=61)) == 2
    assert revoke_due(now=now + timedelta(seconds=122)) == 0
    todoist.mend()
    assert revoke_due(now=now + timedelta(minutes=5)) == 2
    assert todoist.grants_alive("sam") == 0
    assert not Revocation.objects.exists()


def test_a_revocation_that_never_succeeds_is_given_up_and_logged_without_the_token(
    todoist: TodoistWorld, caplog
):
    link = todoist.link()
    tokens = (link.row().access_token, link.row().refresh_token)
    disconnect(link.connection, now=todoist.now)
    todoist.fault("500", REVOKE)
    now = todoist.now
    for _ in range(ATTEMPTS):
        now += timedelta(days=1)
        revoke_due(now=now)
    assert not Revocation.objects.exists()
    given_up = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert len(given_up) == 2
    assert not any(token in caplog.text for token in tokens)


def test_wrong_credentials_of_ours_are_not_taken_for_a_dead_token(todoist: TodoistWorld, settings):
    link = todoist.link()
    disconnect(link.connection, now=todoist.now)
    settings.TODOIST_CLIENT_SECRET = "changed-in-the-app-console"
    revoke_due(now=todoist.now)
    assert Revocation.objects.count() == 2
    assert todoist.grants_alive("sam") == 1


def test_a_token_that_is_dead_already_is_not_asked_about_for_ever(todoist: TodoistWorld):
    link = todoist.link()
    todoist.revoke("sam")
    disconnect(link.connection, now=todoist.now)
    revoke_due(now=todoist.now)
    assert not Revocation.objects.exists()


def test_a_connection_whose_tokens_no_key_opens_can_be_cut(todoist: TodoistWorld, settings):
    link = todoist.link()
    settings.ENCRYPTION_KEYS = ["bG9zdC1rZXktbG9zdC1rZXktbG9zdC1rZXktbG9zdC0="]
    disconnect(link.connection, now=todoist.now)
    assert not Connection.objects.exists()
    assert not Revocation.objects.exists()


def test_a_token_to_revoke_that_no_key_opens_holds_up_no_other(todoist: TodoistWorld, settings):
    disconnect(todoist.link("sam").connection, now=todoist.now)
    settings.ENCRYPTION_KEYS = ["bG9zdC1rZXktbG9zdC1rZXktbG9zdC1rZXktbG9zdC0="]
    disconnect(todoist.link("mei").connection, now=todoist.now)
    assert revoke_due(now=todoist.now) == 4
    assert todoist.grants_alive("mei") == 0
    assert Revocation.objects.count() == 2


def test_who_leaves_lets_go_of_every_grant_and_row(todoist: TodoistWorld):
    link = todoist.link()
    link.add("Once")
    link.read()
    user_id = link.connection.user_id
    ours = [h for h in holders() if type(h).__module__ == Signals.__module__]
    for _ in range(2):  # a crash in between repeats it
        for holder in ours:
            holder.let_go(user_id)
    assert todoist.grants_alive("sam") == 0
    with transaction.atomic():
        for holder in ours:
            holder.forget(user_id)
    for model in (Connection, Task, Command, Revocation):
        assert not model.objects.exists()
    assert snapshot.read(link.connection.pk) is None
