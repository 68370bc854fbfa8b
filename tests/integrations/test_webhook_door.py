"""The door of a user's own endpoint: proven, new and well formed, or told what is wrong."""

import json
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from integrations.endpoints import deliveries_of, roll_secret
from integrations.formats.standard_webhooks import sign
from integrations.models import Connection, Delivery
from integrations.receive import refusals_of
from oo.lib.encrypted import fingerprint
from tests.integrations.posting import Poster, poster, upsert

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Poster:
    return poster()


def says(reply) -> str:
    assert reply.headers["Content-Type"] == "application/problem+json"
    body = reply.json()
    assert body["status"] == reply.status_code
    return body["detail"]


def test_the_scheme_of_the_standard_is_kept_to():
    # The example in the specification of Standard Webhooks.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    given = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert given == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_signed_and_new_is_written_down_sealed_and_answered_at_once(shop):
    reply = shop.post(upsert(title="Fetch the bïke"), id="msg_1")
    assert (reply.status_code, reply.json()) == (202, {"id": "msg_1", "new": True})
    assert reply.headers["Cache-Control"].startswith("max-age=0")
    assert not reply.cookies
    (row,) = shop.deliveries()
    assert row.outcome == "waiting"
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM deliveries")
        assert "bike" not in (sealed := cursor.fetchone()[0])
    assert sealed


def test_an_id_counts_once_for_far_longer_than_its_signature(shop):
    assert shop.post(upsert(), id="msg_1").status_code == 202
    again = shop.post(upsert(title="Something else"), id="msg_1")
    assert (again.status_code, again.json()) == (200, {"id": "msg_1", "new": False})
    Delivery.objects.update(received_at=timezone.now() - timedelta(days=29), outcome="done")
    from integrations.retention import prune_past

    prune_past(now=timezone.now(), older_than=timedelta(days=90))
    assert shop.post(upsert(), id="msg_1").status_code == 200
    assert len(shop.deliveries()) == 1
    # It is the sender's own: another endpoint's ids are other ids.
    assert poster("eve@example.com").post(upsert(), id="msg_1").status_code == 202


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"headers": {"webhook-signature": "v1,AAAA"}}, "does not match"),
        ({"headers": {"webhook-signature": "v1,ÿÿÿ"}}, "does not match"),
        ({"headers": {"webhook-signature": "v1a,AAAA"}}, "v1,<base64>"),
        ({"headers": {"webhook-signature": ""}}, "webhook-signature is missing"),
        ({"headers": {"webhook-id": ""}}, "webhook-id is missing"),
        ({"headers": {"webhook-id": "x" * 65}}, "at most 64"),
        ({"headers": {"webhook-id": "a.b"}}, "without a dot"),
        ({"headers": {"webhook-timestamp": ""}}, "webhook-timestamp is missing"),
        ({"headers": {"webhook-timestamp": "-5"}}, "whole seconds"),
        ({"headers": {"webhook-timestamp": "9" * 12}}, "ahead of"),
        ({"headers": {"webhook-timestamp": "٤٢"}}, "whole seconds"),
        ({"secret": "whsec_" + "A" * 32}, "does not match"),
    ],
)
def test_what_is_not_proven_is_refused_with_the_reason_and_leaves_no_row(shop, change, why):
    reply = shop.post(upsert(), **change)
    assert reply.status_code == 401
    assert why in says(reply)
    assert not Delivery.objects.exists()


def test_a_clock_may_be_five_minutes_off_and_no_more(shop):
    now = timezone.now()
    for minutes in (-4.9, 4.9):
        assert shop.post(upsert(), at=now + timedelta(minutes=minutes)).status_code == 202
    for minutes, way in ((-5.1, "behind"), (5.1, "ahead of")):
        reply = shop.post(upsert(), at=now + timedelta(minutes=minutes))
        assert reply.status_code == 401
        assert way in says(reply)


def test_a_body_altered_on_its_way_is_refused(shop):
    body = json.dumps({"tasks": [upsert()]}).encode()
    at = int(timezone.now().timestamp())
    good = sign(shop.secret, "msg_1", at, body)
    reply = shop.post_raw(body + b" ", id="msg_1", headers={"webhook-signature": good})
    assert reply.status_code == 401


def test_any_of_several_signatures_is_enough(shop):
    body = json.dumps({"tasks": [upsert()]}).encode()
    at = int(timezone.now().timestamp())
    good = sign(shop.secret, "msg_1", at, body)
    several = f"v1a,xyz v1,{'A' * 44} {good}"
    headers = {"webhook-signature": several, "webhook-timestamp": str(at)}
    assert shop.post_raw(body, id="msg_1", headers=headers).status_code == 202


def test_the_secret_before_works_for_an_hour_and_the_one_before_that_no_more(shop):
    first = shop.secret
    second, ends = roll_secret(shop.endpoint, now=timezone.now())
    assert ends is not None
    assert shop.post(upsert(), secret=first).status_code == 202
    assert shop.post(upsert(), secret=second).status_code == 202
    Connection.objects.update(access_expires_at=timezone.now() - timedelta(seconds=1))
    assert shop.post(upsert(), secret=first).status_code == 401
    third, _ = roll_secret(shop.endpoint, now=timezone.now())
    codes = [shop.post(upsert(), secret=s).status_code for s in (first, second, third)]
    assert codes == [401, 202, 202]


def test_only_small_json_is_read(shop, settings):
    assert shop.post_raw(b"{}", kind="text/plain").status_code == 415
    assert shop.post_raw(b"").status_code in (400, 415)  # the test's client leaves its kind out
    settings.WEBHOOK_MAX_BYTES = 200
    reply = shop.post_raw(b'{"tasks": ' + b" " * 200 + b"[]}")
    assert reply.status_code == 413
    assert "larger than 200 bytes" in says(reply)
    huge = shop.post_raw(b" " * 200_000)
    assert huge.status_code == 413
    assert says(huge)
    assert not Delivery.objects.exists()


def test_only_post_is_answered_and_only_where_there_is_an_endpoint(shop):
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        reply = Client().generic(method, shop.path)
        assert reply.status_code == 405
        assert reply.headers["Allow"] == "POST"
    assert shop.post(upsert()).status_code == 202
    assert Client().post(shop.path.rstrip("/"), b"{}", "application/json").status_code == 401
    Connection.objects.update(status="reconnect")
    assert shop.post(upsert()).status_code == 410
    Connection.objects.update(status="connected", source="todoist")
    assert shop.post(upsert()).status_code == 404
    Connection.objects.update(source="webhook")
    User.objects.update(is_active=False)
    assert shop.post(upsert()).status_code == 404


def test_too_many_in_a_minute_are_told_when_to_come_again(shop, settings):
    settings.WEBHOOKS_PER_MINUTE = 3
    codes = []
    for _ in range(5):  # should a minute end meanwhile, it is counted anew: two are enough
        reply = shop.post(upsert())
        codes.append(reply.status_code)
    assert 429 in codes
    assert 1 <= int(reply.headers["Retry-After"]) <= 60
    assert "Retry-After" in says(reply)
    # Whoever doesn't know the secret can't use it up for who does.
    cache.clear()
    for _ in range(5):
        shop.post(upsert(), secret="whsec_" + "A" * 32)
    assert shop.post(upsert()).status_code == 202


def test_what_breaks_the_schema_is_told_where_and_may_come_again_corrected(shop):
    reply = shop.post(
        upsert(priority=9), upsert("b", title=" ", due="tomorrow"), {"op": "x"}, id="msg_1"
    )
    assert reply.status_code == 422
    assert [fault["pointer"] for fault in reply.json()["errors"]] == [
        "/tasks/0/priority", "/tasks/1/title", "/tasks/1/due", "/tasks/2/op",
    ]  # fmt: skip
    (row,) = shop.deliveries()
    assert (row.outcome, row.body) == ("refused", "")
    assert "/tasks/0/priority" in row.reason
    assert shop.post(upsert(), id="msg_1").status_code == 202
    (row,) = shop.deliveries()
    assert (row.outcome, row.reason) == ("waiting", "")
    # What was taken is not undone by something refused under its id.
    assert shop.post({"op": "x"}, id="msg_1").status_code == 422
    assert [row.outcome for row in shop.deliveries()] == ["waiting"]


def test_the_user_sees_what_was_not_let_in_and_why(shop):
    shop.post(upsert(), id="msg_bad", secret="whsec_" + "A" * 32)
    shop.post({"op": "x"}, id="msg_odd")
    shop.post(upsert(), id="msg_good")
    seen = {one.delivery_id: one for one in deliveries_of(shop.endpoint)}
    bad, odd, good = [seen[fingerprint(id)] for id in ("msg_bad", "msg_odd", "msg_good")]
    assert [one.outcome for one in (bad, odd, good)] == ["not let in", "refused", "waiting"]
    assert "does not match" in bad.reason
    assert "upsert, done or removed" in odd.reason
    for _ in range(50):
        shop.post(upsert(), secret="whsec_" + "A" * 32)
    assert sum(one.outcome == "not let in" for one in deliveries_of(shop.endpoint)) == 5


def test_what_a_sender_calls_a_delivery_is_kept_hashed_and_still_known(shop, settings):
    words = "order of Zoe's pregnancy test"
    assert shop.post(upsert(), id=words).status_code == 202
    assert shop.post(upsert(), id=words, secret="whsec_" + "A" * 32).status_code == 401
    (row,) = shop.deliveries()
    assert row.delivery_id == fingerprint(words)
    assert words not in str(refusals_of(shop.endpoint))
    assert shop.post(upsert(), id=words).json() == {"id": words, "new": False}
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    assert shop.post(upsert(), id=words).json() == {"id": words, "new": False}
    Delivery.objects.update(outcome="failed")
    assert shop.post(upsert(), id=words).json() == {"id": words, "new": True}
    assert len(shop.deliveries()) == 1


def test_a_delivery_costs_one_insert_and_few_questions(shop, django_assert_max_num_queries):
    with django_assert_max_num_queries(5) as seen:  # two of them a savepoint of the test's
        assert shop.post(upsert()).status_code == 202
    assert sum(query["sql"].startswith("INSERT") for query in seen) == 1
