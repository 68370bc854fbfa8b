"""Todoist says that something changed: proven, once, and then the list is read."""

import base64
import hashlib
import hmac
import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations import hooks
from integrations.disconnect import disconnect
from integrations.hooks import make_due
from integrations.jobs import read_told
from integrations.models import Connection, Delivery, Task
from integrations.sync import sync_due
from oo.events.models import Record
from tests.integrations.battery import spoilt
from tests.integrations.todoist_world import SYNC, Link, TodoistWorld

pytestmark = pytest.mark.django_db

DOOR = "/hooks/todoist/"
MOST = 300_000


@pytest.fixture
def sam(todoist: TodoistWorld) -> Link:
    link = todoist.link()
    link.add("Something")
    link.read()
    return link


def signed(body: bytes, secret: str | None = None) -> str:
    key = secret or settings.TODOIST_CLIENT_SECRET
    return base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256)).decode()


def post(body: bytes, *, id: str = "d1", signature: str | None = None) -> int:
    headers = {
        "X-Todoist-Hmac-SHA256": signed(body) if signature is None else signature,
        "X-Todoist-Delivery-ID": id,
        "User-Agent": "Todoist-Webhooks",
    }
    reply = Client(enforce_csrf_checks=True).post(
        DOOR, body, content_type="application/json", headers=headers
    )
    return reply.status_code


def account_of(link: Link) -> str:
    return next(iter(link.listed().values()))["user_id"]


def told(link: Link, event: str = "item:updated", **more: Any) -> bytes:
    item = next(iter(link.listed().values()))
    body = {"event_name": event, "user_id": item["user_id"], "event_data": item, "version": "10",
            "initiator": {"id": "1", "full_name": "Somebody Else", "email": "else@example.com"},
            "triggered_at": f"{link.world.now:%Y-%m-%dT%H:%M:%S.000000Z}"}  # fmt: skip
    return json.dumps(body | more).encode()


def completion(link: Link, task: str, at: datetime, **more: Any) -> bytes:
    item = link.listed()[task]
    extra = {"old_item": item, "update_intent": "item_completed"}
    who = {"id": item["user_id"], "full_name": "Somebody Else", "email": "else@example.com"}
    body = {"event_data": item, "event_data_extra": extra, "triggered_at": at.isoformat()}
    return told(link, **({"initiator": who} | body | more))


def completions() -> list[dict[str, Any]]:
    records = Record.objects.filter(subject="signals.task.completed").order_by("pk")
    return [record.payload for record in records]


def read_news(link: Link) -> None:
    """What the job does once changes have settled."""
    link.world.later(seconds=2)
    make_due(now=link.world.now)
    assert sync_due(now=link.world.now, limit=1) == 1


def test_whose_account_it_is_is_kept_as_a_hash_and_nothing_else_of_the_user(sam: Link):
    row = sam.row()
    assert row.account
    assert account_of(sam) not in row.account
    kept = json.dumps(list(Connection.objects.values("account", "cursor", "scope", "zone")))
    assert "sandbox-personal-api-token" not in kept


def test_a_webhook_is_one_insert_and_has_the_list_read(sam: Link):
    sam.add("New in Todoist")
    with CaptureQueriesContext(database) as queries:
        assert post(told(sam)) == 200
    writes = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(writes) == 1
    assert "deliveries" in writes[0]
    read_news(sam)
    assert "New in Todoist" in sam.titles().values()
    assert Delivery.objects.get().outcome == "done"


def test_the_same_delivery_again_is_the_same(sam: Link):
    body = told(sam)
    assert [post(body), post(body), post(body)] == [200, 200, 200]
    assert Delivery.objects.count() == 1


def test_a_wrong_signature_is_403_and_leaves_nothing(sam: Link):
    body = told(sam)
    for signature in (
        "",
        "x",
        "AAAA",
        signed(b"something else"),
        signed(body, "another secret"),
        signed(body)[:-2],
        signed(body) + "=",
    ):
        assert post(body, signature=signature) == 403
    assert not Delivery.objects.exists()


def test_without_a_secret_of_ours_nothing_is_genuine(sam: Link, settings):
    body = told(sam)
    settings.TODOIST_CLIENT_SECRET = ""
    empty = base64.b64encode(hmac.digest(b"", body, hashlib.sha256)).decode()
    assert post(body, signature=empty) == 403


def test_what_is_genuine_and_means_nothing_is_200_and_leaves_nothing(sam: Link):
    for body in (
        told(sam, user_id="99999999"),
        told(sam, user_id=None),
        b"[]",
        b"null",
        b"not json",
        b"\xff\xfe",
        b"[" * 90_000,
        b"",
    ):
        assert post(body) == 200
    assert not Delivery.objects.exists()
    assert post(told(sam, "goal:achieved", event_data="?"), id="unknown event") == 200


def test_a_body_too_large_is_refused_before_it_is_read(sam: Link):
    assert post(b"x" * (MOST + 1)) == 413
    long = json.dumps(json.loads(told(sam)) | {"description": "é" * 40_000}).encode()
    assert 200_000 < len(long) < MOST
    assert post(long) == 200


def test_a_get_is_no_webhook():
    assert Client().get(DOOR).status_code == 405


def test_nothing_of_what_it_says_is_kept_in_clear(sam: Link):
    task = sam.add("Ring the clinic about the results", due="every day")
    post(completion(sam, task, sam.world.now))
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM deliveries")
        row = repr(cursor.fetchall())
    for word in ("clinic", "Somebody", "else@example.com", task):
        assert word not in row
    body = Delivery.objects.defer(None).get().body
    assert set(json.loads(body)) == {"completed", "at"}
    read_news(sam)
    assert Delivery.objects.defer(None).get().body == ""


def test_an_occurrence_that_was_completed_counts_and_its_task_stays_open(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    first = sam.due(task)
    at = sam.world.later(minutes=1)
    sam.act(task, "complete")
    sam.world.fault("garbage", "/todoist/api/v1/activities")  # what the webhook says is enough
    post(completion(sam, task, at))
    read_news(sam)
    row = sam.task(task)
    assert row.closed_at is None
    assert sam.due(task) > first
    assert row.done_at is not None
    assert completions() == [
        {"task_id": row.pk, "where": "source", "completed_at": row.done_at.timestamp()}
    ]


def test_an_occurrence_counts_once_however_often_it_is_told(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    at = sam.world.later(minutes=1)
    sam.act(task, "complete")
    body = completion(sam, task, at)
    for id in ("one", "two"):
        post(body, id=id)
    read_news(sam)
    sam.world.later(minutes=20)
    post(body, id="three")  # redelivered under another name, or replayed
    read_news(sam)
    assert len(completions()) == 1


def test_each_of_several_completions_that_webhooks_told_counts(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    sam.world.fault("garbage", "/todoist/api/v1/activities")
    times = [sam.world.later(minutes=5) for _ in range(3)]
    for _ in times:
        sam.act(task, "complete")
    for at in reversed(times):
        post(completion(sam, task, at), id=str(at))
    read_news(sam)
    assert [one["completed_at"] for one in completions()] == [at.timestamp() for at in times]
    assert sam.task(task).done_at == times[-1]


def test_a_webhook_from_long_before_our_last_read_is_no_news_however_the_task_moves(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    body = completion(sam, task, sam.world.now - timedelta(hours=3))
    sam.world.later(minutes=10)
    sam.read()
    sam.world.later(minutes=1)
    put_off(sam, task, days=2)
    post(body)
    first = sam.due(task)
    read_news(sam)
    assert sam.due(task) > first
    assert completions() == []


def test_a_body_that_no_key_opens_takes_no_other_along(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    sam.world.fault("garbage", "/todoist/api/v1/activities")
    at = sam.world.later(minutes=1)
    sam.act(task, "complete")
    for id in ("older", "good", "newer", "no json", "no time"):
        post(completion(sam, task, at), id=id)
    Delivery.objects.filter(delivery_id="no json").update(body="{")
    Delivery.objects.filter(delivery_id="no time").update(body='{"at": "noon"}')
    with database.cursor() as cursor:
        cursor.execute("UPDATE deliveries SET body = 'x' WHERE delivery_id IN ('older', 'newer')")
    read_news(sam)
    assert len(completions()) == 1
    assert not Delivery.objects.filter(outcome="waiting").exists()


def test_what_was_not_looked_at_goes_on_waiting_and_the_newest_comes_first(sam: Link, monkeypatch):
    monkeypatch.setattr(hooks, "READ_AT_ONCE", 2)
    for number in range(3):
        at = sam.world.later(seconds=1)
        body = completion(sam, next(iter(sam.listed())), at)
        monkeypatch.setattr("integrations.doors.hooks.timezone.now", lambda at=at: at)
        post(body, id=str(number))
    monkeypatch.undo()
    monkeypatch.setattr(hooks, "READ_AT_ONCE", 2)
    read_news(sam)
    waiting = Delivery.objects.defer(None).get(outcome="waiting")
    assert (waiting.delivery_id, waiting.body != "") == ("0", True)
    read_news(sam)
    assert not Delivery.objects.filter(outcome="waiting").exists()


def test_what_was_told_of_is_read_before_all_that_is_due_and_nothing_else_is(
    sam: Link, todoist: TodoistWorld
):
    others = [todoist.link("mei"), todoist.link("ruth")]
    due = [other.next_read() for other in others]
    sam.add("New in Todoist")
    post(told(sam))
    Connection.objects.filter(pk=sam.connection.pk).update(due_at=sam.world.now)  # in the queue
    read_told(str(sam.connection.pk))
    assert "New in Todoist" in sam.titles().values()
    assert [other.next_read() for other in others] == due
    assert not any(other.titles() for other in others)
    read_told()
    Connection.objects.filter(pk=sam.connection.pk).update(due_at=sam.world.now)
    sam.world.forget_requests()
    read_told(str(sam.connection.pk))  # woken for what was read meanwhile
    assert not sam.world.asked(SYNC)


def test_an_old_completion_replayed_after_the_task_was_put_off_counts_nothing(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    at = sam.world.later(minutes=1)
    sam.act(task, "complete")
    body = completion(sam, task, at)
    post(body, id="one")
    read_news(sam)
    sam.world.later(minutes=10)
    put_off(sam, task, days=3)
    post(body, id="replayed")
    read_news(sam)
    assert len(completions()) == 1


def put_off(link: Link, task: str, *, days: int) -> None:
    """The person drags a task to another day in Todoist itself."""
    import httpx

    due = link.listed()[task]["due"]
    day = datetime.fromisoformat(due["date"]) + timedelta(days=days)
    command = {"type": "item_update", "uuid": f"put-off-{days}-{task}",
               "args": {"id": task, "due": due | {"date": day.isoformat()}}}  # fmt: skip
    token = Connection.objects.defer(None).get(pk=link.connection.pk).access_token
    reply = httpx.post(
        f"{settings.TODOIST_API_URL}/sync",
        data={"commands": json.dumps([command])},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert list(reply.raise_for_status().json()["sync_status"].values()) == ["ok"]


def test_a_task_put_off_in_todoist_was_not_completed(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    first = sam.due(task)
    put_off(sam, task, days=2)
    sam.read()
    assert sam.due(task) > first
    assert completions() == []


def test_a_snoozed_habit_that_is_done_and_stays_due_tomorrow_counts_once(sam: Link):
    task = sam.add("Stretch", due="every! day at 09:00")
    put_off(sam, task, days=1)
    sam.read()
    first = sam.due(task)
    at = sam.world.later(minutes=5)
    sam.act(task, "complete")
    sam.world.fault("garbage", "/todoist/api/v1/activities")
    body = completion(sam, task, at)
    for id in ("one", "two"):
        post(body, id=id)
    read_news(sam)
    sam.world.later(minutes=5)
    post(body, id="three")  # redelivered, or replayed
    read_news(sam)
    row = sam.task(task)
    assert sam.due(task) == first
    assert completions() == [{"task_id": row.pk, "where": "source", "completed_at": at.timestamp()}]
    assert row.done_at == at


def test_a_habit_that_is_done_before_its_webhook_comes_is_counted_when_it_comes(sam: Link):
    task = sam.add("Stretch", due="every! day at 09:00")
    put_off(sam, task, days=1)
    sam.read()
    at = sam.world.later(minutes=5)
    sam.act(task, "complete")
    body = completion(sam, task, at)
    sam.read()  # it is in this read, as due as before, and in no later one
    post(body)
    read_news(sam)
    assert [one["completed_at"] for one in completions()] == [at.timestamp()]


def test_a_habit_that_is_done_early_and_moves_back_counts_once(sam: Link):
    task = sam.add("Stretch", due="every! 3 days at 09:00")
    put_off(sam, task, days=5)
    sam.read()
    first = sam.due(task)
    sam.world.later(minutes=5)
    sam.act(task, "complete")
    for _ in range(2):
        sam.world.later(minutes=1)
        sam.read()
    assert sam.due(task) < first
    assert [one["task_id"] for one in completions()] == [sam.task(task).pk]
    assert sam.task(task).done_at is not None


def test_a_habit_that_was_only_dragged_to_an_earlier_day_is_not_done(sam: Link):
    task = sam.add("Stretch", due="every! 3 days at 09:00")
    put_off(sam, task, days=5)
    sam.read()
    put_off(sam, task, days=-2)
    sam.read()
    assert completions() == []
    assert sam.task(task).done_at is None


def test_a_habit_done_in_oo_that_stays_due_when_it_was_is_counted_once(sam: Link):
    task = sam.add("Stretch", due="every! day at 09:00")
    put_off(sam, task, days=1)
    sam.read()
    sam.done_here(task)
    sam.read()
    post(completion(sam, task, sam.world.later(minutes=2)))  # Todoist took its time
    read_news(sam)
    assert [one["where"] for one in completions()] == ["oo"]


def test_what_oo_did_itself_is_not_counted_again(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    sam.done_here(task)
    sam.read()
    post(completion(sam, task, sam.world.now))
    read_news(sam)
    sam.world.later(minutes=2)
    put_off(sam, task, days=2)
    sam.read()
    assert [one["where"] for one in completions()] == ["oo"]


def test_deliveries_out_of_order_end_as_the_list_is(sam: Link):
    task = sam.add("Once")
    added = told(sam, "item:added", event_data=sam.listed()[task])
    sam.act(task, "complete")
    done = told(sam, "item:completed")
    post(done, id="later")
    read_news(sam)
    post(added, id="earlier")
    read_news(sam)
    assert not Task.objects.filter(external_id=task, closed_at=None).exists()


def test_two_people_with_one_todoist_are_both_told(sam: Link, todoist: TodoistWorld):
    from accounts.models import User

    other = todoist.link("sam", user=User.objects.create_user("other@example.com"))
    other.read()
    assert post(told(sam)) == 200
    assert set(Delivery.objects.values_list("connection", flat=True)) == {
        sam.connection.pk, other.connection.pk,
    }  # fmt: skip


def test_after_a_disconnect_nothing_of_it_remains_and_nothing_comes(sam: Link):
    body = told(sam)
    post(body)
    disconnect(sam.row(), now=sam.world.now)
    assert not Delivery.objects.exists()
    assert post(body, id="d2") == 200
    assert not Delivery.objects.exists()


def test_a_storm_fills_no_table_and_is_one_read(sam: Link, monkeypatch):
    monkeypatch.setattr(hooks, "MOST_A_MINUTE", 20)
    body = told(sam)
    for number in range(80):
        assert post(body, id=str(number)) == 200
    assert 20 <= Delivery.objects.count() <= 40  # of one minute, or of two
    sam.world.forget_requests()
    read_news(sam)
    assert len(sam.world.asked(SYNC)) == 1
    assert not Delivery.objects.filter(outcome="waiting").exists()


def test_a_source_in_trouble_is_not_hurried_by_webhooks(sam: Link):
    sam.world.fault("500")
    sam.read()
    due = sam.next_read()
    post(told(sam))
    read_told(str(sam.connection.pk))
    assert sam.next_read() == due


def test_the_real_bodies_are_taken(real_data: Path, settings):
    folder = real_data / "todoist" / "webhooks"
    if not folder.is_dir():
        pytest.skip("needs real data: OO_REAL_DATA has no folder todoist/webhooks")
    given = json.loads((folder / "SIGNATURES.json").read_text())
    settings.TODOIST_CLIENT_SECRET = given["client_secret"]
    for name, signature in given["signatures"].items():
        assert post((folder / name).read_bytes(), id=name, signature=signature) == 200


def test_three_thousand_spoilt_bodies_are_all_answered_and_harm_nothing(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    before = Task.objects.count()
    good = completion(sam, task, sam.world.now)
    chance = random.Random(7)  # noqa: S311 the same ones at each run
    source = sam.world.source
    for number in range(3000):
        body = json.dumps(spoilt(json.loads(good), chance)).encode()
        if number % 3 == 0:
            cut = bytearray(body)
            for _ in range(3):
                cut[chance.randrange(len(cut))] = chance.randrange(256)
            body = bytes(cut)
        if number % 10 == 0:
            assert post(body, id=f"spoilt {number}") == 200
        else:
            try:
                source.hear(body)
            except ValueError:
                continue
    read_news(sam)
    assert Task.objects.count() == before
    # Some are whole where it matters, and signed: what they say was done was done.
    assert {one["task_id"] for one in completions()} <= {sam.task(task).pk}
    assert not Delivery.objects.filter(outcome="waiting").exists()
