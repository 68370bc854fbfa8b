"""Someone uses everything, through the real worker, broker and OAuth, and leaves no trace."""

import re
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts import preferences, privacy
from accounts.models import Erasure, User
from integrations.models import Connection, Revocation
from oo.sandbox.personas import BY_ID
from recommender.models import Reward
from tests.flows.visitor import Visitor
from tests.flows.waiting import eventually
from tests.privacy.dump import database, redis_text, rows_that_name

pytestmark = pytest.mark.django_db(transaction=True)

PRIYA = BY_ID["priya"]
AGENT = "Canary-Browser/7.3"
EVENT = "Lunch with the canary keeper"


def calendar() -> SimpleUploadedFile:
    start = timezone.now() + timedelta(hours=3)
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//test//EN", "BEGIN:VEVENT",
        "UID:canary-event-uid", f"DTSTAMP:{start:%Y%m%dT%H%M%SZ}", f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{start + timedelta(hours=1):%Y%m%dT%H%M%SZ}", f"SUMMARY:{EVENT}",
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    return SimpleUploadedFile("my.ics", "\r\n".join(lines).encode(), "text/calendar")


def counted(visitor: Visitor, reaction: str) -> bool:
    """Whether there was a tip and the answer counted: a refresh may take it away in between."""
    tip = visitor.recommend()["tip"]
    return bool(tip) and visitor.answer(tip["id"], reaction, 30_000)["counted"]


@pytest.fixture
def lived(sandbox, worker, redis_server):
    """A person with everything, and the words that could tell of them."""
    phone, laptop = Visitor(), Visitor()
    for visitor in (phone, laptop):
        visitor.client.defaults["HTTP_USER_AGENT"] = AGENT
        visitor.sign_in("priya")
    user = User.objects.get()
    phone.connect_todoist("priya")
    phone.client.post("/connect/ical/file/", {"file": calendar()})
    for reaction in ("snooze", "dismiss", "done"):
        eventually(lambda reaction=reaction: counted(phone, reaction), what="a tip answered")
    eventually(lambda: Reward.objects.exclude(folded_at=None).count() == 3, what="all learned")
    assert phone.client.get("/").status_code == 200
    preferences.say(user, "quiet_start", 21, now=timezone.now())
    connections = list(Connection.objects.filter(user=user))
    todoist = next(c for c in connections if c.source == "todoist")
    tasks = sandbox.control.get("/tasks", params={"persona": "priya"}).json()["tasks"]
    sessions = [visitor.client.cookies["sessionid"].value for visitor in (phone, laptop)]
    return SimpleNamespace(
        phone=phone,
        laptop=laptop,
        user=user,
        tokens=[todoist.access_token, todoist.refresh_token],
        titles=[EVENT, *(task["content"] for task in tasks if len(task["content"]) > 12)],
        who=[
            *(PRIYA.email, PRIYA.google_sub, PRIYA.user_id, PRIYA.name, PRIYA.family_name),
            *(AGENT, "canary-event-uid", *sessions),
            *(task["id"] for task in tasks),
            *{task["project_id"] for task in tasks},
            *(str(connection.pk) for connection in connections),
        ],
    )


def found(words: list[str], text: str) -> list[str]:
    return [word for word in words if word in text]


def gone(words: list[str], redis_server, *, under_way: bool = True) -> None:
    """Nothing of these is left. A job that was sent before may wait in the broker for a moment still,
    with an id that means nothing now.
    """

    def traces() -> list[str]:
        return found(words, database() + redis_text(redis_server.client, under_way=under_way))

    eventually(lambda: traces() == [], what="no trace")


def delete_account(visitor: Visitor) -> str:
    """Presses the button; returns where the receipt is."""
    assert visitor.client.get("/account/delete/").status_code == 200
    reply = visitor.client.post("/account/delete/")
    assert reply.status_code == 302
    return reply["Location"]


def finished() -> bool:
    return Erasure.objects.exclude(finished_at=None).exists()


def live_grants(sandbox) -> list[str]:
    grants = sandbox.control.get("/grants").json()["grants"]
    return [g["service"] for g in grants if g["live"] and g["service"] == "todoist"]


def test_a_dump_holds_no_token_and_no_title_and_after_deletion_no_trace(
    lived, sandbox, redis_server
):
    assert len(lived.titles) > 20
    assert all(lived.tokens)
    before = database() + redis_text(redis_server.client)
    assert found(lived.tokens + lived.titles, before) == []
    assert PRIYA.email in before  # the search does find what is there
    assert lived.who[7] in before
    exported = privacy.export(lived.user)
    assert found(lived.tokens, repr(exported)) == []
    assert len(found(lived.titles, repr(exported))) > 20

    receipt = delete_account(lived.phone)
    eventually(finished, what="erased")
    assert live_grants(sandbox) == []
    page = lived.phone.client.get(receipt).content.decode()
    assert found(lived.who + lived.titles + lived.tokens, page) == []
    for visitor in (lived.phone, lived.laptop):
        assert visitor.client.get("/api/profile").status_code == 401

    # The second look, without waiting for its time.
    Erasure.objects.update(due_at=timezone.now())
    from accounts.jobs import run_erasures

    run_erasures.delay()
    eventually(lambda: Erasure.objects.exclude(checked_at=None).exists(), what="looked again")
    gone(lived.who + lived.titles + lived.tokens, redis_server)
    assert rows_that_name(lived.user.pk).keys() == {"accounts.Erasure.user_id"}


def test_a_worker_killed_while_a_source_is_asked_to_let_go_is_followed_by_one_that_finishes(
    lived, sandbox, worker, redis_server
):
    slow = {"path": "/todoist/api/v1/revoke", "kind": "slow", "seconds": 60}
    sandbox.control.post("/faults", json=slow).raise_for_status()
    delete_account(lived.phone)
    eventually(lambda: Erasure.objects.get().progress, what="under way")
    time.sleep(0.3)
    worker.kill()
    assert not finished()
    sandbox.control.delete("/faults").raise_for_status()
    worker.restart()
    # Beat sweeps every minute, and the killed worker's lease ends after five.
    Erasure.objects.update(due_at=timezone.now())
    from accounts.jobs import run_erasures

    run_erasures.delay()
    eventually(finished, what="erased")
    assert live_grants(sandbox) == []
    assert rows_that_name(lived.user.pk).keys() == {"accounts.Erasure.user_id"}
    # What the killed worker had under way, ids of jobs' rows, the broker keeps for five minutes.
    gone(lived.who + lived.titles, redis_server, under_way=False)


def test_while_todoist_is_down_all_else_goes_at_once_and_in_the_end_the_receipt_says_so(
    lived, sandbox, redis_server
):
    down = {"path": "/todoist", "kind": "500"}
    sandbox.control.post("/faults", json=down).raise_for_status()
    receipt = delete_account(lived.phone)
    eventually(lambda: Erasure.objects.get().attempts == 1, what="tried once")
    left = rows_that_name(lived.user.pk)
    assert left.keys() == {"accounts.Erasure.user_id", "integrations.Revocation.user_id"}

    gone(lived.who + lived.titles + lived.tokens, redis_server)

    from accounts import erase

    erasure, now = Erasure.objects.get(), timezone.now()
    for _ in range(erase.OUTSIDE_ATTEMPTS - 1):
        assert erasure.finished_at is None
        now = Erasure.objects.get().due_at
        erase.resume(erasure.pk, now=now)
    erasure.refresh_from_db()
    assert erasure.finished_at == now
    assert now - erasure.asked_at > timedelta(minutes=30)
    assert not Revocation.objects.exists()
    page = lived.phone.client.get(receipt).content.decode()
    assert re.search(r"revoke|did not confirm|not confirmed", page)
    assert erase.resume(erasure.pk, now=now + erase.SECOND_LOOK)  # nothing to ask any more
    erasure.refresh_from_db()
    assert erasure.progress["grants"]["let_go"] == "not confirmed"


def test_todoist_back_in_time_confirms_and_the_receipt_claims_no_more(lived, sandbox):
    down = {"path": "/todoist/api/v1/revoke", "kind": "500"}
    sandbox.control.post("/faults", json=down).raise_for_status()
    receipt = delete_account(lived.phone)
    eventually(lambda: Erasure.objects.get().attempts == 1, what="tried once")
    sandbox.control.delete("/faults").raise_for_status()
    from accounts import erase

    erasure = Erasure.objects.get()
    assert erase.resume(erasure.pk, now=erasure.due_at)
    assert live_grants(sandbox) == []
    page = lived.phone.client.get(receipt).content.decode()
    assert "did not confirm" not in page
