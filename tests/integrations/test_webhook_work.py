"""What was posted takes effect once, in its order, and its words stay where words belong."""

import json
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import transaction
from django.utils import timezone

from integrations import snapshot, work_off
from integrations.disconnect import disconnect
from integrations.endpoints import (
    MOST,
    CannotMake,
    deliveries_of,
    endpoints_of,
    make_endpoint,
    rename_endpoint,
)
from integrations.ingest import ingest_tasks
from integrations.models import Connection, Delivery, Task
from integrations.personal_data import Signals
from integrations.receive import refusals_of
from integrations.work_off import ATTEMPTS, NothingToReplay, replay
from oo.events.models import Record
from oo.lib.encrypted import fingerprint
from tests.integrations.posting import Poster, poster, upsert

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Poster:
    return poster()


def work(**later: float) -> int:
    return work_off.work_off(now=timezone.now() + timedelta(**later))


def told(subject: str) -> list[dict]:
    rows = Record.objects.filter(subject=subject).order_by("pk")
    return list(rows.values_list("payload", flat=True))


def test_what_is_posted_is_a_task_its_words_in_the_snapshot_and_its_body_gone(shop):
    shop.post(upsert("a", "Fetch the bike", due="2026-11-24T17:30", priority=3))
    assert work() == 1
    task = shop.open_tasks()["a"]
    assert task.priority == 3
    assert task.due_at.isoformat() == "2026-11-24T16:30:00+00:00", "half past five in Berlin"
    assert shop.texts() == {"a": "Fetch the bike"}
    (row,) = shop.deliveries()
    assert (row.outcome, row.body) == ("done", "")
    assert told("signals.webhook.received") == [
        {"connection_id": str(shop.endpoint.pk), "tasks": 1}
    ]
    assert len(told("signals.task.synced")) == 1
    assert work() == 0


def test_done_and_removed_close_what_is_known_and_trouble_nobody_otherwise(shop):
    shop.post(upsert("a"), upsert("b"))
    work()
    shop.post({"op": "done", "id": "a"}, {"op": "removed", "id": "b"}, {"op": "done", "id": "zzz"})
    work()
    assert shop.open_tasks() == {}
    closed = dict(Task.objects.values_list("external_id", "closed_as"))
    assert closed == {fingerprint("a"): "done", fingerprint("b"): "deleted"}
    assert [fact["where"] for fact in told("signals.task.completed")] == ["source"]
    assert shop.texts() == {}


def test_a_flock_has_the_effect_of_one_after_the_other(shop):
    shop.post(upsert("a"), upsert("b", "Before"))
    work()
    shop.post(upsert("b", "After"))
    shop.post({"op": "done", "id": "a"})
    shop.post(upsert("a", "Again", due="2026-12-01"))
    shop.post(upsert("c"))
    shop.post({"op": "removed", "id": "c"})
    work()
    assert set(shop.open_tasks()) == {"a", "b"}
    assert shop.texts() == {"a": "Again", "b": "After"}
    assert len(told("signals.task.completed")) == 1, "it was done before it came again"
    assert Task.objects.get(external_id=fingerprint("c")).closed_as == "deleted"


def test_words_that_were_lost_come_back_with_what_is_posted_again(shop):
    shop.post(upsert("a", "One"), upsert("b", "Two"))
    work()
    snapshot.drop(shop.endpoint.pk)
    shop.post(upsert("b", "Two"))
    work()
    assert shop.texts() == {"b": "Two"}
    assert set(shop.open_tasks()) == {"a", "b"}


def test_without_redis_nothing_is_worked_off_and_nothing_is_lost(shop, redis_server):
    shop.post(upsert("a", "Fetch the bike"))
    redis_server.stop()
    assert shop.post(upsert("b", "Oil the chain")).status_code == 202
    assert work() == 0
    assert [row.outcome for row in shop.deliveries()] == ["waiting", "waiting"]
    redis_server.start()
    assert work() == 1
    assert shop.texts() == {
        "a": "Fetch the bike", "b": "Oil the chain",
    }  # fmt: skip


def test_one_that_trips_a_fault_of_ours_waits_and_the_others_do_not(shop, monkeypatch):
    def trip(connection, pull, **more):
        if any(task.external_id == fingerprint("poison") for task in pull.open):
            raise ZeroDivisionError
        return ingest_tasks(connection, pull, **more)

    monkeypatch.setattr(work_off, "ingest_tasks", trip)
    for id in ("a", "poison", "b"):
        shop.post(upsert(id), id=id)
    work()
    assert set(shop.open_tasks()) == {"a", "b"}
    waits = Delivery.objects.get(delivery_id=fingerprint("poison"))
    assert (waits.outcome, waits.attempts) == ("waiting", 1)
    assert "ZeroDivisionError" in waits.reason
    for _ in range(ATTEMPTS):
        work(days=9)
        Delivery.objects.filter(outcome="waiting").update(due_at=timezone.now())
    waits = Delivery.objects.defer(None).get(delivery_id=fingerprint("poison"))
    assert (waits.outcome, waits.body) == ("failed", "")
    assert "Send it again" in waits.reason


def test_one_can_be_played_again_while_its_body_is_kept(shop):
    shop.post(upsert("a", "Fetch the bike"), id="m1")
    work()
    (seen,) = deliveries_of(shop.endpoint)
    assert seen.again
    Task.objects.all().delete()
    replay(seen.pk, shop.endpoint, now=timezone.now())
    work()
    assert set(shop.open_tasks()) == {"a"}
    assert [row.outcome for row in shop.deliveries()] == ["done"]
    other = poster("eve@example.com")
    with pytest.raises(NothingToReplay):
        replay(seen.pk, other.endpoint, now=timezone.now())
    snapshot.drop(shop.endpoint.pk)  # as its time to live does
    assert not deliveries_of(shop.endpoint)[0].again
    with pytest.raises(NothingToReplay):
        replay(seen.pk, shop.endpoint, now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_after_a_cut_nothing_of_it_is_left(shop):
    shop.post(upsert("a", "Fetch the bike"))
    work()
    shop.post(upsert("b", "Oil the chain"))
    disconnect(shop.endpoint, now=timezone.now())
    assert not Connection.objects.exists()
    assert not Delivery.objects.exists()
    assert not Task.objects.exists()
    assert snapshot.read(shop.endpoint.pk) is None
    assert snapshot.read(snapshot.posted(shop.endpoint.pk)) is None
    assert work() == 0
    assert shop.post(upsert()).status_code == 404


def test_the_user_gives_names_and_has_no_more_than_a_few(shop):
    rename_endpoint(shop.endpoint, "  The   shop ")
    assert [one.label for one in endpoints_of(shop.user)] == ["The shop"]
    for bad in ("", "   ", "x" * 41, "a\0b"):
        with pytest.raises(CannotMake):
            rename_endpoint(shop.endpoint, bad)
    for number in range(MOST - 1):
        make_endpoint(shop.user, f"n{number}", now=timezone.now())
    with pytest.raises(CannotMake):
        make_endpoint(shop.user, "one too many", now=timezone.now())


def test_one_that_was_given_up_is_taken_when_it_is_sent_again(shop, monkeypatch):
    def trip(connection, pull, **more):
        raise ZeroDivisionError

    shop.post(upsert("a"), id="m1")
    with monkeypatch.context() as patched:
        patched.setattr(work_off, "ingest_tasks", trip)
        for _ in range(ATTEMPTS):
            work()
            Delivery.objects.filter(outcome="waiting").update(due_at=timezone.now())
    assert Delivery.objects.get().outcome == "failed"
    again = shop.post(upsert("a"), id="m1")
    assert (again.status_code, again.json()["new"]) == (202, True)
    row = Delivery.objects.get()
    assert (row.outcome, row.attempts, row.finished_at) == ("waiting", 0, None)
    work()
    assert set(shop.open_tasks()) == {"a"}
    assert Delivery.objects.get().outcome == "done"


def test_no_row_holds_a_word_of_the_senders(shop):
    said = "Call_Zoe_about_the_divorce"
    reply = shop.post({**upsert("x"), said: 1}, id="m1")
    assert reply.json()["errors"][0]["pointer"] == f"/tasks/0/{said}", "the sender is told"
    reply = shop.post_raw(json.dumps({"tasks": [upsert("y")], said: 1}).encode(), id="m2")
    assert reply.json()["errors"][0]["pointer"] == f"/{said}"
    shop.post(upsert(said, due="soon"), upsert(said), id="m3")
    shop.post(upsert(said), id="m4")
    work()
    rows = [*Delivery.objects.values(), *Task.objects.values(), *Record.objects.values()]
    assert said not in str(rows)
    reasons = set(Delivery.objects.exclude(reason="").values_list("reason", flat=True))
    assert {why.split(":")[0] for why in reasons} == {"/tasks/0/…", "/…", "/tasks/0/due"}
    assert set(shop.open_tasks()) == {said}


def test_after_a_rotation_a_task_is_still_known_by_its_id(shop, settings):
    shop.post(upsert("a", "One"), upsert("b", "Two"))
    work()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    shop.post(upsert("a", "Uno"), {"op": "done", "id": "b"}, upsert("c", "Three"))
    work()
    assert set(shop.open_tasks()) == {"a", "c"}
    assert Task.objects.count() == 3
    assert shop.texts() == {"a": "Uno", "c": "Three"}


@pytest.mark.parametrize("end", ["cut", "erasure"])
@pytest.mark.django_db(transaction=True)
def test_what_was_not_let_in_is_forgotten_with_the_endpoint(shop, end):
    shop.post(upsert(), id="Call-Zoe", secret="whsec_AAAA")
    assert refusals_of(shop.endpoint)
    if end == "cut":
        disconnect(shop.endpoint, now=timezone.now())
    else:
        signals = Signals()
        signals.let_go(shop.user.pk)
        with transaction.atomic():
            signals.forget(shop.user.pk)
    assert not refusals_of(shop.endpoint)
