"""The request path takes at most six queries through the real door: session, user and all."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agents.models import Candidate
from integrations import snapshot
from integrations.models import Task
from recommender.learn import learn
from recommender.models import Decision
from recommender.react import react, settle
from recommender.registry import policies
from recommender.serving import serve_tip
from tests.people import Item, Person, person, where_it_is_morning

pytestmark = pytest.mark.django_db

MOST = 6
NO_QUERY = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK")


@pytest.fixture
def ada() -> Person:
    now = timezone.now()
    things = [Item(f"Thing {n}") for n in range(97)]
    return person("ada@example.com", *things, now=now, time_zone=where_it_is_morning(now))


@pytest.fixture(params=["page", "api"])
def ask(request, ada) -> Callable[[], list[str]]:
    """Opens the page or asks the API, and returns the statements that took."""
    client = Client()
    client.force_login(ada.user)
    if request.param == "page":
        client.get("/settings/")

    # Django asks SQLite once in a process whether it knows JSON.
    assert database.features.supports_json_field

    def go() -> list[str]:
        with CaptureQueriesContext(database) as taken:
            reply = client.get("/") if request.param == "page" else client.post("/api/recommend")
        assert reply.status_code == 200
        return [q["sql"] for q in taken if not q["sql"].startswith(NO_QUERY)]

    return go


def nothing_yet(ada: Person) -> None:
    pass


def answered(ada: Person) -> None:
    then = timezone.now()
    tip = serve_tip(ada.user, now=then, rng=np.random.default_rng(1))
    react(ada.user, uuid.UUID(tip.id), "dismiss", dwell_ms=900, now=then)
    settle(now=then)
    learn(ada.user.pk, now=then)


def ran_out(ada: Person) -> None:
    answered(ada)
    serve_tip(ada.user, now=timezone.now(), rng=np.random.default_rng(1))
    Decision.objects.filter(status="open").update(expires_at=timezone.now())


def closed_in_its_source(ada: Person) -> None:
    Candidate.objects.filter(kind="advice").delete()
    serve_tip(ada.user, now=timezone.now(), rng=np.random.default_rng(1))
    shown = Decision.objects.get(status="open").candidate
    Task.objects.filter(pk=shown.task_id).update(closed_at=timezone.now())


def disconnected(ada: Person) -> None:
    Candidate.objects.filter(kind="advice").delete()
    serve_tip(ada.user, now=timezone.now(), rng=np.random.default_rng(1))
    Decision.objects.filter(status="open").update(candidate=None)


def its_words_are_lost(ada: Person) -> None:
    Candidate.objects.filter(kind="advice").update(retired_at=timezone.now())
    serve_tip(ada.user, now=timezone.now(), rng=np.random.default_rng(1))
    snapshot.drop(ada.connection.pk)
    Candidate.objects.filter(kind="advice").update(retired_at=None)


def nothing_left_to_say(ada: Person) -> None:
    ran_out(ada)
    Candidate.objects.update(retired_at=timezone.now())


@pytest.mark.parametrize(
    "before",
    [
        nothing_yet, answered, ran_out, closed_in_its_source, disconnected, its_words_are_lost,
        nothing_left_to_say,
    ],
)  # fmt: skip
def test_something_new_takes_at_most_six_queries_also_where_something_old_is_closed(
    before, ask, ada
):
    before(ada)
    old = Decision.objects.filter(status="open").first()
    taken = ask()
    assert len(taken) <= MOST, taken
    if before is nothing_left_to_say:
        assert not Decision.objects.filter(status="open").exists()
    else:
        assert Decision.objects.get(status="open") != old
    if old is not None:
        old.refresh_from_db()
        assert old.closed_at is not None
        assert old.candidate is not None or before is disconnected


def test_silence_takes_as_many_when_it_is_chosen_overtaken_broken_or_run_out(settings, ask, ada):
    settings.ACTIVE_POLICY = "mute"
    settings.SILENCE_AFTER = 0
    with policies.replaced_by(
        "tests.recommender.silent.Mute", "recommender.bandit.policies.urgency.Urgency"
    ):
        assert len(ask()) <= MOST
        first = Decision.objects.get()
        assert first.kind == "silence"
        assert len(ask()) <= 2
        one = Candidate.objects.first()
        Candidate.objects.filter(pk=one.pk).update(created_at=timezone.now())
        assert len(ask()) <= MOST
        second = Decision.objects.get(status="open")
        assert second != first
        Decision.objects.filter(pk=second.pk).update(expires_at=timezone.now())
        assert len(ask()) <= MOST
        third = Decision.objects.get(status="open")
        assert third.kind == "silence"
        react(ada.user, third.pk, "show", dwell_ms=None, now=timezone.now())
        assert len(ask()) <= MOST
        assert Decision.objects.get(status="open").kind != "silence"


def test_a_reload_takes_two(ask):
    ask()
    assert len(ask()) <= 2


def test_the_first_request_after_the_cache_lost_the_session_reads_it_once(ask, redis_server, ada):
    answered(ada)
    redis_server.empty()
    taken = ask()
    assert len(taken) <= MOST + 1
    assert sum("django_session" in sql for sql in taken) <= 1


def test_who_answers_while_an_old_tip_is_closed_is_not_overruled(ada, monkeypatch):
    """Between reading and writing, another device says done: that stands, and a new tip comes."""
    from recommender import serving

    now = timezone.now()
    tip = serve_tip(ada.user, now=now, rng=np.random.default_rng(1))
    late = now + timedelta(hours=5)
    first = serving.contenders

    def meanwhile(user, *, now):
        react(ada.user, uuid.UUID(tip.id), "dismiss", dwell_ms=900, now=late)
        return first(user, now=now)

    monkeypatch.setattr(serving, "contenders", meanwhile)
    new = serve_tip(ada.user, now=late, rng=np.random.default_rng(1))
    assert new
    assert new.id != tip.id
    assert Decision.objects.get(pk=tip.id).status == "answered"
