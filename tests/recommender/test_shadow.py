"""Shadows decide what was decided, knowing what was known then; once each; and never serve."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from recommender import live, shadow
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.prior import Prior
from recommender.learn import project, rebuild
from recommender.models import Decision, PolicyShadow, PolicyState, Reward, Score, ShadowScore
from recommender.registry import policies
from recommender.shadow import start, stop, sweep
from tests.people import NOW
from tests.recommender.broken import Raises
from tests.recommender.history import lived, people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgetful(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    live._known = live.Known()


def sent_out(policy: str = "linucb") -> PolicyShadow:
    start(policy, now=NOW - timedelta(days=30))
    return PolicyShadow.objects.get(policy=policy)


def swept(limit: int = 500, now=NOW) -> int:
    total = 0
    while done := sweep(now=now, limit=limit):
        total += done
    return total


def test_a_shadow_of_the_live_policy_does_what_the_live_policy_did_to_the_last_bit():
    lived(people(3), 12)
    sent_out("egreedy-v1")
    assert swept() == 36
    for score in Score.objects.all():
        mine = ShadowScore.objects.get(decision=score.pk)
        assert mine.pmf == score.propensities
        assert mine.agreement == score.decision.propensity
        assert mine.same_best
        assert mine.state_count == score.state_count
        assert mine.prior_version == score.prior_version


@pytest.mark.parametrize("limit", [1, 7, 500])
def test_in_whatever_portions_it_is_swept_the_same_comes_of_it(limit):
    users = people(3)
    lived(users, 10)
    sent_out()
    assert swept(limit) == 30
    kept = ShadowScore.objects.order_by("decision").values_list("pmf", "state_count", "expected")
    found = list(kept)
    ShadowScore.objects.all().delete()
    PolicyState.objects.all().delete()
    PolicyShadow.objects.all().delete()
    sent_out()
    assert swept() == 30
    assert list(kept.all()) == found
    # What it knows at the end is what the ledger says, up to the last decision.
    for user in users:
        state = PolicyState.objects.get(user=user, policy="linucb")
        assert state.through == 9
        Reward.objects.filter(user=user, position=10).delete()
        assert bytes(state.state) == rebuild(user.pk, now=NOW, cls=LinUCB)


def test_what_was_corrected_taken_back_or_forgotten_is_so_for_a_shadow_too():
    (ada,) = people(1)
    scores = lived([ada], 8)
    first = Reward.objects.get(user=ada, position=1)
    last = Score.objects.get(user=ada, position=8)
    for position, why, decision, reward in (
        (9, "late", first.decision_id, -0.5),
        (10, "undone", scores[1].decision_id, None),
        (11, "reset", None, None),
        (12, "late", scores[3].decision_id, 0.4),
    ):
        Reward.objects.create(
            user=ada, position=position, why=why, decision_id=decision, reward=reward, at=NOW
        )
    for through in (8, 9, 10, 11, 12):
        PolicyState.objects.all().delete()
        PolicyShadow.objects.all().delete()
        ShadowScore.objects.all().delete()
        Score.objects.filter(pk=last.pk).update(through=through)
        sent_out("egreedy-v1")
        assert swept() == 8
        expected = rebuilt(ada.pk, through)
        assert ShadowScore.objects.get(decision=last.pk).state_count == expected.count
        state = PolicyState.objects.get(user=ada, policy="egreedy-v1")
        assert bytes(state.state) == expected.state()
    assert expected.count == 1, "all but the last was forgotten"


def rebuilt(user_id: int, through: int):
    from recommender.learn import fold, read

    rows = Reward.objects.filter(user_id=user_id, position__lte=through)
    return fold(EpsilonGreedy.fresh(), list(read(rows)), {})


def test_a_decision_is_decided_once_and_new_ones_are_found():
    users = people(2)
    lived(users, 5, ends=NOW - timedelta(days=2))
    sent_out()
    assert swept(now=NOW - timedelta(days=2)) == 10
    assert swept(now=NOW - timedelta(days=2)) == 0
    lived(users, 3, ends=NOW, days=1, seed=9)
    assert swept() == 6
    assert ShadowScore.objects.count() == 16


def test_a_shadow_changes_nothing_that_is_served(django_assert_num_queries):
    (ada,) = people(1)
    lived([ada], 5)
    before = list(Decision.objects.values()), list(Score.objects.values())
    sent_out()
    swept()
    assert before == (list(Decision.objects.values()), list(Score.objects.values()))
    assert live.present(ada.pk, now=NOW).policy is EpsilonGreedy


def test_silence_is_not_offered_to_who_knows_nothing_of_it():
    (ada,) = people(1)
    score = lived([ada], 1)[0]
    row = Score.objects.get(pk=score.pk)
    row.candidates = [*row.candidates[:-1], None]
    row.chosen = 4
    row.save()
    sent_out()
    swept()
    mine = ShadowScore.objects.get()
    assert len(mine.pmf) == 4
    assert sum(mine.pmf) == pytest.approx(1, abs=1e-9)
    assert mine.agreement == 0.0


def test_a_shadow_that_fails_says_so_and_holds_up_nobody():
    lived(people(2), 3)
    paths = [f"{type(p).__module__}.{type(p).__name__}" for p in policies]
    with policies.replaced_by(*paths, f"{Raises.__module__}.{Raises.__name__}"):
        sent_out("broken")
        sent_out("linucb")
        assert swept() == 6
        broken = PolicyShadow.objects.get(policy="broken")
        assert broken.error == "RuntimeError: no"
        assert broken.claimed_until is None
        assert not ShadowScore.objects.filter(policy="broken").exists()


def test_the_setting_starts_and_ends_shadows_and_leaves_the_operators_alone(settings):
    settings.SHADOW_POLICIES = ["linucb", "random"]
    start("urgency", now=NOW)
    shadow.appoint(now=NOW)
    shadow.appoint(now=NOW)
    settings.SHADOW_POLICIES = ["random"]
    shadow.appoint(now=NOW)
    rows = PolicyShadow.objects.values_list("policy", "running")
    assert dict(rows) == {"linucb": False, "random": True, "urgency": True}
    settings.SHADOW_POLICIES = ["random", "linucb"]
    shadow.appoint(now=NOW + timedelta(days=9))
    again = PolicyShadow.objects.get(policy="linucb")
    assert again.running
    assert again.begins == NOW + timedelta(days=9), "what was decided in between is not its own"
    assert stop("random")
    assert not stop("random")
    with pytest.raises(KeyError):
        start("nobody", now=NOW)


def test_one_worker_at_a_time_is_at_a_shadow():
    lived(people(1), 3)
    one = sent_out()
    PolicyShadow.objects.filter(pk=one.pk).update(claimed_until=NOW + timedelta(minutes=1))
    assert sweep(now=NOW) == 0
    assert sweep(now=NOW + timedelta(minutes=2)) == 3, "its lease ran out: the worker was killed"


def test_two_workers_on_the_same_decisions_leave_one_row_each():
    lived(people(2), 4)
    one = sent_out()
    seen = [shadow.Seen._make(row) for row in shadow._unseen(one).values_list(*shadow.COLUMNS)]
    for _ in range(2):
        done, learners, error = shadow._decide_all(LinUCB, seen)
        assert not error
        shadow._keep(done, learners, {row.decision_id: row.user_id for row in seen}, NOW)
    assert ShadowScore.objects.count() == 8


def test_a_decision_costs_few_queries():
    lived(people(30), 4)
    sent_out()
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        assert sweep(now=NOW) == 120
    assert len(queries) < 30


def test_a_state_that_came_further_than_the_decision_is_not_used_for_it_nor_set_back():
    """As when the shadow's policy serves someone in an experiment, and learns with every answer."""
    users = people(2)
    lived(users, 6)
    project(EpsilonGreedy, [user.pk for user in users], now=NOW)
    before = list(PolicyState.objects.order_by("pk").values_list("through", "state"))
    sent_out("egreedy-v1")
    assert swept() == 12
    for score in Score.objects.all():
        assert ShadowScore.objects.get(decision=score.pk).pmf == score.propensities
    assert list(PolicyState.objects.order_by("pk").values_list("through", "state")) == before


def test_the_agreement_is_the_probability_of_the_same_action():
    lived(people(5), 10)
    sent_out()
    swept()
    for mine in ShadowScore.objects.select_related("decision__score"):
        score = mine.decision.score
        assert mine.agreement == mine.pmf[score.chosen]
        assert mine.same_best == (np.argmax(mine.pmf) == np.argmax(score.propensities))


def test_after_a_reset_a_shadow_starts_from_the_population_again(monkeypatch):
    rule = EpsilonGreedy.first_prior()
    prior = Prior("of everyone", rule.mean, rule.precision)
    monkeypatch.setattr(live, "prior_in_use", lambda cls: prior)
    (ada,) = people(1)
    lived([ada], 4)
    Reward.objects.create(user=ada, position=5, why="reset", at=NOW)
    Score.objects.filter(user=ada, position=4).update(through=5)
    sent_out("egreedy-v1")
    assert swept() == 4
    versions = ShadowScore.objects.values_list("prior_version", "state_count")
    assert sorted(versions) == [("of everyone", n) for n in (0, 0, 1, 2)]


def test_a_decision_that_is_committed_a_little_late_is_not_missed():
    sent_out()
    assert sweep(now=NOW) == 0
    lived(people(1), 1, ends=NOW - timedelta(minutes=1), days=0.001)
    assert sweep(now=NOW + timedelta(minutes=1)) == 1
