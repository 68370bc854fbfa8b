"""Learning: each reward exactly once, in an order that is kept, rebuilt to the same numbers."""

import threading
import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection as database

from oo.events.deliver import deliver
from recommender.jobs import learn_sweep
from recommender.learn import learn, rebuild, reset, users_to_teach
from recommender.models import Feedback, PolicyState, Reward, Score
from recommender.react import react, settle
from recommender.serving import serve_tip
from tests.people import NOW, Item, Person, person


def live_through(someone: Person, reactions: list[str], *, start=NOW) -> None:
    """Serves a tip and answers it, again and again."""
    for number, reaction in enumerate(reactions):
        then = start + timedelta(minutes=number)
        tip = serve_tip(someone.user, now=then, rng=np.random.default_rng(number))
        assert tip is not None
        answered = then + timedelta(seconds=30)
        react(someone.user, uuid.UUID(tip.id), reaction, dwell_ms=30_000, now=answered)


def things(count: int = 30) -> list[Item]:
    return [
        Item(f"Thing {n}", priority=n % 4 + 1, age_days=n, due_on=NOW.date() if n % 3 else None)
        for n in range(count)
    ]


REACTIONS = ["done", "dismiss", "snooze", "done", "done", "dismiss", "done", "snooze"]


@pytest.mark.django_db
def test_every_reaction_is_learned_once_however_often_learning_runs():
    ada = person("ada@example.com", *things())
    live_through(ada, REACTIONS)
    settle(now=NOW)
    assert users_to_teach(limit=10) == [ada.user.pk]
    assert learn(ada.user.pk, now=NOW) == len(REACTIONS)
    before = bytes(PolicyState.objects.get().state)
    assert learn(ada.user.pk, now=NOW) == 0
    assert users_to_teach(limit=10) == []
    assert bytes(PolicyState.objects.get().state) == before
    assert PolicyState.objects.get().count == len(REACTIONS)
    positions = Reward.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(1, len(REACTIONS) + 1))


@pytest.mark.django_db
def test_a_rebuild_from_the_decisions_gives_the_same_bits():
    ada = person("ada@example.com", *things())
    for number in range(4):
        live_through(ada, REACTIONS, start=NOW + timedelta(hours=number))
        settle(now=NOW + timedelta(hours=number))
        learn(ada.user.pk, now=NOW)
    learned = bytes(PolicyState.objects.get().state)
    PolicyState.objects.update(state=b"lost")
    assert rebuild(ada.user.pk, now=NOW) == learned
    assert bytes(PolicyState.objects.get().state) == learned


@pytest.mark.django_db
def test_a_state_that_rotted_is_made_anew_from_the_feedback():
    ada = person("ada@example.com", *things())
    live_through(ada, REACTIONS)
    settle(now=NOW)
    learn(ada.user.pk, now=NOW)
    learned = bytes(PolicyState.objects.get().state)
    PolicyState.objects.update(state=learned[:-3] + b"rot")
    assert learn(ada.user.pk, now=NOW) == 0
    assert bytes(PolicyState.objects.get().state) == learned


@pytest.mark.django_db
def test_a_policy_made_active_later_knows_all_that_was_taught_before(settings):
    ada = person("ada@example.com", *things())
    live_through(ada, REACTIONS)
    settle(now=NOW)
    learn(ada.user.pk, now=NOW)
    settings.ACTIVE_POLICY = "linucb"
    live_through(ada, ["done"], start=NOW + timedelta(hours=1))
    settle(now=NOW)
    learn(ada.user.pk, now=NOW)
    assert PolicyState.objects.get(policy="linucb").count == len(REACTIONS) + 1
    settings.ACTIVE_POLICY = "egreedy-v1"
    assert learn(ada.user.pk, now=NOW) == 0
    assert PolicyState.objects.get(policy="egreedy-v1").count == len(REACTIONS) + 1


@pytest.mark.django_db
def test_a_reset_forgets_and_a_rebuild_does_not_bring_it_back():
    ada = person("ada@example.com", *things())
    live_through(ada, REACTIONS)
    settle(now=NOW)
    learn(ada.user.pk, now=NOW)
    assert reset(ada.user.pk, now=NOW) == len(REACTIONS)
    assert not PolicyState.objects.exists()
    rebuild(ada.user.pk, now=NOW)
    assert PolicyState.objects.get().count == 0
    live_through(ada, ["done"], start=NOW + timedelta(hours=1))
    settle(now=NOW)
    learn(ada.user.pk, now=NOW)
    assert PolicyState.objects.get().count == 1


@pytest.mark.django_db
def test_what_one_person_teaches_changes_nothing_for_another():
    ada, bob = person("ada@example.com", *things()), person("bob@example.com", *things())
    live_through(ada, REACTIONS)
    settle(now=NOW)
    learn(ada.user.pk, now=NOW)
    assert not PolicyState.objects.filter(user=bob.user).exists()


@pytest.mark.django_db
def test_learning_moves_the_choice_away_from_what_is_always_dismissed(settings):
    """Urgent things dismissed and quiet ones done: after a while the quiet ones come."""
    settings.SILENCE_AFTER = 1000  # it might be the answer to so many dismissals
    urgent = [Item(f"Urgent {n}", priority=4, due_on=NOW.date() - timedelta(days=1), age_days=2)
              for n in range(15)]  # fmt: skip
    quiet = [Item(f"Quiet {n}", priority=1, age_days=2) for n in range(15)]
    ada = person("ada@example.com", *urgent, *quiet)
    shown = []
    for number in range(26):
        then = NOW + timedelta(minutes=46 * number)
        tip = serve_tip(ada.user, now=then, rng=np.random.default_rng(number))
        if tip is None:
            continue
        shown.append("Urgent" in tip.text)
        reaction = "dismiss" if "Urgent" in tip.text else "done"
        react(
            ada.user, uuid.UUID(tip.id), reaction, dwell_ms=30_000, now=then + timedelta(seconds=31)
        )
        settle(now=then)
        learn(ada.user.pk, now=then)
    assert len(shown) > 12
    assert all(shown[:2])
    assert sum(shown[-8:]) <= 3


@pytest.mark.django_db(transaction=True)
def test_four_workers_learning_at_once_fold_each_reward_once():
    ada = person("ada@example.com", *things(60))
    # From an existing row: a unique index would hide a lost lock.
    live_through(ada, ["snooze"], start=NOW - timedelta(hours=1))
    settle(now=NOW)
    learn(ada.user.pk, now=NOW)
    live_through(ada, REACTIONS * 3)
    settle(now=NOW)
    counts: list[int] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        try:
            counts.append(learn(ada.user.pk, now=NOW))
        finally:
            database.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sum(counts) == len(REACTIONS) * 3
    assert PolicyState.objects.get().count == len(REACTIONS) * 3 + 1
    learned = bytes(PolicyState.objects.get().state)
    assert rebuild(ada.user.pk, now=NOW) == learned


@pytest.mark.django_db(transaction=True)
def test_two_devices_answering_at_once_one_counts_and_the_other_is_told():
    ada = person("ada@example.com", *things())
    tip = serve_tip(ada.user, now=NOW, rng=np.random.default_rng(1))
    assert tip
    answers = []
    start = threading.Barrier(2)

    def press(reaction: str) -> None:
        start.wait()
        try:
            said = react(ada.user, uuid.UUID(tip.id), reaction, dwell_ms=20_000, now=NOW)
            answers.append(said)
        finally:
            database.close()

    devices = [threading.Thread(target=press, args=[r]) for r in ("done", "dismiss")]
    for device in devices:
        device.start()
    for device in devices:
        device.join()
    assert sorted(answer.counted for answer in answers) == [False, True]
    assert len({answer.first for answer in answers}) == 1
    assert Feedback.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_devices_asking_at_once_see_one_and_the_same_tip():
    ada = person("ada@example.com", *things())
    seen: list[str] = []
    start = threading.Barrier(4)

    def ask(seed: int) -> None:
        start.wait()
        try:
            tip = serve_tip(ada.user, now=NOW, rng=np.random.default_rng(seed))
            seen.append(tip.id if tip else "")
        finally:
            database.close()

    devices = [threading.Thread(target=ask, args=[seed]) for seed in range(4)]
    for device in devices:
        device.start()
    for device in devices:
        device.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_reaction_travels_to_the_policy_through_the_outbox_alone(worker):
    from tests.flows.waiting import eventually

    ada = person("ada@example.com", *things())
    live_through(ada, REACTIONS)
    deliver(now=NOW)
    eventually(
        lambda: PolicyState.objects.filter(user=ada.user, count=len(REACTIONS)).exists(),
        what="all reactions learned",
    )


@pytest.mark.django_db
def test_one_person_who_cannot_be_taught_does_not_keep_the_others_from_learning():
    people = [person(f"p{n}@example.com", *things()) for n in range(3)]
    for someone in people:
        live_through(someone, REACTIONS)
    settle(now=NOW)
    Score.objects.filter(decision__user=people[0].user).delete()
    learn_sweep()
    taught = PolicyState.objects.filter(count=len(REACTIONS)).values_list("user_id", flat=True)
    assert sorted(taught) == [someone.user.pk for someone in people[1:]]


@pytest.mark.django_db(transaction=True)
def test_a_reset_that_races_with_learning_leaves_a_state_that_a_rebuild_would_give():
    for number in range(6):
        ada = person(f"ada{number}@example.com", *things())
        live_through(ada, REACTIONS)
        settle(now=NOW)
        start = threading.Barrier(2)

        def work(verb, user_id=ada.user.pk, start=start) -> None:
            start.wait()
            try:
                verb(user_id, now=NOW)
            finally:
                database.close()

        both = [threading.Thread(target=work, args=[verb]) for verb in (learn, reset)]
        for one in both:
            one.start()
        for one in both:
            one.join()
        row = PolicyState.objects.filter(user=ada.user).first()
        state = bytes(row.state) if row else None
        again = rebuild(ada.user.pk, now=NOW)
        assert state in (None, again)
        assert PolicyState.objects.get(user=ada.user).count == 0
