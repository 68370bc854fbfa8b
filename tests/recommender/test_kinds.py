"""Kinds of tips: what an answer means to each, what it does, what it is worth, and taken back."""

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client

from agents.models import Candidate
from integrations.models import Command, Connection, Task
from oo.events.catalogue import TaskCompleted
from oo.events.deliver import deliver
from oo.events.models import Record
from oo.events.publish import publish
from recommender.answers import REACTIONS, WAYS, takes, way
from recommender.bandit.feature_list import KINDS
from recommender.bandit.reward import Reaction
from recommender.models import Decision, Feedback, Reward
from recommender.react import react, settle
from recommender.serving import Tip, look
from recommender.undo import undo
from tests.people import NOW, Item, Person, person
from tests.recommender.lives import tip_of

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(seconds=60)
DUE = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _certain(settings) -> None:
    settings.ACTIVE_POLICY = "urgency"


def told(kind: str) -> tuple[Person, Tip]:
    """Someone who sees a tip of a kind; a reminder is of their task."""
    due = {"due_on": NOW.date(), "due_at": DUE} if kind == "reminder" else {}
    ada = person("ada@example.com", Item("Call mum", **due))
    if kind == "insight":
        Candidate.objects.create(
            user=ada.user, key="insight:1", kind=kind, content="You finish most before noon.",
            source="oo", model="plain", prompt_version="x", confidence=1, topic="hours",
            created_at=NOW, expires_at=NOW + timedelta(hours=6),
        )  # fmt: skip
    Candidate.objects.exclude(kind=kind).update(retired_at=NOW)
    tip = tip_of(ada)
    assert tip.kind == kind
    return ada, tip


def say(someone: Person, tip: Tip, word: str, *, seconds: float = 60) -> str:
    then = NOW + timedelta(seconds=seconds)
    answer = react(someone.user, uuid.UUID(tip.id), word, dwell_ms=None, now=then)
    assert answer.counted
    settle(now=then)
    return answer.says


def worth() -> list[float | None]:
    return list(Reward.objects.order_by("position").values_list("reward", flat=True))


def completed_in_its_source(someone: Person, at) -> None:
    task = someone.tasks["Call mum"]
    Task.objects.filter(pk=task.pk).update(closed_at=at, closed_as="done")
    publish(TaskCompleted(user_id=someone.user.pk, task_id=task.pk, where="source"), now=at)
    deliver(now=at)


@pytest.mark.parametrize(
    ("kind", "word", "says", "reward"),
    [
        ("task", "done", "Done.", 1.0),
        ("task", "complete", "Done.", 1.0),
        ("task", "snooze", "Later, then.", 0.1),
        ("task", "dismiss", "Gone.", -1.0),
        ("advice", "done", "Good.", 0.5),
        ("advice", "snooze", "Later, then.", 0.1),
        ("advice", "dismiss", "Gone.", -0.7),
        ("insight", "done", "Noted.", 0.3),
        ("insight", "dismiss", "Gone.", -0.5),
        ("reminder", "done", "All right.", 0.5),
        ("reminder", "complete", "Done.", 0.5),
        ("reminder", "dismiss", "Gone.", -0.7),
    ],
)
def test_an_answer_says_and_is_worth_what_it_means_to_its_kind(kind, word, says, reward):
    ada, tip = told(kind)
    assert say(ada, tip, word) == says
    assert worth() == [reward]


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_task_is_completed_by_its_good_answer(kind):
    ada, tip = told(kind)
    say(ada, tip, "done")
    closed = Task.objects.filter(closed_at__isnull=False).exists()
    assert closed == (kind == "task")
    assert Command.objects.exists() == closed
    assert Record.objects.filter(subject="signals.task.completed").exists() == closed


def test_a_reminder_can_be_told_that_its_task_is_done_already():
    ada, tip = told("reminder")
    assert tip.can_complete
    say(ada, tip, "complete")
    assert Task.objects.get().closed_as == "done"
    assert Command.objects.get().kind == "complete"


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_reminder_of_a_task_offers_that(kind):
    _, tip = told(kind)
    assert tip.can_complete == (kind == "reminder")


@pytest.mark.parametrize("kind", ["advice", "insight"])
def test_what_has_no_task_can_not_complete_one(kind):
    ada, tip = told(kind)
    with pytest.raises(ValueError, match="no answer"):
        react(ada.user, uuid.UUID(tip.id), "complete", dwell_ms=None, now=SOON)
    assert not Feedback.objects.exists()
    assert Decision.objects.get().status == "open"


def test_who_has_heard_of_a_reminder_is_left_alone_about_it_until_its_time():
    ada, tip = told("reminder")
    say(ada, tip, "done")
    assert set(
        Candidate.objects.filter(task__isnull=False).values_list("resting_until", flat=True)
    ) == {DUE}
    undo(uuid.UUID(tip.id), now=SOON)
    assert Candidate.objects.filter(resting_until__isnull=False).count() == 0
    assert Decision.objects.get(pk=tip.id).status == "open"


@pytest.mark.parametrize(("kind", "days"), [("advice", 3), ("insight", 7)])
def test_what_was_taken_up_is_no_news_for_some_days(kind, days):
    ada, tip = told(kind)
    say(ada, tip, "done")
    rests = Candidate.objects.get(pk=Decision.objects.get().candidate_id).resting_until
    assert rests == SOON + timedelta(days=days)
    undo(uuid.UUID(tip.id), now=SOON)
    assert not Candidate.objects.filter(resting_until__isnull=False).exists()


@pytest.mark.parametrize("kind", KINDS)
def test_undo_takes_back_what_any_kind_taught_and_shows_it_again(kind):
    ada, tip = told(kind)
    say(ada, tip, "done")
    assert undo(uuid.UUID(tip.id), user_id=ada.user.pk, now=SOON) == "Taken back."
    assert worth()[-1] is None
    assert not Feedback.objects.exists()
    assert not Task.objects.filter(closed_at__isnull=False).exists()
    assert tip_of(ada, now=SOON).id == tip.id


def test_undo_of_done_already_opens_the_task_again():
    ada, tip = told("reminder")
    say(ada, tip, "complete")
    undo(uuid.UUID(tip.id), now=SOON)
    assert Task.objects.get().closed_at is None
    assert not Command.objects.exists()


def test_done_already_still_completes_the_task_after_got_it_on_another_device():
    ada, tip = told("reminder")
    say(ada, tip, "done")
    later = SOON + timedelta(minutes=1)
    answer = react(ada.user, uuid.UUID(tip.id), "complete", dwell_ms=None, now=later)
    assert (answer.counted, answer.first, answer.says) == (False, "done", "Done.")
    assert Task.objects.get().closed_as == "done"
    assert Command.objects.get().kind == "complete"
    again = react(ada.user, uuid.UUID(tip.id), "complete", dwell_ms=None, now=later)
    assert again.says == "Done."
    assert Command.objects.count() == 1
    assert worth() == [0.5]
    undo(uuid.UUID(tip.id), now=later)
    assert Task.objects.get().closed_at is None
    assert not Command.objects.exists()


def test_done_already_after_another_answer_says_which_one_counts():
    ada, tip = told("reminder")
    say(ada, tip, "dismiss")
    answer = react(ada.user, uuid.UUID(tip.id), "complete", dwell_ms=None, now=SOON)
    assert answer.says == "You already said “not this” on another device."
    assert Task.objects.get().closed_at is None


def test_where_no_task_can_be_completed_done_already_is_not_offered_and_rests_as_done_does():
    ada, _ = told("reminder")
    Connection.objects.update(source="todotxt")
    tip = tip_of(ada)
    assert tip.kind == "reminder"
    assert not tip.can_complete
    about = Candidate.objects.filter(task__isnull=False)
    about.filter(kind="task").update(retired_at=None, expires_at=NOW + timedelta(days=1))
    assert say(ada, tip, "complete") == "All right."
    assert Task.objects.get().closed_at is None
    assert not Command.objects.exists()
    assert set(about.values_list("resting_until", flat=True)) == {NOW + timedelta(days=1)}
    undo(uuid.UUID(tip.id), now=SOON)
    assert set(about.values_list("resting_until", flat=True)) == {None}


@pytest.mark.parametrize(
    ("word", "label"), [("complete", "Done already"), ("done", "Got it"), ("dismiss", "Not this")]
)
def test_undo_is_called_by_what_was_said(word, label):
    ada, tip = told("reminder")
    say(ada, tip, word)
    seen = look(ada.user, now=SOON, rng=np.random.default_rng(1))
    assert seen.said["label"] == label


def test_undo_of_got_it_does_not_open_what_was_completed_elsewhere():
    ada, tip = told("reminder")
    say(ada, tip, "done")
    completed_in_its_source(ada, SOON + timedelta(minutes=1))
    said = undo(uuid.UUID(tip.id), now=SOON + timedelta(minutes=2))
    assert said == "Taken back."
    assert Task.objects.get().closed_as == "done"
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(1.5, [0.5, 1.0]), (5, [0.5, 0.6]), (30, [0.5])],
)
def test_who_had_heard_of_a_reminder_and_did_it_taught_more_and_never_less(minutes, expected):
    ada, tip = told("reminder")
    say(ada, tip, "done", seconds=10)
    completed_in_its_source(ada, NOW + timedelta(minutes=minutes))
    assert worth() == expected


def test_a_reminder_that_nobody_answered_counts_as_the_task_it_brought_about():
    ada, _ = told("reminder")
    completed_in_its_source(ada, NOW + timedelta(minutes=5))
    assert worth() == [0.6]


def test_a_reminder_that_was_sent_away_stays_so():
    ada, tip = told("reminder")
    say(ada, tip, "dismiss", seconds=10)
    completed_in_its_source(ada, NOW + timedelta(minutes=5))
    assert worth() == [-0.7]


def test_another_device_is_told_in_the_words_of_the_kind():
    ada, tip = told("insight")
    say(ada, tip, "done")
    late = react(ada.user, uuid.UUID(tip.id), "dismiss", dwell_ms=None, now=SOON)
    assert late.says == "You already said “good to know” on another device."
    assert late.first == "done"


def test_every_kind_has_a_good_answer_first_and_a_way_to_send_it_away():
    assert set(WAYS) == {*KINDS, "silence"}
    for kind in KINDS:
        assert [one.reaction for one in WAYS[kind]][:: len(WAYS[kind]) - 1] == ["done", "dismiss"]
        labels = [one.label for one in WAYS[kind]]
        assert len(set(labels)) == len(labels)
        for reaction in ("done", "snooze", "dismiss"):  # an older page may send any of them
            assert takes(kind, reaction)
            assert way(kind, reaction).says
    assert [w for w in REACTIONS if takes("silence", w)] == [Reaction.SHOW]


@pytest.mark.parametrize("kind", KINDS)
def test_the_api_tells_how_a_kind_is_answered_and_takes_it(kind):
    ada, _ = told(kind)
    client = Client()
    client.force_login(ada.user, backend="django.contrib.auth.backends.ModelBackend")
    Decision.objects.all().delete()
    Candidate.objects.filter(kind=kind).update(expires_at=NOW + timedelta(days=900))
    tip = client.post("/api/recommend").json()["tip"]
    assert tip["kind"] == kind
    assert tip["answers"] == [{"reaction": w.reaction, "label": w.label} for w in WAYS[kind]]
    assert tip["can_complete"] == (kind == "reminder")
    body = {"tip": tip["id"], "reaction": "done"}
    said = client.post("/api/feedback", body, content_type="application/json").json()
    assert said == {"counted": True, "first": "done", "says": way(kind, "done").says}
