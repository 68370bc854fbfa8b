"""Without Redis the product forgets and does not fall over; and nobody waits for it."""

import json
import time
from collections.abc import Iterator

import pytest
import redis
from celery import shared_task
from django.contrib.sessions.backends.cached_db import SessionStore
from django.core.cache import cache
from django.db import transaction

from oo.lib import jobs
from oo.lib.cache import require_cache
from oo.lib.jobs import awake, wake, wake_soon

pytestmark = pytest.mark.django_db(transaction=True)


@shared_task(name="tests.lib.nothing")
def nothing(*args: object) -> None: ...


@pytest.fixture
def down(redis_server) -> Iterator[None]:
    wake(nothing)  # with connections made before it went
    cache.set("a", 1)
    redis_server.stop()
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 15, "somebody waited for it"


def test_reads_miss_and_writes_say_they_failed(down):
    assert cache.get("a") is None
    assert cache.get("a", "default") == "default"
    assert cache.get_many(["a", "b"]) == {}
    assert cache.add("a", 1) is False
    assert cache.touch("a") is False
    assert cache.delete("a") is False
    assert "a" not in cache
    cache.set("a", 1)
    cache.set_many({"a": 1})
    cache.delete_many(["a"])
    assert cache.get_or_set("a", 7) == 7
    with pytest.raises(ValueError):
        cache.incr("a")


def test_what_must_be_deleted_for_certain_is_an_error(down):
    with pytest.raises(redis.ConnectionError):
        require_cache()


def test_sessions_go_on_from_the_database(redis_server):
    session = SessionStore()
    session["who"] = "ada"
    session.save()
    redis_server.stop()
    assert SessionStore(session.session_key)["who"] == "ada"
    fresh = SessionStore()
    fresh["who"] = "eve"
    fresh.save()
    assert SessionStore(fresh.session_key)["who"] == "eve"


def test_waking_fails_nobody_and_holds_up_nobody(down, caplog):
    for _ in range(5):
        wake(nothing, 1)
        wake_soon(nothing, 1, seconds=1)
    assert "was not woken" in caplog.text


def test_waking_works_again_when_redis_is_back(redis_server):
    wake(nothing)
    redis_server.stop()
    wake(nothing)
    redis_server.start()
    wake(nothing)
    # Others may be woken meanwhile, by what an earlier test left running.
    queued = [json.loads(job) for job in redis_server.client.lrange("oo:celery", 0, -1)]
    assert [job["headers"]["task"] for job in queued].count(nothing.name) == 1


def test_a_job_is_woken_after_the_commit_and_not_at_all_without_one(redis_server):
    def waiting() -> int:
        return redis_server.client.llen("oo:celery")

    with transaction.atomic():
        wake(nothing, 1)
        assert waiting() == 0
    assert waiting() == 1
    with transaction.atomic():
        wake(nothing, 2)
        transaction.set_rollback(True)
    assert waiting() == 1


def test_a_flock_of_wishes_wakes_once_until_the_job_looks(redis_server):
    def waiting() -> int:
        return redis_server.client.llen("oo:celery")

    for _ in range(5):
        wake_soon(nothing, 7, seconds=0)
    wake_soon(nothing, 8, seconds=0)
    assert waiting() == 2
    awake(nothing, 7)
    wake_soon(nothing, 7, seconds=0)
    assert waiting() == 3


def test_a_wish_whose_sending_failed_does_not_swallow_the_next(monkeypatch):
    sent = []
    monkeypatch.setattr(jobs, "_send", lambda *args, **more: sent.append(args) or len(sent) > 1)
    wake_soon(nothing, 9, seconds=0)
    wake_soon(nothing, 9, seconds=0)
    wake_soon(nothing, 9, seconds=0)
    assert len(sent) == 2
