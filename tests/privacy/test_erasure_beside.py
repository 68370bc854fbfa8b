"""Deletion while other things go on: Redis is down, a job runs, the button is pressed twice."""

import threading
import time
import uuid
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import erase
from accounts.models import Erasure, User
from integrations.models import Connection
from integrations.sync import sync_user
from tests.flows.visitor import Visitor
from tests.flows.waiting import eventually
from tests.people import NOW
from tests.privacy.dump import database, redis_text, rows_that_name
from tests.privacy.lives import life

pytestmark = pytest.mark.django_db(transaction=True)

KEPT = {"accounts.Erasure.user_id"}


@pytest.fixture
def willing(monkeypatch):
    """Sources that always answer."""
    monkeypatch.setattr("integrations.personal_data.revoke_token", lambda source, token: None)


def in_thread(work):
    """Runs it as another worker would: on a connection of its own."""

    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_with_redis_down_nothing_is_called_gone_that_may_still_be_there(redis_server, willing):
    ada = life("adalovelace")
    erasure = erase.ask(ada.user, now=NOW)
    redis_server.client.save()  # so that it comes back with what it held
    redis_server.stop()
    assert not erase.resume(erasure.pk, now=NOW)
    left = rows_that_name(ada.user.pk)
    assert "integrations.Connection.user_id" in left  # where the snapshots are found
    assert "usersessions.UserSession.user_id" in left  # and the sessions
    assert "recommender.Decision.user_id" not in left
    assert User.objects.get(pk=ada.user.pk).email is None
    redis_server.start()
    assert str(ada.person.connection.pk) in redis_text(redis_server.client)
    erasure.refresh_from_db()
    assert erase.resume(erasure.pk, now=erasure.due_at)
    text = database() + redis_text(redis_server.client)
    assert [canary for canary in ada.canaries if canary in text] == []


def test_with_redis_down_the_button_still_works_and_the_sessions_are_over(redis_server):
    ada = life("adalovelace")
    redis_server.stop()
    reply = ada.browser.post("/account/delete/")
    assert reply["Location"].startswith("/erased/")
    assert ada.browser.get(reply["Location"]).status_code == 200
    assert ada.browser.get("/api/profile").status_code == 401
    assert Erasure.objects.get().user_id == ada.user.pk


def test_pressed_on_two_devices_at_once_it_is_one_deletion(willing):
    ada = life("adalovelace")
    devices = [ada.browser, Client()]
    devices[1].force_login(ada.user)
    ready = threading.Barrier(2)
    replies = []

    def press(device):
        ready.wait()
        replies.append(device.post("/account/delete/"))

    for thread in [in_thread(lambda d=device: press(d)) for device in devices]:
        thread.join()
    assert [reply.status_code for reply in replies] == [302, 302]
    assert Erasure.objects.count() == 1
    assert User.objects.get(pk=ada.user.pk).email is None


@pytest.mark.parametrize(
    ("about", "stays"),
    [
        ("joann@example.com", True),
        ("ann@example.com.au", True),
        ("ann@example.community", True),
        ("+ann@example.com", True),
        ("ann@example.com", False),
        ("Ann@Example.com", False),
        ("changed ann@example.com.", False),
        ("(ann@example.com)", False),
    ],
)
def test_the_operators_log_of_somebody_else_stays_when_their_address_only_holds_ones_own(
    willing, about, stays
):
    ann = User.objects.create_user("ann@example.com")
    EmailAddress.objects.create(user=ann, email="ann@example.com")
    operator = User.objects.create_user("operator@example.com")
    users = ContentType.objects.get_for_model(User)
    for repr_, message in ((about, ""), ("someone", about)):
        LogEntry.objects.create(
            user=operator, content_type=users, object_id="0", object_repr=repr_,
            action_flag=CHANGE, change_message=message, action_time=NOW,
        )  # fmt: skip
    erasure = erase.ask(ann, now=NOW)
    assert erase.resume(erasure.pk, now=NOW)
    assert LogEntry.objects.count() == (2 if stays else 0)


def test_two_workers_at_once_forget_someone_once(willing):
    ada = life("adalovelace")
    erasure = erase.ask(ada.user, now=NOW)
    ready = threading.Barrier(2)
    done = []

    def work():
        ready.wait()
        done.append(erase.resume(erasure.pk, now=NOW))

    for thread in [in_thread(work) for _ in range(2)]:
        thread.join()
    assert sorted(done) == [False, True]
    assert rows_that_name(ada.user.pk).keys() == KEPT


def test_a_source_that_is_being_read_meanwhile_puts_nothing_back(sandbox, redis_server):
    visitor = Visitor()
    visitor.sign_in("priya")
    visitor.connect_todoist("priya")
    user = User.objects.get()
    slow = {"path": "/todoist/api/v1/sync", "kind": "slow", "seconds": 3.0}
    sandbox.control.post("/faults", json=slow).raise_for_status()
    read = in_thread(lambda: sync_user(user.pk, now=timezone.now()))
    eventually(lambda: Connection.objects.get().claimed_until, what="under way")
    now = timezone.now()
    erasure = erase.ask(user, now=now)
    assert erase.resume(erasure.pk, now=now)
    read.join()
    assert rows_that_name(user.pk).keys() == KEPT
    assert "snapshot" not in redis_text(redis_server.client)


def test_learning_and_refreshing_all_the_while_leaves_nothing_behind(willing):
    from agents.refresh import refresh
    from recommender.learn import learn

    ada = life("adalovelace")
    stop = threading.Event()
    troubles: list[Exception] = []

    def work():
        while not stop.is_set():
            try:
                refresh([ada.user.pk], now=NOW)
                learn(ada.user.pk, now=NOW)
            except Exception as error:  # a job may fail: it lost what it was about
                troubles.append(error)
            time.sleep(0.01)  # or on SQLite the other one waits for its turn as long as it lasts

    thread = in_thread(work)
    time.sleep(0.2)
    erasure = erase.ask(ada.user, now=NOW)
    while not erase.resume(erasure.pk, now=erasure.due_at):
        erasure.refresh_from_db()
    time.sleep(0.2)
    stop.set()
    thread.join()
    erase.resume(erasure.pk, now=Erasure.objects.get().due_at)
    assert rows_that_name(ada.user.pk).keys() == KEPT


@pytest.mark.postgres
def test_a_read_holding_the_connection_s_row_is_waited_for(willing):
    """The read commits tasks while the deletion waits for its lock; they go with the rest."""
    ada = life("adalovelace")
    erasure = erase.ask(ada.user, now=NOW)
    held, go = threading.Event(), threading.Event()

    def read():
        from integrations.models import Task

        with transaction.atomic():
            row = Connection.objects.select_for_update().get(pk=ada.person.connection.pk)
            held.set()
            go.wait(30)
            Task.objects.create(
                user_id=ada.user.pk, connection=row, external_id="late", text_hash="x", added_at=NOW
            )

    reader = in_thread(read)
    assert held.wait(30)
    done = []
    eraser = in_thread(lambda: done.append(erase.resume(erasure.pk, now=NOW)))
    time.sleep(0.3)
    assert done == []
    go.set()
    reader.join()
    eraser.join()
    assert done == [True]
    assert rows_that_name(ada.user.pk).keys() == KEPT


def test_the_receipt_is_for_whoever_holds_it_and_names_nobody(client, willing):
    ada = life("adalovelace")
    erasure = erase.ask(ada.user, now=NOW)
    for now in (None, NOW, NOW + timedelta(minutes=10)):
        if now:
            erase.resume(erasure.pk, now=now)
        page = client.get(f"/erased/{erasure.receipt}/")
        assert page.status_code == 200
        assert "no-store" in page["Cache-Control"]
        text = page.content.decode()
        assert [canary for canary in ada.canaries if canary in text] == []
    assert client.get(f"/erased/{uuid.uuid4()}/").status_code == 404


def test_a_deletion_that_does_not_end_is_seen_by_whoever_runs_the_installation(willing):
    from accounts.health import erasures

    erasure = erase.ask(life("adalovelace").user, now=NOW)
    assert erasures(NOW).state == "ok"
    late = erasures(NOW + timedelta(hours=3))
    assert late.state == "fail"
    assert "3 h" in late.says
    assert "adalovelace" not in late.says
    erase.resume(erasure.pk, now=NOW + timedelta(hours=3))
    assert erasures(NOW + timedelta(days=9)).state == "ok"
