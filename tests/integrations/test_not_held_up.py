"""While a source takes its time with a token, who only names the connection is not held up."""

import base64
import hashlib
import hmac
import json
import threading
import time
import uuid

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from integrations.access import alone_with, refresh
from integrations.commands import request_completion
from integrations.disconnect import disconnect
from integrations.models import Connection, Delivery, Task
from oo.lib.encrypted import fingerprint
from tests.integrations.at_once import at_once
from tests.integrations.posting import poster, upsert
from tests.integrations.todoist_world import TOKEN, TodoistWorld

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def timed(call):
    """What it returned, and when that was."""
    return call(), time.monotonic()


def test_a_hook_and_a_reaction_do_not_wait_for_a_refresh(todoist: TodoistWorld):
    link = todoist.link()
    link.read()
    stale = link.row().access_token
    todoist.later(hours=1)
    todoist.fault("slow", TOKEN, times=1, seconds=6)
    Connection.objects.filter(pk=link.connection.pk).update(account=fingerprint("x"))
    task = Task.objects.create(
        user_id=link.connection.user_id, connection=link.connection, external_id=uuid.uuid4().hex,
        text_hash="", added_at=todoist.now,
    )  # fmt: skip
    body = json.dumps(
        {
            "event_name": "item:added", "user_id": "x", "event_data": {},
            "triggered_at": "2026-11-21T10:00:00Z",
        }
    ).encode()  # fmt: skip
    proof = hmac.digest(settings.TODOIST_CLIENT_SECRET.encode(), body, hashlib.sha256)
    headers = {
        "X-Todoist-Hmac-SHA256": base64.b64encode(proof).decode(),
        "X-Todoist-Delivery-ID": "d1",
    }

    def hook():
        time.sleep(0.5)
        return timed(
            lambda: (
                Client()
                .post("/hooks/todoist/", body, content_type="application/json", headers=headers)
                .status_code
            )
        )

    def react():
        time.sleep(0.5)
        with transaction.atomic():
            return timed(lambda: request_completion(task.pk, now=now))

    now = todoist.now
    (token, refreshed), hooked, reacted = at_once(
        lambda: timed(lambda: refresh(link.connection, stale=stale, now=now)), hook, react
    )
    assert token == link.row().access_token
    assert hooked[0] == 200
    assert hooked[1] < refreshed
    assert reacted[0]
    assert reacted[1] < refreshed
    assert Delivery.objects.filter(connection=link.connection).exists()


def test_the_door_of_an_endpoint_does_not_wait_for_who_is_alone_with_it():
    shop = poster()
    began, answered = threading.Event(), threading.Event()

    def refreshing():
        with alone_with(shop.endpoint.pk):
            began.set()
            return answered.wait(20)

    def send():
        assert began.wait(20)
        status = shop.post(upsert()).status_code
        answered.set()
        return status

    assert at_once(refreshing, send, seconds=60) == [True, 202]


@pytest.mark.parametrize("turn", range(5))
def test_a_cut_and_a_delivery_at_once_leave_nothing_behind(turn):
    """The cut holds the door up, or a row that came meanwhile would be about nothing."""
    shop = poster()
    results = at_once(
        lambda: disconnect(shop.endpoint, now=shop.endpoint.created_at),
        *[lambda: shop.post(upsert()).status_code] * 3,
    )
    assert not [one for one in results if isinstance(one, BaseException)], results
    assert not Connection.objects.exists()
    assert not Delivery.objects.exists()
