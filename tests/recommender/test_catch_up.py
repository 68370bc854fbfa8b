"""Who serves changes: then what policies know of people is brought up to what people have said."""

import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache

from recommender import catch_up as catching_up
from recommender import learn as learning
from recommender import live
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.linucb import LinUCB
from recommender.catch_up import LEASE, catch_up
from recommender.experiments import plan, start, stop
from recommender.jobs import catch_up_states, learn_sweep
from recommender.learn import learn, rebuild, reset
from recommender.ledger import alone_with
from recommender.models import PolicyState, Reward, Score
from recommender.promote import force, roll_back
from recommender.react import react, settle
from tests.people import NOW, Person, person
from tests.recommender.lives import live_on, things, tip_of

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
WHY = "A reason that is long enough."
TWO = [("old", "egreedy-v1", 0.5), ("new", "linucb", 0.5)]


@pytest.fixture(autouse=True)
def nobody_looked_yet(no_orders_seen):
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ada() -> Person:
    return person("ada@example.com", *things())


def through(someone: Person, policy: str) -> int:
    rows = PolicyState.objects.filter(user=someone.user, policy=policy)
    return rows.values_list("through", flat=True).first() or 0


def taught_by_two(ada: Person) -> None:
    """Three answers under one policy, eight under the one after it."""
    live_on(ada, *["done"] * 3)
    force("linucb", WHY, now=NOW + timedelta(minutes=10))
    live_on(ada, *["dismiss"] * 8, start=NOW + timedelta(minutes=11))
    assert Reward.objects.filter(user=ada.user).count() == 11


def test_after_a_roll_back_people_are_served_by_all_they_have_said(ada):
    taught_by_two(ada)
    assert through(ada, "egreedy-v1") == 3
    roll_back("It was worse.", now=NOW + timedelta(minutes=30))
    learn_sweep()
    tip_of(ada, now=NOW + timedelta(minutes=31))
    served = Score.objects.latest("position")
    assert (served.policy, served.through, served.state_count) == ("egreedy-v1", 11, 11)
    state = PolicyState.objects.get(user=ada.user, policy="egreedy-v1")
    assert bytes(state.state) == rebuild(ada.user.pk, now=LATER, cls=EpsilonGreedy)


def test_both_arms_of_an_experiment_know_everyone_from_its_start_on(ada):
    live_on(ada, *["done"] * 3)
    experiment = plan("try", TWO, now=NOW)
    start(experiment, now=LATER)
    assert catch_up(now=LATER) == 1
    assert through(ada, "linucb") == 3
    assert stop(experiment, now=LATER)
    assert catch_up(now=LATER) == 0, "the live policy was taught all along"


def test_every_change_of_who_serves_wakes_the_job_once_it_is_in_force(
    monkeypatch, django_capture_on_commit_callbacks
):
    woken = []
    monkeypatch.setattr(catch_up_states, "apply_async", lambda *a, **b: woken.append(a))
    experiment = plan("try", TWO, now=NOW)
    for change in (
        lambda: force("linucb", WHY, now=NOW),
        lambda: roll_back("Back.", now=NOW),
        lambda: start(experiment, now=NOW),
        lambda: stop(experiment, now=NOW),
    ):
        with django_capture_on_commit_callbacks(execute=True):
            change()
        assert len(woken) == 1
        woken.clear()
    with django_capture_on_commit_callbacks(execute=True), live.changing(NOW):
        pass
    assert woken == [], "nothing changed"


def test_everyone_is_looked_through_once_for_each_change(ada, django_assert_max_num_queries):
    taught_by_two(ada)
    assert catch_up(now=LATER) == 0, "the live one knows all"
    roll_back("It was worse.", now=LATER)
    assert catch_up(now=LATER) == 1
    with django_assert_max_num_queries(1):
        assert catch_up(now=LATER) == 0


def test_what_a_worker_that_died_has_left_is_found_by_the_next(ada, monkeypatch):
    eve = person("eve@example.com", *things())
    for someone in (ada, eve):
        live_on(someone, "done", "dismiss")
    force("linucb", WHY, now=LATER)
    monkeypatch.setattr(catching_up, "BATCH", 1)
    teach, calls = catching_up.teach, []

    def dies(users, *, now):
        calls.append(users)
        if len(calls) == 2:
            raise KeyboardInterrupt
        teach(users, now=now)

    monkeypatch.setattr(catching_up, "teach", dies)
    with pytest.raises(KeyboardInterrupt):
        catch_up(now=LATER)
    assert [through(one, "linucb") for one in (ada, eve)] == [2, 0]
    assert catch_up(now=LATER) == 0, "for two minutes the other may be alive"
    assert timedelta(0) < LEASE < timedelta(minutes=5)
    cache.delete(catching_up._marks()[1])
    assert catch_up(now=LATER) == 1
    assert [through(one, "linucb") for one in (ada, eve)] == [2, 2]


def test_who_cannot_be_taught_keeps_nobody_else_from_it(ada, caplog):
    eve = person("eve@example.com", *things())
    for someone in (ada, eve):
        live_on(someone, "done", "dismiss")
    Score.objects.filter(user=ada.user).update(features={})
    force("linucb", WHY, now=LATER)
    assert catch_up(now=LATER) == 2
    assert [through(one, "linucb") for one in (ada, eve)] == [0, 2]
    assert f"learning for user {ada.user.pk}" in caplog.text


def test_who_never_answered_or_had_all_forgotten_is_left_alone(ada):
    eve = person("eve@example.com", *things())
    tip_of(eve)
    live_on(ada, "done")
    reset(ada.user.pk, now=LATER)
    force("linucb", WHY, now=LATER)
    catch_up(now=LATER)
    assert not PolicyState.objects.filter(user=eve.user).exists()
    state = PolicyState.objects.get(user=ada.user, policy="linucb")
    assert bytes(state.state) == LinUCB.fresh().state(), "as if nothing had been said"


def test_a_worker_that_waited_for_its_turn_through_a_change_teaches_those_who_serve_now(
    ada, monkeypatch
):
    """It meant to teach the policy of before; what it marks as learned nobody looks at again."""
    live_on(ada, "done")
    tip = tip_of(ada, now=NOW + timedelta(minutes=3))
    react(ada.user, uuid.UUID(tip.id), "done", dwell_ms=900, now=NOW + timedelta(minutes=4))
    settle(now=NOW + timedelta(minutes=4))

    def its_turn(users):
        monkeypatch.setattr(learning, "alone_with", alone_with)
        force("linucb", WHY, now=LATER)
        return alone_with(users)

    monkeypatch.setattr(learning, "alone_with", its_turn)
    learn(ada.user.pk, now=LATER)
    assert through(ada, "linucb") == 2
