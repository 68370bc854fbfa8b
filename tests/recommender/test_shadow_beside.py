"""Shadows while clocks jump, people leave and things fail."""

from datetime import timedelta

import pytest

from recommender import live, shadow
from recommender.models import Decision, PolicyShadow, PolicyState, ShadowScore
from recommender.personal_data import Decisions
from recommender.shadow import start, sweep
from tests.people import NOW
from tests.recommender.history import lived, people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgetful(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    live._known = live.Known()


def test_a_clock_that_was_years_ahead_once_stops_no_shadow():
    PolicyShadow.objects.create(
        policy="linucb", begins=NOW - timedelta(days=30), swept_to=NOW - timedelta(days=1)
    )
    start("random", now=NOW + timedelta(days=3650))
    assert sweep(now=NOW + timedelta(days=3650)) == 0
    lived(people(1), 3, ends=NOW, days=0.1)
    assert sweep(now=NOW + timedelta(hours=1)) == 3
    assert PolicyShadow.objects.get(policy="linucb").swept_to <= NOW + timedelta(hours=1)
    lived(people(1, first=1), 2, ends=NOW + timedelta(hours=3), days=0.01, seed=3)
    assert sweep(now=NOW + timedelta(hours=4)) == 4, "also one that was begun then"


def test_who_is_erased_in_the_middle_of_a_sweep_takes_nobody_elses_with_them(monkeypatch):
    ada, eve = people(2)
    lived([ada, eve], 4)
    start("linucb", now=NOW - timedelta(days=30))
    start("random", now=NOW - timedelta(days=30))
    decide_all = shadow._decide_all

    def meanwhile(cls, seen):
        made = decide_all(cls, seen)
        if Decision.objects.filter(user=ada).exists():
            Decisions().forget(ada.pk)
        return made

    monkeypatch.setattr(shadow, "_decide_all", meanwhile)
    assert sweep(now=NOW) == 8
    assert set(ShadowScore.objects.values_list("decision__user", flat=True)) == {eve.pk}
    assert not PolicyState.objects.filter(user=ada).exists()
    assert set(PolicyShadow.objects.values_list("error", flat=True)) == {""}


def test_a_shadow_that_can_not_be_swept_holds_up_no_other(monkeypatch):
    lived(people(1), 3)
    start("linucb", now=NOW - timedelta(days=30))
    start("random", now=NOW - timedelta(days=30))
    first = shadow._sweep

    def fails(one, now, limit):
        if one.policy == "linucb":
            raise ConnectionError("no")
        return first(one, now, limit)

    monkeypatch.setattr(shadow, "_sweep", fails)
    assert sweep(now=NOW) == 3
    row = PolicyShadow.objects.get(policy="linucb")
    assert (row.error, row.claimed_until) == ("ConnectionError: no", None)
