"""A deletion survives being killed at any step, and is done exactly once, for exactly one person."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import transaction

from accounts import erase, privacy
from accounts.models import Erasure, User
from tests.people import NOW
from tests.privacy.dump import database, redis_text, rows_that_name
from tests.privacy.lives import life

pytestmark = pytest.mark.django_db(transaction=True)

HOLDERS = [holder.id for holder in privacy.holders()]
SOON = NOW + timedelta(minutes=1)
LATER = NOW + timedelta(minutes=30)
KEPT = {"accounts.Erasure.user_id"}  # the receipt


class Killed(BaseException):
    """As kill -9: nothing catches it, and an open transaction is not committed."""


@pytest.fixture(autouse=True)
def revoked(monkeypatch):
    """What was revoked at sources that always answer."""
    tokens: list[str] = []
    monkeypatch.setattr(
        "integrations.personal_data.revoke_token", lambda source, token: tokens.append(token)
    )
    return tokens


def everything(redis_server) -> str:
    return database() + redis_text(redis_server.client)


def traces(someone, redis_server) -> list[str]:
    text = everything(redis_server)
    return [canary for canary in someone.canaries if canary in text]


def without_a_row(user) -> set[str]:
    """Models that can name a person and don't name this one."""
    pointing = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            related = field.related_model if field.is_relation else None
            if field.column == "user_id" or (related and related._meta.label == "accounts.User"):
                pointing.add(model._meta.label)
    return pointing - {name.rpartition(".")[0] for name in rows_that_name(user.pk)}


def test_a_life_has_a_row_in_every_table_that_can_name_a_person(redis_server):
    ada = life("adalovelace")
    assert without_a_row(ada.user) == {"accounts.Erasure"}
    held = {m for h in privacy.holders() for m in h.models} - {"sessions.Session"}
    empty = {label for label in held if not apps.get_model(label)._base_manager.exists()}
    assert empty == set()


def test_after_a_deletion_nothing_anywhere_tells_of_the_person(redis_server, revoked):
    ada = life("adalovelace")
    assert traces(ada, redis_server)
    erasure = erase.ask(ada.user, now=NOW)
    assert erase.resume(erasure.pk, now=NOW)
    assert rows_that_name(ada.user.pk).keys() == KEPT
    assert traces(ada, redis_server) == []
    email = "adalovelace@canary.example"
    assert set(revoked) == {f"access-{email}", f"refresh-{email}", "old-token-adalovelace"}


def test_the_shell_that_stays_holds_nothing_personal():
    ada = life("adalovelace")
    before = ada.user.password
    erase.ask(ada.user, now=NOW)
    shell = User.objects.filter(pk=ada.user.pk).values().get()
    password = shell.pop("password")
    assert password != before
    assert password.startswith("!")
    assert shell == {
        "id": ada.user.pk, "email": None, "role": "user", "time_zone": "UTC", "is_active": False,
        "last_login": None, "seen_at": None, "joined_at": NOW, "deleted_at": NOW,
    }  # fmt: skip


def test_nothing_of_anyone_else_is_touched(redis_server):
    ada, bob = life("adalovelace"), life("bobmarlowe")
    before = rows_that_name(bob.user.pk)
    lines = {line for line in database().splitlines() if "bobmarlowe" in line}
    erase.resume(erase.ask(ada.user, now=NOW).pk, now=NOW)
    assert rows_that_name(bob.user.pk) == before
    assert {line for line in database().splitlines() if "bobmarlowe" in line} == lines
    assert len(cache.get(f"snapshot:{bob.person.connection.pk}")) > 20
    assert bob.browser.get("/api/profile").json()["email"] == bob.user.email


def rows_of_an_undisturbed_deletion() -> dict[str, int]:
    erasure = erase.ask(life("evehollins").user, now=NOW)
    erase.resume(erasure.pk, now=NOW)
    progress = Erasure.objects.get(pk=erasure.pk).progress
    return {holder: step["forgot"] for holder, step in progress.items()}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["let_go", "forget"])
@pytest.mark.parametrize("holder_id", HOLDERS)
def test_killed_at_any_step_it_is_taken_up_and_done_exactly(
    holder_id, step, when, monkeypatch, redis_server
):
    expected = rows_of_an_undisturbed_deletion()
    ada = life("adalovelace")
    erasure = erase.ask(ada.user, now=NOW)
    holder = next(h for h in privacy.holders() if h.id == holder_id)
    truly = getattr(holder, step)

    def die(user_id: int) -> int:
        if when == "after":
            truly(user_id)
        raise Killed

    with monkeypatch.context() as knife:
        knife.setattr(holder, step, die)
        with pytest.raises(Killed):
            erase.resume(erasure.pk, now=NOW)
    assert Erasure.objects.get(pk=erasure.pk).finished_at is None
    # Leased until the killed worker's time is over; then whoever sweeps takes it up.
    assert not erase.resume(erasure.pk, now=SOON)
    assert erasure.pk in erase.due(NOW + erase.LEASE)
    assert erase.resume(erasure.pk, now=NOW + erase.LEASE)
    progress = Erasure.objects.get(pk=erasure.pk).progress
    assert {key: said["forgot"] for key, said in progress.items()} == expected
    assert rows_that_name(ada.user.pk).keys() == KEPT
    assert traces(ada, redis_server) == []


@pytest.mark.parametrize("step", ["let_go", "forget"])
@pytest.mark.parametrize("holder_id", HOLDERS)
def test_one_holder_in_trouble_keeps_no_other_waiting(holder_id, step, monkeypatch, redis_server):
    ada = life("adalovelace")
    erasure = erase.ask(ada.user, now=NOW)
    holder = next(h for h in privacy.holders() if h.id == holder_id)

    def fail(user_id: int) -> int:
        raise RuntimeError("adalovelace@canary.example could not be removed")

    with monkeypatch.context() as broken:
        broken.setattr(holder, step, fail)
        assert not erase.resume(erasure.pk, now=NOW)
    erasure.refresh_from_db()
    forgot = {key for key, said in erasure.progress.items() if "forgot" in said}
    assert forgot == set(HOLDERS) - {holder_id}
    assert erasure.error == f"{holder_id}: RuntimeError"  # and none of its words
    assert erase.resume(erasure.pk, now=LATER)
    assert traces(ada, redis_server) == []
    assert Erasure.objects.get(pk=erasure.pk).error == ""


def test_a_holder_that_never_forgets_is_tried_for_ever_at_least_hourly(monkeypatch):
    erasure = erase.ask(life("adalovelace").user, now=NOW)
    holder = privacy.holders()[0]

    def fail(user_id: int) -> int:
        raise RuntimeError

    now = NOW
    with monkeypatch.context() as broken:
        broken.setattr(holder, "forget", fail)
        for _ in range(60):
            assert not erase.resume(erasure.pk, now=now)
            erasure.refresh_from_db()
            assert timedelta(0) < erasure.due_at - now <= timedelta(hours=1)
            now = erasure.due_at
    assert erase.resume(erasure.pk, now=now)


def test_pressed_twice_it_is_one_deletion_with_one_receipt():
    ada = life("adalovelace")
    stale = User.objects.get(pk=ada.user.pk)
    first = erase.ask(ada.user, now=NOW)
    assert erase.ask(stale, now=SOON) == first
    assert erase.resume(first.pk, now=SOON)
    assert erase.ask(stale, now=LATER) == first
    assert Erasure.objects.count() == 1
    assert User.objects.get(pk=stale.pk).email is None


def test_two_workers_do_not_share_an_erasure():
    erasure = erase.ask(life("adalovelace").user, now=NOW)
    assert Erasure.objects.filter(pk=erasure.pk).update(due_at=NOW + erase.LEASE)
    assert not erase.resume(erasure.pk, now=NOW)
    assert erase.due(NOW) == []


def test_what_a_request_or_job_under_way_wrote_late_is_found_by_a_second_look(redis_server):
    """The person's other device was being served, and a job was reading, when they left."""
    from agents.models import Candidate
    from integrations.connect import keep
    from oo.events.catalogue import TaskCompleted
    from oo.events.publish import publish

    ada = life("adalovelace")
    stale = User.objects.get(pk=ada.user.pk)
    erasure = erase.ask(ada.user, now=NOW)
    assert erase.resume(erasure.pk, now=NOW)
    Candidate.objects.create(
        user=stale, key="late", kind="advice", content="ada was here", source="x", model="x",
        prompt_version="x", confidence=1, created_at=NOW, expires_at=LATER,
    )  # fmt: skip
    with transaction.atomic():
        publish(TaskCompleted(user_id=stale.pk, task_id=1, where="oo"), now=NOW)
    grant = {"access_token": "late-access", "refresh_token": "late-refresh", "status": "connected"}
    with transaction.atomic():
        keep(stale, "todoist", grant, NOW)
    stale.save()  # all the fields they had
    assert erase.due(NOW + erase.SECOND_LOOK) == [erasure.pk]
    assert erase.resume(erasure.pk, now=NOW + erase.SECOND_LOOK)
    assert rows_that_name(ada.user.pk).keys() == KEPT
    assert traces(ada, redis_server) == []
    erasure.refresh_from_db()
    assert erasure.checked_at == NOW + erase.SECOND_LOOK
    assert erase.due(NOW + timedelta(days=400)) == []


def test_a_grant_given_between_letting_go_and_forgetting_is_revoked_too(monkeypatch, revoked):
    from integrations.connect import keep

    ada = life("adalovelace")
    erasure = erase.ask(ada.user, now=NOW)
    holder = next(h for h in privacy.holders() if h.id == "signals")
    truly = holder.let_go

    def connect_just_then(user_id: int) -> None:
        truly(user_id)
        grant = {"access_token": "late", "refresh_token": "late-too", "status": "connected"}
        with transaction.atomic():
            keep(ada.user, "todoist", grant, NOW)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(holder, "let_go", connect_just_then)
        assert not erase.resume(erasure.pk, now=NOW)
    assert erase.resume(erasure.pk, now=LATER)
    assert {"late", "late-too"} <= set(revoked)
    assert rows_that_name(ada.user.pk).keys() == KEPT


def test_a_second_look_that_is_killed_is_taken_again(monkeypatch, redis_server):
    erasure = erase.ask(life("adalovelace").user, now=NOW)
    erase.resume(erasure.pk, now=NOW)

    def die(user_id: int) -> int:
        raise Killed

    again = NOW + erase.SECOND_LOOK
    with monkeypatch.context() as knife:
        knife.setattr(privacy.holders()[2], "forget", die)
        with pytest.raises(Killed):
            erase.resume(erasure.pk, now=again)
    assert erase.resume(erasure.pk, now=again + erase.LEASE)
    erasure.refresh_from_db()
    assert erasure.checked_at


def test_jobs_that_come_late_make_nothing_anew_for_someone_who_left():
    from agents.refresh import refresh
    from integrations.sync import sync_user
    from recommender.learn import learn

    ada = life("adalovelace")
    erase.resume(erase.ask(ada.user, now=NOW).pk, now=NOW)
    refresh([ada.user.pk], now=LATER)
    sync_user(ada.user.pk, now=LATER)
    learn(ada.user.pk, now=LATER)
    assert rows_that_name(ada.user.pk).keys() == KEPT
