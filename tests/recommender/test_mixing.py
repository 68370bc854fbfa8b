"""Mixing on the way to a tip: what it goes by is kept, made again, and obeyed; and costs no query."""

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from accounts import preferences
from agents.models import Candidate
from integrations.models import Task
from recommender import chain, replay, serving
from recommender.bandit.choose import choose, seeded
from recommender.bandit.features import vectorise_columns
from recommender.chain import FIRST, digest_of, link
from recommender.mix import Mixed
from recommender.models import Decision, Score
from recommender.react import expire, prune_unanswered, react, settle
from recommender.registry import policies
from recommender.replay import Verified, What, verify_user
from recommender.serving import Silence
from recommender.undo import undo
from recommender.why import why_this
from tests.people import NOW, Item, Person, person
from tests.recommender.lives import live_on, seen, things, tip_of

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=5)
ONLY_TASKS = {"task": 1.0}
NO_ADVICE = {"task": 0.8, "insight": 0.1, "reminder": 0.1}


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


@pytest.fixture
def ada() -> Person:
    return person("ada@example.com", *things(20))


def found(someone: Person) -> list[What]:
    return [d.what for d in verify_user(someone.user.pk, verified=Verified())]


def wants(someone: Person, shares: dict[str, float]) -> None:
    preferences.say(someone.user, "balance", shares, now=NOW)


def only(kind: str) -> None:
    Candidate.objects.exclude(kind=kind).update(retired_at=NOW)


def last() -> Score:
    return Score.objects.select_related("decision").order_by("-position")[0]


def because(score: Score) -> dict[str, str]:
    return {id_: why for _, id_, why in score.mixed["left_out"]}


def hashed_anew(someone: Person) -> None:
    previous = FIRST
    for row in Score.objects.filter(user=someone.user).order_by("position").values(*replay.COLUMNS):
        digest = digest_of(replay.as_hashed(row))
        previous = link(previous, digest)
        Score.objects.filter(pk=row["decision_id"]).update(digest=digest, hash=previous)


def test_what_was_just_shown_is_not_shown_again_while_there_is_something_else(ada):
    first = tip_of(ada)
    expire(now=LATER)
    ada.refreshed(LATER)
    for seed in range(8):
        Decision.objects.exclude(pk=first.id).delete()
        again = tip_of(ada, now=LATER, seed=seed)
        assert again.text != first.text
    shown = str(Decision.objects.get(pk=first.id).candidate_id)
    assert because(last()) == {shown: "shown"}
    assert shown not in last().candidates


def test_the_only_thing_there_is_to_say_is_said_again():
    ada = person("ada@example.com", Item("Call mum"))
    only("task")
    first = tip_of(ada)
    expire(now=LATER)
    assert tip_of(ada, now=LATER).text == first.text
    assert last().propensities == [1.0]


def test_what_was_put_off_comes_again_although_it_was_shown():
    ada = person("ada@example.com", Item("Call mum"), Item("Buy milk"))
    only("task")
    first = tip_of(ada)
    react(ada.user, uuid.UUID(first.id), "snooze", dwell_ms=None, now=NOW)
    again = NOW + timedelta(hours=3)
    ada.refreshed(again)
    only("task")
    tip_of(ada, now=again)
    assert len(last().candidates) == 2


def test_what_undo_displaced_was_not_shown(ada):
    (one,) = live_on(ada, "snooze")
    between = tip_of(ada, now=NOW + timedelta(minutes=1))
    displaced = str(Decision.objects.get(pk=between.id).candidate_id)
    undo(one, now=NOW + timedelta(minutes=2))
    react(ada.user, one, "dismiss", dwell_ms=None, now=NOW + timedelta(minutes=3))
    tip_of(ada, now=NOW + timedelta(minutes=3))
    assert displaced in last().candidates


def test_a_tip_that_is_just_found_untrue_was_not_shown(ada):
    tip_of(ada)
    Task.objects.filter(candidates__decisions__status="open").update(closed_at=NOW)
    tip_of(ada, now=NOW + timedelta(minutes=1))
    assert last().mixed["shown"] == last().mixed["before"] == []


def test_what_was_shown_more_than_four_weeks_ago_is_gone_by_no_more(ada):
    live_on(ada, "dismiss", "dismiss")
    much_later = NOW + timedelta(days=28)
    ada.refreshed(much_later)
    tip_of(ada, now=much_later)
    assert len(last().mixed["shown"]) == 1  # the second, a minute short of it
    Decision.objects.filter(pk=last().pk).delete()
    tip_of(ada, now=much_later + timedelta(minutes=1))
    assert last().mixed["shown"] == []


def test_the_balance_gives_another_kind_its_turn_and_says_so(ada):
    live_on(ada, *["dismiss"] * 7)
    kinds = list(Decision.objects.order_by("created_at").values_list("kind", flat=True))
    if "advice" in kinds:  # the policy tried one by itself
        Decision.objects.filter(kind="advice").update(kind="task")
    tip = tip_of(ada, now=NOW + timedelta(minutes=8))
    assert tip.kind == "advice"
    assert set(because(last()).values()) >= {"share"}
    assert (
        "Tasks had had their share lately." in why_this(ada.user, uuid.UUID(tip.id), now=NOW).text
    )
    wants(ada, ONLY_TASKS | {"task": 0.9, "advice": 0.1})
    Decision.objects.filter(pk=tip.id).delete()
    tip_of(ada, now=NOW + timedelta(minutes=8))
    assert last().mixed["whose"] == "user"
    assert "share" not in because(last()).values()


def test_whose_balance_it_was_is_told():
    ada = person("ada@example.com", *things(20))
    wants(ada, {"task": 0.1, "advice": 0.9})
    live_on(ada, "dismiss", "dismiss", "dismiss", "dismiss", "dismiss")
    tip = tip_of(ada, now=NOW + timedelta(minutes=9))
    told = why_this(ada.user, uuid.UUID(tip.id), now=NOW).text
    if "share" in because(last()).values():
        assert "had their share lately, by the balance you chose." in told


def test_a_kind_without_a_share_is_not_offered_and_where_there_is_no_other_all_is_quiet(ada):
    wants(ada, NO_ADVICE)
    for seed in range(6):
        Decision.objects.all().delete()
        assert tip_of(ada, seed=seed).kind != "advice"
        assert "unwanted" in because(last()).values()
    Decision.objects.all().delete()
    only("advice")
    look = seen(ada)
    assert look.shown is None
    assert not Decision.objects.exists()


def test_the_open_tip_gives_way_when_it_ran_out_and_nothing_wanted_is_left(ada):
    only("advice")
    first = tip_of(ada)
    wants(ada, NO_ADVICE)
    assert tip_of(ada).id == first.id  # from the next tip on
    assert seen(ada, now=LATER).shown is None
    assert Decision.objects.get().status == "expired"


def test_the_users_own_word_holds_over_what_was_inferred_and_that_over_the_start(ada):
    tip_of(ada)
    assert last().mixed["whose"] == "default"
    inferred = {"task": 0.4, "advice": 0.4, "insight": 0.1, "reminder": 0.1}
    preferences.infer(ada.user, "balance", inferred, confidence=0.5, now=NOW)
    Decision.objects.all().delete()
    tip_of(ada)
    assert (last().mixed["whose"], last().mixed["shares"]["advice"]) == ("inferred", 400)
    wants(ada, ONLY_TASKS)
    Decision.objects.all().delete()
    tip_of(ada)
    assert last().mixed["whose"] == "user"
    assert last().mixed["shares"] == {"task": 1000, "advice": 0, "insight": 0, "reminder": 0}
    preferences.unsay(ada.user, "balance", now=NOW)
    preferences.forget(ada.user, "balance", now=NOW)
    Decision.objects.all().delete()
    tip_of(ada)
    assert last().mixed["whose"] == "default"


def test_a_silence_is_not_ended_by_news_that_nobody_wants(settings):
    settings.ACTIVE_POLICY = "mute"
    settings.SILENCE_AFTER = 0
    with policies.replaced_by(
        "tests.recommender.silent.Mute", "recommender.bandit.policies.urgency.Urgency"
    ):
        ada = person("ada@example.com", *things(5))
        wants(ada, NO_ADVICE)
        first = seen(ada).shown
        assert isinstance(first, Silence)
        soon = NOW + timedelta(minutes=5)
        Candidate.objects.filter(kind="advice").update(created_at=soon)
        assert seen(ada, now=soon).shown == first
        Candidate.objects.filter(kind="task").update(created_at=soon)
        assert seen(ada, now=soon).shown != first


def test_the_propensities_are_those_over_what_was_eligible(ada):
    live_on(ada, "done", "dismiss", "snooze", "done", "dismiss", "done")
    for score in Score.objects.all():
        assert len(score.candidates) == len(score.propensities)
        assert sum(score.propensities) == pytest.approx(1, abs=1e-9)
        cls = type(policies.get(score.policy))
        assert not set(because(score)) & set(score.candidates)
        vectorise_columns(score.features, len(score.candidates), cls.feature_set)
    first = Score.objects.get(position=1)
    cls = type(policies.get(first.policy))
    X = vectorise_columns(first.features, len(first.candidates), cls.feature_set)
    assert choose(cls.fresh(), X, seeded(first.seed)).pmf.tolist() == first.propensities


def test_every_decision_is_made_again_also_what_there_was_to_choose_from(ada):
    wants(ada, NO_ADVICE)
    live_on(ada, *["done", "dismiss", "snooze", "dismiss"] * 4)
    preferences.unsay(ada.user, "balance", now=NOW)
    live_on(ada, "snooze", "snooze", "snooze", start=NOW + timedelta(minutes=20))
    Candidate.objects.update(resting_until=None)
    for hours in (1, 6, 11):
        expire(now=NOW + timedelta(hours=hours))
        tip_of(ada, now=NOW + timedelta(hours=hours))
    assert found(ada) == []
    left = {why for score in Score.objects.all() for why in because(score).values()}
    assert left == {"unwanted", "share", "shown"}


def test_clusters_and_topics_are_gone_by_and_made_again(ada):
    tasks = Candidate.objects.filter(kind="task")
    tasks.update(cluster="c1")
    odd = tasks.first()
    Candidate.objects.filter(pk=odd.pk).update(cluster="c2")
    Candidate.objects.filter(kind="advice").update(topic="calm")
    first = tip_of(ada, seed=3)
    chosen = Candidate.objects.get(decisions__pk=first.id)
    react(ada.user, uuid.UUID(first.id), "dismiss", dwell_ms=None, now=NOW)
    tip_of(ada, now=NOW + timedelta(minutes=1))
    if chosen.cluster == "c1":
        kept = [id_ for id_ in last().candidates if tasks.filter(pk=id_).exists()]
        assert kept == [str(odd.pk)]
        assert "alike" in because(last()).values()
    assert found(ada) == []


@pytest.mark.parametrize(
    "forge",
    [
        lambda mixed: {**mixed, "left_out": mixed["left_out"][1:]},
        lambda mixed: {**mixed, "shares": {**mixed["shares"], "task": 0}},
        lambda mixed: {**mixed, "shown": []},
        lambda mixed: {**mixed, "before": ["task"] * 20},
        lambda mixed: {"rule": 1},
    ],
)
def test_who_forges_what_there_was_to_choose_from_is_found_out(ada, forge):
    live_on(ada, "dismiss", "dismiss", "dismiss", "dismiss")
    score = last()
    assert score.mixed["left_out"] == []  # dismissed ones rest
    expire(now=LATER)
    tip_of(ada, now=LATER - timedelta(hours=4))
    expire(now=LATER + timedelta(hours=4))
    ada.refreshed(LATER)
    tip_of(ada, now=LATER)
    score = last()
    assert score.mixed["left_out"]
    Score.objects.filter(pk=score.pk).update(mixed=forge(score.mixed))
    assert What.TAMPERED in found(ada)
    hashed_anew(ada)
    assert found(ada) == [What.DIFFERS]


def test_a_rule_that_is_gone_is_said_to_be(ada):
    tip_of(ada)
    Score.objects.update(mixed={**last().mixed, "rule": 99})
    hashed_anew(ada)
    assert found(ada) == [What.NOT_INSTALLED]


def test_what_was_decided_before_there_was_mixing_is_as_it_was(ada, monkeypatch):
    """Its hash was made of what there was then, and what comes after continues its chain."""
    with monkeypatch.context() as before:
        before.setattr(serving, "mix", lambda living, *_, now: Mixed(tuple(range(len(living))), {}))
        live_on(ada, "done", "dismiss")
    old = list(Score.objects.order_by("position"))
    assert [score.mixed for score in old] == [{}, {}]
    columns = Score.objects.filter(pk=old[0].pk).values(*replay.COLUMNS)[0]
    was = {name: value for name, value in replay.as_hashed(columns).items() if name != "mixed"}
    assert chain.digest_of(was) == old[0].digest
    live_on(ada, "done", "dismiss", start=NOW + timedelta(hours=1))
    assert last().mixed["rule"] == 1
    assert found(ada) == []
    told = why_this(ada.user, old[0].pk, now=NOW).text
    assert "share" not in told
    assert "left out" not in told


def test_retention_empties_it_with_the_rest(ada):
    tip_of(ada)
    much_later = NOW + timedelta(days=91)
    expire(now=much_later)
    assert prune_unanswered(now=much_later, older_than=timedelta(days=90)) == 1
    assert last().mixed == {}
    assert found(ada) == []


def test_only_ids_and_labels_are_kept_and_no_words(ada):
    live_on(ada, "dismiss", "dismiss")
    told = str([score.mixed for score in Score.objects.all()])
    assert "Thing" not in told


def test_mixing_costs_no_query(ada):
    wants(ada, NO_ADVICE)
    live_on(ada, *["dismiss"] * 3)
    with CaptureQueriesContext(database) as fresh:
        tip_of(ada, now=NOW + timedelta(minutes=9))
    quiet = ("SAVEPOINT", "RELEASE", "BEGIN")
    assert len([q for q in fresh if not q["sql"].startswith(quiet)]) <= 5
    with CaptureQueriesContext(database) as reload:
        tip_of(ada, now=NOW + timedelta(minutes=9))
    assert len(reload) == 1


def test_over_weeks_the_kinds_come_out_as_somebody_chose(ada):
    """Through the real door, with a policy that draws anything: no more tasks than were wanted."""
    shares = {"task": 0.5, "advice": 0.5}
    wants(ada, shares)
    kinds = []
    rng = np.random.default_rng(5)
    for number in range(40):
        then = NOW + timedelta(minutes=number)
        tip = tip_of(ada, now=then, seed=int(rng.integers(1000)))
        kinds.append(tip.kind)
        react(ada.user, uuid.UUID(tip.id), "snooze", dwell_ms=None, now=then)
        Candidate.objects.update(resting_until=None)
    settle(now=NOW + timedelta(hours=1))
    assert kinds.count("task") <= 24
    assert kinds.count("advice") <= 24
    assert found(ada) == []
