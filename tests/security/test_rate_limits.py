"""Too often is a 429 that says when to come back; without Redis the API still answers."""

import pytest
from rest_framework.throttling import SimpleRateThrottle

from tests.privacy.lives import life

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser():
    return life("adalovelace").browser


def test_a_person_who_asks_too_often_is_told_when_to_come_back(browser, monkeypatch):
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "3/min")
    replies = [browser.get("/api/profile") for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert 0 < int(replies[-1]["Retry-After"]) <= 60
    assert replies[-1]["Content-Type"] == "application/problem+json"
    assert "Retry-After" in replies[-1].json()["detail"]


def test_one_person_s_haste_is_not_another_s(browser, monkeypatch):
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "1/min")
    assert [browser.get("/api/profile").status_code for _ in range(2)] == [200, 429]
    assert life("bobmarlowe").browser.get("/api/profile").status_code == 200


def test_strangers_are_counted_by_address_which_they_can_t_invent(client, monkeypatch):
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "3/min")
    seen = [
        client.get("/api/schema", headers={"x-forwarded-for": f"198.51.100.{n}"}).status_code
        for n in range(4)
    ]
    assert seen == [200, 200, 200, 429]


def test_behind_a_proxy_the_address_is_the_one_the_proxy_saw(rf, monkeypatch, settings):
    from oo.lib.throttle import PerAddress

    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    request = rf.get("/", headers={"x-forwarded-for": "invented, 203.0.113.9"})
    assert PerAddress().get_ident(request) == "203.0.113.9"


def test_without_redis_the_api_answers_and_the_limits_are_open_meanwhile(
    browser, redis_server, monkeypatch
):
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "user", "2/min")
    redis_server.stop()
    assert [browser.get("/api/profile").status_code for _ in range(4)] == [200] * 4
    asked = browser.post("/api/recommend", content_type="application/json")
    assert asked.status_code == 200
    assert browser.get("/").status_code == 200
