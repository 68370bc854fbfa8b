"""Having sources read because somebody looks costs them neither a query nor a wait."""

import time

import pytest
from django.core.cache import cache

from integrations import freshness, jobs
from integrations.freshness import freshen

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def woken(monkeypatch) -> list[int]:
    asked: list[int] = []
    monkeypatch.setattr(freshness, "wake", lambda job, user_id: asked.append(user_id))
    return asked


def test_looking_again_and_again_wakes_one_job(woken, django_assert_num_queries):
    with django_assert_num_queries(0):
        for _ in range(5):
            freshen(1)
        freshen(2)
    assert woken == [1, 2]
    cache.delete("fresh:1")  # as its time to live does
    freshen(1)
    assert woken == [1, 2, 1]


def test_a_redis_that_is_away_holds_nobody_up(redis_server):
    freshen(1)
    redis_server.stop()
    began = time.monotonic()
    for user_id in range(2, 8):
        freshen(user_id)
    assert time.monotonic() - began < 10


def test_a_job_stops_when_its_time_is_up_and_says_so(monkeypatch):
    monkeypatch.setattr(jobs, "SECONDS", 0.05)
    assert jobs._work_off(lambda **_: time.sleep(0.01) or 1)
    monkeypatch.setattr(jobs, "SECONDS", 60.0)
    calls = iter([1, 1, 0])
    assert not jobs._work_off(lambda **_: next(calls))
