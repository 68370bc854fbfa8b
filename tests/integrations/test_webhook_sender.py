"""The sandbox's sender and the endpoint, over the wire: two that know nothing of each other."""

import pytest

from integrations.formats.webhook import parse_posted
from tests.flows.waiting import eventually
from tests.integrations.posting import poster, upsert
from tests.integrations.samples import webhook
from tests.people import NOW

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def test_what_the_sandbox_sends_is_taken_in_once_and_its_bad_days_are_refused(
    live, sandbox, worker
):
    shop = poster()
    address = {"url": live.url + shop.path, "secret": shop.secret}

    def send(**more) -> int:
        reply = sandbox.control.post("/send", json={**address, **more})
        return reply.raise_for_status().json()["status"]

    body = {"tasks": [upsert("a", "Call Zoë")]}
    assert send(body=body, id="msg_1") == 202
    assert send(body=body, id="msg_1") == 200
    assert [send(body=body, fault=fault) for fault in ("unsigned", "stale", "altered")] == [401] * 3
    assert send(body={"tasks": []}) == 422
    shop.sent.add("a")
    eventually(lambda: shop.open_tasks(), what="the task")
    assert shop.texts() == {"a": "Call Zoë"}


def test_the_sandbox_posts_to_nobody_else(sandbox):
    for url in ("https://example.com/in/x/", "http://10.0.0.1/", "ftp://localhost/", "x"):
        sent = {"url": url, "secret": "whsec_AAAA", "body": {}}
        assert sandbox.control.post("/send", json=sent).status_code == 400


def test_the_sample_is_understood():
    pull = parse_posted(webhook.BODY, now=NOW)
    assert {task.title for task in pull.open} == webhook.TITLES
    assert len(pull.closed) == 2
