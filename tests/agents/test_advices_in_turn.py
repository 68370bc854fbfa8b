"""Advice after advice: one that is answered makes way for another, in the pool and on the page."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounts import preferences
from agents.gather import gather, seen_by
from agents.jobs import refresh_user
from agents.models import Candidate
from agents.refresh import refresh
from agents.registry import agents
from agents.writing.advices import fitting, select
from agents.writing.plain import ADVICES_AT_ONCE
from oo.events.deliver import deliver
from recommender.react import react
from tests.people import NOW, Person, person
from tests.recommender.lives import seen, tip_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def woken(monkeypatch) -> list[int]:
    """Whose pools a worker was woken to refresh."""
    ids: list[int] = []

    def wake(job, user_id: int, *, seconds: float) -> None:
        assert job is refresh_user
        ids.append(user_id)

    monkeypatch.setattr("agents.handlers.wake_soon", wake)
    return ids


@pytest.fixture
def ada(settings, woken) -> Person:
    """Someone who wants advice and nothing else, and has not answered any so far."""
    settings.ACTIVE_POLICY = "urgency"
    settings.SNOOZE_MINUTES = 15  # it is the same part of the day then
    someone = person()
    only = {"task": 0, "advice": 1, "insight": 0, "reminder": 0}
    preferences.say(someone.user, "balance", only, now=NOW)
    work_off(woken, NOW)
    return someone


def work_off(woken: list[int], now: datetime) -> None:
    """What a worker does after an answer."""
    while deliver(now=now):
        pass
    refresh(set(woken), now=now)
    woken.clear()


def answer(someone: Person, word: str, woken: list[int], now: datetime) -> str:
    tip = tip_of(someone, now=now)
    react(someone.user, uuid.UUID(tip.id), word, dwell_ms=None, now=now)
    work_off(woken, now)
    return tip.text


def advices() -> set[str]:
    return set(Candidate.objects.live(NOW).filter(kind="advice").values_list("key", flat=True))


def test_who_answers_advice_after_advice_gets_another_until_all_that_fit_are_used_up(ada, woken):
    fit = {one.text for one in fitting(gather([ada.user.pk], now=NOW)[ada.user.pk].inputs, {})}
    assert len(fit) > 10 * ADVICES_AT_ONCE
    heard: list[str] = []
    now = NOW
    while seen(ada, now=now).tip is not None:
        heard.append(answer(ada, ("done", "dismiss")[len(heard) % 2], woken, now))
        now += timedelta(seconds=10)
    assert len(heard) == len(set(heard)), "nothing is said twice"
    assert set(heard) == fit


def test_an_answer_moves_up_one_advice_and_leaves_the_others_in_their_places(ada, woken):
    before = advices()
    text = answer(ada, "done", woken, NOW)
    answered = Candidate.objects.get(content=text)
    assert advices() > before - {answered.key}
    assert len(advices()) == ADVICES_AT_ONCE
    assert answered.key not in advices()


def test_what_made_way_rests_to_the_end_and_then_has_its_turn_again(ada, woken, settings):
    text = answer(ada, "snooze", woken, NOW)
    until = NOW + timedelta(minutes=settings.SNOOZE_MINUTES)
    made_way = Candidate.objects.get(content=text)
    assert (made_way.retired_at, made_way.resting_until) == (NOW, until)
    ada.refreshed(until - timedelta(seconds=1))
    assert text not in set(Candidate.objects.live(until).values_list("content", flat=True))
    ada.refreshed(until)
    again = Candidate.objects.get(content=text)
    assert again.pk == made_way.pk
    assert text in set(Candidate.objects.live(until).values_list("content", flat=True))


def test_the_advice_on_somebodys_screen_stays_when_it_makes_way_for_one_that_rested(
    ada, woken, settings
):
    before = advices()
    answer(ada, "snooze", woken, NOW)
    until = NOW + timedelta(minutes=settings.SNOOZE_MINUTES)
    moved_up = Candidate.objects.get(key__in=advices() - before)
    Candidate.objects.exclude(pk=moved_up.pk).filter(resting_until=None).update(resting_until=until)
    shown = tip_of(ada, now=NOW + timedelta(minutes=1))
    assert shown.text == moved_up.content
    ada.refreshed(until)
    moved_up.refresh_from_db()
    assert moved_up.retired_at == until
    assert tip_of(ada, now=until).id == shown.id
    answer(ada, "done", woken, until)
    moved_up.refresh_from_db()
    assert moved_up.resting_until == until + timedelta(days=3), "its answer counts as any other"


def test_an_answer_to_an_advice_has_no_agent_computed_anew(ada, woken):
    ada.refreshed(NOW)
    tip = tip_of(ada)
    react(ada.user, uuid.UUID(tip.id), "done", dwell_ms=None, now=NOW)
    inputs = gather([ada.user.pk], now=NOW)[ada.user.pk].inputs
    assert len(inputs.resting) == 1
    assert refresh([ada.user.pk], now=NOW).computed == 0
    assert all(seen_by(agent, inputs).resting == frozenset() for agent in agents)


def test_nobody_s_rest_keeps_an_advice_from_another(ada, woken):
    bob = person("bob@example.com")
    answer(ada, "done", woken, NOW)
    found = gather([ada.user.pk, bob.user.pk], now=NOW)
    assert len(found[ada.user.pk].inputs.resting) == 1
    assert found[bob.user.pk].inputs.resting == frozenset()


def test_what_rests_is_looked_up_for_all_at_once():
    ids = [person(f"p{n}@example.com").user.pk for n in range(6)]

    def queries(batch: list[int]) -> int:
        with CaptureQueriesContext(database) as asked:
            gather(batch, now=NOW)
        return len(asked)

    assert queries(ids) == queries(ids[:1])


def test_those_that_rest_leave_the_order_of_the_day_as_it_is(ada):
    inputs = gather([ada.user.pk], now=NOW)[ada.user.pk].inputs
    few = select(inputs, {}, ADVICES_AT_ONCE)
    less = replace(inputs, resting=frozenset({few[0].key}))
    assert select(less, {}, ADVICES_AT_ONCE) == select(less, {}, ADVICES_AT_ONCE)
    assert [one for one in select(less, {}, ADVICES_AT_ONCE) if one in few] == few[1:]
    everything = frozenset(one.key for one in fitting(inputs, {}))
    assert select(replace(inputs, resting=everything), {}, ADVICES_AT_ONCE) == []
