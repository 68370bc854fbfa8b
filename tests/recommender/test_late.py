"""Done in the source itself: what that is worth, when it counts, and what it does to a tip."""

import threading
import uuid
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import transaction

from agents.models import Candidate
from integrations.models import Command, Task
from oo.events.catalogue import TaskCompleted
from oo.events.deliver import deliver
from oo.events.models import Record
from oo.events.publish import publish
from recommender import late
from recommender.learn import learn, reset
from recommender.ledger import alone_with, correct
from recommender.models import Decision, Reward
from recommender.react import Answer, expire, react, settle
from recommender.serving import Tip, look, serve_tip, still_holds
from recommender.undo import undo
from tests.integrations.at_once import at_once
from tests.people import NOW, Item, Person, person

pytestmark = pytest.mark.django_db


def only_tasks(someone: Person) -> Person:
    """Nothing else to tell them."""
    Candidate.objects.filter(user=someone.user, task=None).delete()
    return someone


def shown(someone: Person, now: datetime = NOW) -> Tip:
    tip = serve_tip(someone.user, now=now, rng=np.random.default_rng(1))
    assert tip is not None
    return tip


@pytest.fixture
def ada() -> Person:
    return only_tasks(person("ada@example.com", Item("Water the plants", recurring=True)))


def told(
    someone: Person, *, now: datetime, at: tuple[datetime | None, ...] = (None,), **fields: object
) -> None:
    """Its source was read at `now`, and said that the task was completed, at each of `at`."""
    task = someone.tasks["Water the plants"]
    Task.objects.filter(pk=task.pk).update(**fields)
    facts = [
        TaskCompleted(
            user_id=someone.user.pk, task_id=task.pk, where="source",
            completed_at=one.timestamp() if one else None,
        )
        for one in at
    ]  # fmt: skip
    with transaction.atomic():
        publish(*facts, now=now)
    deliver(now=now)


def worth() -> list[float | None]:
    return list(Reward.objects.order_by("position").values_list("reward", flat=True))


def test_the_worth_is_that_of_the_time_it_took_however_late_we_learn_of_it(ada: Person):
    shown(ada)
    at = NOW + timedelta(seconds=60)
    told(ada, now=NOW + timedelta(hours=5), closed_at=at, closed_as="done")
    assert worth() == [1.0]


def test_what_was_done_before_the_tip_was_shown_is_none_of_its_doing(ada: Person):
    shown(ada)
    told(ada, now=NOW + timedelta(hours=1), closed_at=NOW - timedelta(minutes=5), closed_as="done")
    assert worth() == []


def test_told_twice_it_counts_once(ada: Person):
    shown(ada)
    at = NOW + timedelta(minutes=3)
    for minutes in (5, 50):
        told(ada, now=NOW + timedelta(minutes=minutes), closed_at=at, closed_as="done")
    assert worth() == [0.6]


def test_an_occurrence_that_was_done_counts_and_its_tip_goes(ada: Person):
    tip = shown(ada)
    at = NOW + timedelta(minutes=3)
    told(ada, now=NOW + timedelta(minutes=4), done_at=at)
    assert worth() == [0.6]
    assert Decision.objects.get(pk=tip.id).status == "untrue"
    assert not still_holds(ada.user.pk, uuid.UUID(tip.id), now=NOW + timedelta(minutes=4))


def test_a_tip_about_the_next_occurrence_stays(ada: Person):
    at = NOW - timedelta(minutes=3)
    tip = shown(ada)
    told(ada, now=NOW + timedelta(minutes=4), done_at=at)
    assert worth() == []
    assert Decision.objects.get(pk=tip.id).status == "open"


def test_a_snooze_turns_out_done_and_a_dismissal_does_not(ada: Person):
    tip = shown(ada)
    react(ada.user, uuid.UUID(tip.id), "dismiss", dwell_ms=None, now=NOW + timedelta(minutes=1))
    at = NOW + timedelta(minutes=3)
    told(ada, now=NOW + timedelta(minutes=4), closed_at=at, closed_as="done")
    assert 0.6 not in worth()


def test_a_snooze_that_is_not_settled_yet_when_it_turns_out_done_is_settled_first(ada: Person):
    tip = shown(ada)
    react(ada.user, uuid.UUID(tip.id), "snooze", dwell_ms=2000, now=NOW + timedelta(seconds=5))
    at = NOW + timedelta(minutes=3)
    told(ada, now=at, closed_at=at, closed_as="done")  # both events at once
    settle(now=at)
    assert worth() == [0.1, 0.6]


def test_who_answers_while_it_turns_out_done_has_the_last_word(ada: Person, monkeypatch):
    tip = shown(ada)
    at = NOW + timedelta(minutes=3)

    def quicker(users: list[int]) -> AbstractContextManager[set[int]]:
        react(ada.user, uuid.UUID(tip.id), "dismiss", dwell_ms=2000, now=at)
        return alone_with(users)

    monkeypatch.setattr(late, "alone_with", quicker)
    told(ada, now=at, closed_at=at, closed_as="done")
    settle(now=at)
    assert worth() == [-1.0]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_an_answer_in_the_middle_of_it_comes_before_or_after_and_is_never_undone(monkeypatch):
    """Whoever comes second waits, and sees what the first did."""
    ada = only_tasks(person("ada@example.com", Item("Water the plants", recurring=True)))
    tip = uuid.UUID(shown(ada).id)
    at = NOW + timedelta(minutes=3)
    Decision.objects.update(status="expired")
    checked, answered = threading.Event(), threading.Event()

    def slowly(*args: Any, **more: Any) -> int:
        checked.set()
        answered.wait(1)  # it can't be, while we hold the tip
        return settle(*args, **more)

    def answer() -> Answer:
        checked.wait(10)
        said = react(ada.user, tip, "snooze", dwell_ms=2000, now=at)
        answered.set()
        return said

    monkeypatch.setattr(late, "settle", slowly)
    task = ada.tasks["Water the plants"].pk
    counted, said = at_once(lambda: late.completed_elsewhere(task, at=at, now=at), answer)
    assert counted is True
    assert (said.counted, said.says) == (False, "This one settled itself meanwhile.")
    settle(now=at)
    assert worth() == [0.6]


def test_a_tip_that_ran_out_and_was_done_elsewhere_has_settled_itself(ada: Person):
    tip = shown(ada)
    far = NOW + timedelta(hours=20)
    expire(now=far)
    told(ada, now=far, at=(NOW + timedelta(minutes=3),))
    said = react(ada.user, uuid.UUID(tip.id), "dismiss", dwell_ms=2000, now=far)
    assert (said.counted, said.says) == (False, "This one settled itself meanwhile.")
    settle(now=far)
    assert worth() == [0.6]


def test_a_tip_that_ran_out_and_was_not_done_may_still_be_answered(ada: Person):
    tip = shown(ada)
    far = NOW + timedelta(hours=20)
    expire(now=far)
    assert react(ada.user, uuid.UUID(tip.id), "dismiss", dwell_ms=2000, now=far).counted


def test_each_of_several_completions_counts_for_the_tip_before_it_in_any_order(ada: Person):
    first = uuid.UUID(shown(ada).id)
    expire(now=NOW + timedelta(days=1))
    then = NOW + timedelta(days=1, hours=1)
    Candidate.objects.update(created_at=then, expires_at=then + timedelta(days=2))
    second = uuid.UUID(shown(ada, then).id)
    assert second != first
    times = (then + timedelta(minutes=1), NOW + timedelta(minutes=3))
    told(ada, now=then + timedelta(hours=5), at=times, done_at=times[0])
    assert {
        row.decision_id: row.reward for row in Reward.objects.filter(why="late")
    } == {first: 0.6, second: 1.0}  # fmt: skip


def test_of_two_completions_after_one_tip_the_quicker_counts(ada: Person):
    shown(ada)
    times = (NOW + timedelta(minutes=3), NOW + timedelta(hours=3))
    for at in (times, tuple(reversed(times))):
        told(ada, now=NOW + timedelta(hours=5), at=at)
    assert worth() == [0.6]


def test_a_record_from_before_there_was_a_time_in_it_still_counts(ada: Person):
    shown(ada)
    at = NOW + timedelta(minutes=3)
    task = ada.tasks["Water the plants"]
    Task.objects.filter(pk=task.pk).update(done_at=at)
    with transaction.atomic():
        publish(TaskCompleted(user_id=ada.user.pk, task_id=task.pk, where="source"), now=at)
    Record.objects.filter(subject=TaskCompleted.subject).update(
        payload={"task_id": task.pk, "where": "source"}
    )
    deliver(now=at)
    assert worth() == [0.6]


def test_deleting_a_task_is_not_doing_it(ada: Person):
    shown(ada)
    told(
        ada,
        now=NOW + timedelta(minutes=4),
        closed_at=NOW + timedelta(minutes=3),
        closed_as="deleted",
    )
    assert worth() == []


def test_not_today_is_a_snooze_and_moves_the_task_to_tomorrow(ada: Person):
    tip = shown(ada)
    assert tip.can_wait
    said = react(ada.user, uuid.UUID(tip.id), "not_today", dwell_ms=None, now=NOW)
    assert (said.first, said.says) == ("snooze", "Tomorrow, then.")
    command = Command.objects.get()
    assert (command.kind, command.moves_to) == ("postpone", NOW.date() + timedelta(days=1))
    # It rests until tomorrow begins in Berlin, whatever Todoist is doing.
    assert serve_tip(ada.user, now=NOW + timedelta(hours=12), rng=np.random.default_rng(1)) is None
    again = react(ada.user, uuid.UUID(tip.id), "not_today", dwell_ms=None, now=NOW)
    assert not again.counted
    assert Command.objects.count() == 1


@pytest.mark.parametrize(("word", "label"), [("not_today", "Not today"), ("snooze", "Later")])
def test_undo_is_called_by_what_was_said_of_when(ada: Person, word: str, label: str):
    tip = shown(ada)
    react(ada.user, uuid.UUID(tip.id), word, dwell_ms=None, now=NOW)
    said = look(ada.user, now=NOW, rng=np.random.default_rng(1)).said
    assert said
    assert said["label"] == label


def test_not_today_is_taken_back_whole(ada: Person):
    tip = shown(ada)
    react(ada.user, uuid.UUID(tip.id), "not_today", dwell_ms=None, now=NOW)
    later = NOW + timedelta(minutes=1)
    assert undo(uuid.UUID(tip.id), user_id=ada.user.pk, now=later) == "Taken back."
    assert not Command.objects.exists()
    assert shown(ada, later).id == tip.id


def test_not_today_that_todoist_knows_of_says_so_when_it_is_taken_back(ada: Person):
    tip = shown(ada)
    react(ada.user, uuid.UUID(tip.id), "not_today", dwell_ms=None, now=NOW)
    Command.objects.update(outcome="ok", finished_at=NOW)
    said = undo(uuid.UUID(tip.id), user_id=ada.user.pk, now=NOW + timedelta(minutes=1))
    assert said == "Taken back here. In your list it has moved to tomorrow: move it back there."


def test_done_that_todoist_knows_of_is_opened_again_there():
    ada = only_tasks(person("ada@example.com", Item("Once")))
    tip = shown(ada)
    react(ada.user, uuid.UUID(tip.id), "done", dwell_ms=None, now=NOW)
    Command.objects.update(outcome="ok", finished_at=NOW)
    later = NOW + timedelta(minutes=1)
    assert undo(uuid.UUID(tip.id), user_id=ada.user.pk, now=later) == "Taken back."
    assert Command.objects.get(outcome="waiting").kind == "reopen"
    assert Task.objects.get().closed_at is None
    assert shown(ada, later).id == tip.id


def test_an_undo_shows_no_tip_again_whose_occurrence_was_done_meanwhile(ada: Person):
    """The task comes round again and stays open; this time it is done, and counts as done."""
    tip = shown(ada)
    at = NOW + timedelta(minutes=1)
    react(ada.user, uuid.UUID(tip.id), "snooze", dwell_ms=2000, now=at)
    settle(now=at)
    told(ada, now=at + timedelta(minutes=1), done_at=at + timedelta(seconds=30))
    assert undo(uuid.UUID(tip.id), now=at + timedelta(minutes=2)) == "Taken back."
    assert Decision.objects.get(pk=tip.id).status == "untrue"
    assert worth()[-1] == 1.0, "what was done stays done"
    assert not still_holds(ada.user.pk, uuid.UUID(tip.id), now=at + timedelta(minutes=2))


def test_what_was_answered_after_everything_was_forgotten_may_still_turn_out_done(ada: Person):
    """The tip is of before; what is known of it is of after."""
    tip = shown(ada)
    at = NOW + timedelta(minutes=1)
    reset(ada.user.pk, now=at)
    react(ada.user, uuid.UUID(tip.id), "snooze", dwell_ms=2000, now=at + timedelta(seconds=5))
    settle(now=at + timedelta(seconds=6))
    told(ada, now=at + timedelta(minutes=2), done_at=at + timedelta(seconds=30))
    assert worth() == [None, 0.1, 1.0]


def test_what_was_forgotten_is_not_learned_of_again_when_it_turns_out_done(ada: Person):
    tip = shown(ada)
    at = NOW + timedelta(minutes=1)
    react(ada.user, uuid.UUID(tip.id), "snooze", dwell_ms=2000, now=at)
    settle(now=at)
    learn(ada.user.pk, now=at)
    reset(ada.user.pk, now=at + timedelta(seconds=5))
    told(ada, now=at + timedelta(minutes=2), done_at=at + timedelta(seconds=30))
    assert worth() == [0.1, None]
    assert not correct(uuid.UUID(tip.id), 0.5, now=at + timedelta(minutes=3))
