"""The tip: the same one until it is answered, old or untrue; sensible from the first; explained."""

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from agents.models import Candidate
from agents.pool import rest
from integrations import snapshot
from integrations.models import Task
from oo.events.models import Record
from recommender.bandit.choose import choose, seeded
from recommender.bandit.features import vectorise_columns
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.models import Decision, Feedback, PolicyState, Score
from recommender.react import NoSuchTip, close_untrue, expire, prune_unanswered, react, settle
from recommender.registry import policies
from recommender.serving import serve_tip
from tests.people import NOW, Item, person

pytestmark = pytest.mark.django_db

DENTIST = Item("Call the dentist", priority=4, due_on=NOW.date() - timedelta(days=2))
MILK = Item("Buy milk")


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_first_tip_of_a_newcomer_is_the_urgent_overdue_task():
    ada = person("ada@example.com", MILK, DENTIST, Item("Read about beetles"))
    texts = [serve(ada, seed=seed) for seed in range(12)]
    # One decision in ten explores, so now and then it is another one.
    assert texts.count("Would now be a good time? Call the dentist") >= 8


def serve(someone, *, seed: int = 7, now=NOW) -> str | None:
    Decision.objects.filter(user=someone.user).delete()
    tip = serve_tip(someone.user, now=now, rng=rng(seed))
    return tip.text if tip else None


def test_a_reload_shows_the_same_tip_until_it_is_answered():
    ada = person("ada@example.com", *[Item(f"Thing {n}") for n in range(20)])
    first = serve_tip(ada.user, now=NOW, rng=rng(1))
    assert first is not None
    for seed in range(5):
        later = NOW + timedelta(minutes=seed)
        assert serve_tip(ada.user, now=later, rng=rng(seed)) == first
    react(ada.user, uuid.UUID(first.id), "snooze", dwell_ms=1000, now=NOW)
    second = serve_tip(ada.user, now=NOW, rng=rng(1))
    assert second is not None
    assert second.id != first.id
    assert second.text != first.text


def test_a_tip_that_is_older_than_four_hours_gives_way_to_a_new_decision(settings):
    ada = person("ada@example.com", MILK, DENTIST)
    first = serve_tip(ada.user, now=NOW, rng=rng())
    still = serve_tip(ada.user, now=NOW + timedelta(hours=3, minutes=59), rng=rng())
    later = serve_tip(ada.user, now=NOW + timedelta(hours=4, seconds=1), rng=rng())
    assert first
    assert still == first
    assert later
    assert later.id != first.id
    assert Decision.objects.get(pk=first.id).status == Decision.Status.EXPIRED


def test_a_tip_about_a_task_that_was_completed_in_its_source_is_gone_at_the_next_look():
    ada = person("ada@example.com", DENTIST)
    Candidate.objects.filter(kind="advice").delete()
    first = serve_tip(ada.user, now=NOW, rng=rng())
    assert first
    Task.objects.update(closed_at=NOW, closed_as="done")
    assert serve_tip(ada.user, now=NOW, rng=rng()) is None
    assert Decision.objects.get(pk=first.id).status == Decision.Status.UNTRUE


def test_a_tip_whose_words_are_lost_is_not_shown_as_an_empty_sentence():
    ada = person("ada@example.com", DENTIST)
    first = serve_tip(ada.user, now=NOW, rng=rng())
    snapshot.drop(ada.connection.pk)
    second = serve_tip(ada.user, now=NOW, rng=rng())
    assert first
    assert second is not None
    assert second.kind == "advice"


def test_nothing_to_say_is_an_answer():
    ada = person("ada@example.com")
    Candidate.objects.all().delete()
    assert serve_tip(ada.user, now=NOW, rng=rng()) is None
    assert not Decision.objects.exists()


def test_someone_elses_candidates_are_never_chosen():
    person("eve@example.com", DENTIST)
    ada = person("ada@example.com", MILK)
    for seed in range(10):
        text = serve(ada, seed=seed)
        assert text
        assert "dentist" not in text


def test_a_new_tip_takes_at_most_five_queries_and_a_reload_one():
    ada = person("ada@example.com", *[Item(f"Thing {n}") for n in range(97)])
    with CaptureQueriesContext(
        database,
    ) as fresh:
        serve_tip(ada.user, now=NOW, rng=rng())
    asked = [q["sql"] for q in fresh if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN"))]
    assert len(asked) <= 5, asked
    with CaptureQueriesContext(database) as reload:
        serve_tip(ada.user, now=NOW, rng=rng())
    assert len(reload) == 1


def test_the_score_explains_the_decision_well_enough_to_make_it_again():
    ada = person("ada@example.com", MILK, DENTIST, *[Item(f"Thing {n}") for n in range(10)])
    tip = serve_tip(ada.user, now=NOW, rng=rng(3))
    assert tip
    score = Score.objects.select_related("decision").get(decision_id=tip.id)
    assert len(score.candidates) == len(score.scores) == len(score.propensities) == 15
    assert sum(score.propensities) == pytest.approx(1, abs=1e-9)
    assert str(score.decision.candidate_id) == score.candidates[score.chosen]
    assert score.decision.propensity == score.propensities[score.chosen]
    cls = type(policies.get(score.policy))
    X = vectorise_columns(score.features, len(score.candidates), cls.feature_set)
    again = choose(cls.fresh(), X, seeded(score.seed))
    assert again.index == score.chosen
    assert again.pmf.tolist() == score.propensities
    assert again.scores.tolist() == score.scores


def test_serving_a_tip_is_an_event_with_ids_and_no_words():
    ada = person("ada@example.com", DENTIST)
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    record = Record.objects.get(subject="signals.tip.served")
    assert record.payload["decision_id"] == tip.id
    assert "dentist" not in str(record.payload)


@pytest.mark.parametrize("fault", ["raises", "hangs", "nonsense"])
def test_a_policy_that_fails_or_hangs_is_passed_over_for_the_urgency_rule(fault, settings):
    settings.ACTIVE_POLICY = "broken"
    settings.POLICY_BUDGET_MS = 30
    ada = person("ada@example.com", MILK, DENTIST)
    with policies.replaced_by(
        f"tests.recommender.broken.{fault.capitalize()}",
        "recommender.bandit.policies.urgency.Urgency",
    ):
        tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    assert tip.text == "Would now be a good time? Call the dentist"
    score = Score.objects.get(decision_id=tip.id)
    assert score.policy == "urgency"
    assert score.fell_back_from == "broken"
    assert score.fell_back_because


def test_a_corrupt_state_does_not_cost_the_user_their_tip(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    ada = person("ada@example.com", MILK, DENTIST)
    PolicyState.objects.create(
        user=ada.user,
        policy="egreedy-v1",
        version=EpsilonGreedy.version,
        state=b"rubbish",
        updated_at=NOW,
    )
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    assert Score.objects.get(decision_id=tip.id).fell_back_from == "egreedy-v1"


def test_the_first_of_two_reactions_counts_and_the_other_gets_a_friendly_answer():
    ada = person("ada@example.com", DENTIST)
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    tip_id = uuid.UUID(tip.id)
    first = react(ada.user, tip_id, "dismiss", dwell_ms=900, now=NOW)
    second = react(ada.user, tip_id, "done", dwell_ms=99_000, now=NOW)
    again = react(ada.user, tip_id, "dismiss", dwell_ms=1, now=NOW)
    assert first.counted
    assert not second.counted
    assert "another device" in second.says
    assert not again.counted
    assert again.says == first.says
    assert Feedback.objects.get().reaction == "dismiss"
    assert Task.objects.get().closed_at is None


def test_nobody_can_answer_another_persons_tip():
    ada, eve = person("ada@example.com", DENTIST), person("eve@example.com", MILK)
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    with pytest.raises(NoSuchTip):
        react(eve.user, uuid.UUID(tip.id), "done", dwell_ms=None, now=NOW)
    assert Decision.objects.get(pk=tip.id).status == Decision.Status.OPEN


@pytest.mark.parametrize(
    ("reaction", "claimed_ms", "after_seconds", "worth"),
    [
        ("dismiss", 500, 10, -1.0),
        ("snooze", 500, 10, 0.1),
        ("done", 14_999, 3600, -0.3),
        ("done", 15_000, 3600, 1.0),
        ("done", 120_000, 3600, 0.6),
        ("done", 600_000, 3600, 0.3),
        ("done", 60_000, 5, -0.3),  # it can't have been visible longer than it existed
        ("done", None, 60, 1.0),  # no JavaScript: the time since it was chosen stands for it
    ],
)
def test_a_reaction_is_worth_what_the_table_says(reaction, claimed_ms, after_seconds, worth):
    ada = person("ada@example.com", DENTIST)
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    then = NOW + timedelta(seconds=after_seconds)
    react(ada.user, uuid.UUID(tip.id), reaction, dwell_ms=claimed_ms, now=then)
    settle(now=then)
    settle(now=then)
    assert Feedback.objects.get().reward == worth
    assert Record.objects.filter(subject="feedback.reward.settled").count() == 1


def test_a_reaction_that_comes_after_the_tip_ran_out_still_counts():
    ada = person("ada@example.com", DENTIST)
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    late = NOW + timedelta(hours=5)
    assert expire(now=late) == 1
    assert react(ada.user, uuid.UUID(tip.id), "done", dwell_ms=20_000, now=late).counted


def test_a_dismissed_tip_rests_for_days_and_a_snoozed_one_for_hours():
    ada = person("ada@example.com", DENTIST)
    Candidate.objects.filter(kind="advice").delete()
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    react(ada.user, uuid.UUID(tip.id), "snooze", dwell_ms=900, now=NOW)
    assert serve_tip(ada.user, now=NOW + timedelta(minutes=119), rng=rng()) is None
    soon = NOW + timedelta(minutes=121)
    back = serve_tip(ada.user, now=soon, rng=rng())
    assert back
    react(ada.user, uuid.UUID(back.id), "dismiss", dwell_ms=900, now=soon)
    ada.refreshed(soon + timedelta(days=2))
    Candidate.objects.filter(kind="advice").delete()
    assert serve_tip(ada.user, now=soon + timedelta(days=2), rng=rng()) is None


def test_the_open_tip_is_taken_back_when_its_connection_is_cut():
    ada = person("ada@example.com", DENTIST)
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    ada.connection.delete()
    assert close_untrue(ada.user.pk, now=NOW) == 1


def test_an_answer_counts_although_redis_was_gone_for_a_moment(redis_server):
    ada = person("ada@example.com", DENTIST)
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    texts = snapshot.read(ada.connection.pk)
    snapshot.drop(ada.connection.pk)
    assert serve_tip(ada.user, now=NOW, rng=rng()) != tip
    snapshot.write(ada.connection.pk, texts or {}, lasts=timedelta(hours=1))
    assert react(ada.user, uuid.UUID(tip.id), "done", dwell_ms=None, now=NOW).counted
    assert Task.objects.get().closed_as == "done"


def test_a_tip_stays_although_its_candidate_would_not_be_written_any_more():
    ada = person("ada@example.com", DENTIST)
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    Candidate.objects.update(retired_at=NOW)
    assert tip
    assert serve_tip(ada.user, now=NOW, rng=rng()) == tip


def test_not_this_to_a_reminder_is_not_this_to_its_task_too():
    soon = Item("Call mum", due_on=NOW.date(), due_at=NOW + timedelta(hours=1))
    ada = person("ada@example.com", soon)
    Candidate.objects.filter(kind="advice").delete()
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    react(ada.user, uuid.UUID(tip.id), "dismiss", dwell_ms=900, now=NOW)
    ada.refreshed(NOW + timedelta(minutes=1))
    Candidate.objects.filter(kind="advice").delete()
    assert serve_tip(ada.user, now=NOW + timedelta(minutes=1), rng=rng()) is None


def test_an_answer_from_last_month_teaches_and_does_nothing_else():
    ada = person("ada@example.com", DENTIST)
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    later = NOW + timedelta(days=30)
    expire(now=later)
    assert tip
    assert react(ada.user, uuid.UUID(tip.id), "done", dwell_ms=None, now=later).counted
    assert Task.objects.get().closed_at is None
    assert Candidate.objects.get(kind="task").resting_until is None


def test_a_later_snooze_does_not_shorten_a_dismissal():
    ada = person("ada@example.com", DENTIST)
    candidate = Candidate.objects.get(kind="task")
    rest(candidate, until=NOW + timedelta(days=7))
    rest(candidate, until=NOW + timedelta(hours=2))
    assert Candidate.objects.get(kind="task").resting_until == NOW + timedelta(days=7)
    assert ada


def test_decisions_that_nobody_answered_are_emptied_after_a_while_and_answered_ones_stay():
    ada = person("ada@example.com", DENTIST, MILK)
    answered = serve_tip(ada.user, now=NOW, rng=rng())
    assert answered
    react(ada.user, uuid.UUID(answered.id), "snooze", dwell_ms=900, now=NOW)
    serve_tip(ada.user, now=NOW, rng=rng())
    later = NOW + timedelta(days=91)
    expire(now=later)
    assert prune_unanswered(now=later, older_than=timedelta(days=90)) == 1
    assert prune_unanswered(now=later, older_than=timedelta(days=90)) == 0
    full, empty = Score.objects.order_by("position")
    assert str(full.pk) == answered.id
    assert len(full.features) > 5
    assert empty.pruned_at == later
    assert (empty.features, empty.candidates, empty.scores) == ({}, [], [])
    assert empty.decision.candidate is None
    assert full.decision.candidate is not None


def test_a_state_of_an_older_version_is_not_an_error_and_is_made_anew(worker_of_learning, settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    ada = person("ada@example.com", MILK, DENTIST)
    PolicyState.objects.create(
        user=ada.user, policy="egreedy-v1", version="0", state=b"old", updated_at=NOW
    )
    tip = serve_tip(ada.user, now=NOW, rng=rng())
    assert tip
    assert Score.objects.get(decision_id=tip.id).fell_back_from == ""
    assert worker_of_learning == [ada.user.pk]


@pytest.fixture
def worker_of_learning(monkeypatch) -> list[int]:
    """Whom learning was asked for."""
    asked: list[int] = []
    monkeypatch.setattr(
        "recommender.serving.wake_soon", lambda job, key, *, seconds: asked.append(key)
    )
    return asked
