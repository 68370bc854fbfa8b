"""Taking a reaction back while something else goes on, and what becomes of what came in between."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError

from recommender import undo as undoing
from recommender.learn import learn
from recommender.models import Decision, Feedback, PolicyState, Reward
from recommender.outcomes import settled
from recommender.react import expire, react, settle
from recommender.registry import policies
from recommender.undo import TRIES, undo
from tests.integrations.at_once import at_once
from tests.people import NOW, person
from tests.recommender.lives import live_on, seen, things, tip_of
from tests.recommender.silent import Mute

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=1)
RULE = "recommender.bandit.policies.urgency.Urgency"


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


def statuses() -> dict[str, str]:
    return {str(pk): status for pk, status in Decision.objects.values_list("pk", "status")}


def test_a_tip_that_undo_displaces_counts_as_never_shown():
    ada = person("ada@example.com", *things())
    (one,) = live_on(ada, "snooze")
    between = tip_of(ada, now=SOON)
    undo(one, user_id=ada.user.pk, now=SOON)
    assert statuses() == {str(one): "open", between.id: "untrue"}
    expire(now=NOW + timedelta(days=2))
    counted = settled(begins=NOW - timedelta(days=1), ends=NOW + timedelta(days=3))
    assert [row.pk for row in counted] == [one], "it would be a tip that nobody wanted"


def test_a_silence_that_undo_displaces_is_not_learned_from(settings):
    settings.ACTIVE_POLICY = "mute"
    settings.SILENCE_AFTER = 1
    with policies.replaced_by("tests.recommender.silent.Mute", RULE):
        ada = person("ada@example.com", *things(12))
        (one,) = live_on(ada, "snooze")
        assert seen(ada, now=SOON).silence
        undo(one, user_id=ada.user.pk, now=SOON)
        expire(now=NOW + timedelta(days=2))
        settle(now=NOW + timedelta(days=2))
        learn(ada.user.pk, now=NOW + timedelta(days=2))
        assert list(Reward.objects.values_list("why", flat=True)) == ["settled", "undone"]
        state = PolicyState.objects.get(policy="mute")
        assert bytes(state.state) == Mute.fresh().state(), "as if it had never been"


@pytest.mark.parametrize("times", [TRIES - 1, TRIES])
def test_who_is_given_a_tip_in_the_middle_of_it_takes_back_all_the_same(monkeypatch, times):
    ada = person("ada@example.com", *things())
    (one,) = live_on(ada, "dismiss")
    first, failed = undoing._show_again, []

    def in_the_way(*arguments):
        if len(failed) < times:
            failed.append(arguments)
            raise IntegrityError("one_open_tip_per_user")
        first(*arguments)

    monkeypatch.setattr(undoing, "_show_again", in_the_way)
    if times == TRIES:
        with pytest.raises(IntegrityError):
            undo(one, user_id=ada.user.pk, now=SOON)
        assert Feedback.objects.filter(pk=one).exists(), "all of it or nothing"
        return
    assert undo(one, user_id=ada.user.pk, now=SOON) == "Taken back."
    assert statuses() == {str(one): "open"}
    assert list(Reward.objects.values_list("why", flat=True)) == ["settled", "undone"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_undo_beside_devices_that_look():
    for number in range(12):
        ada = person(f"ada{number}@example.com", *things(6))
        (one,) = live_on(ada, "dismiss")

        def look(someone=ada) -> bool:
            return seen(someone, now=SOON).tip is not None

        def take_back(decision=one, someone=ada) -> str:
            return undo(decision, user_id=someone.user.pk, now=SOON)

        assert at_once(take_back, look, look) == ["Taken back.", True, True]
        assert statuses()[str(one)] == "open"
        assert seen(ada, now=SOON).tip.id == str(one)


def test_a_tip_that_was_displaced_says_so_to_who_answers_it_late():
    ada = person("ada@example.com", *things())
    (one,) = live_on(ada, "snooze")
    between = uuid.UUID(tip_of(ada, now=SOON).id)
    undo(one, user_id=ada.user.pk, now=SOON)
    answer = react(ada.user, between, "done", dwell_ms=None, now=SOON)
    assert not answer.counted
    assert "settled itself" in answer.says
