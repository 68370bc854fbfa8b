"""What decisions turned out to be worth, and which of them are left out."""

from datetime import timedelta

import pytest

from recommender import live
from recommender.bandit.policies.uniform import Uniform
from recommender.bandit.policies.urgency import Urgency
from recommender.evaluate import evaluate
from recommender.models import Decision, Feedback, PolicyRun, Reward
from recommender.outcomes import settled
from recommender.react import expire
from recommender.shadow import start, sweep
from tests.people import NOW, Item, person
from tests.recommender.history import lived, people
from tests.recommender.test_late import only_tasks, shown, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


def counted() -> list:
    rows = settled(begins=NOW - timedelta(days=20), ends=NOW + timedelta(days=1))
    return [(row.user_id, row.reward) for row in rows]


def test_what_someone_had_forgotten_counts_for_nobody():
    ada, eve = people(2)
    lived([ada, eve], 6, ends=NOW - timedelta(days=1))
    assert len(counted()) == 12
    row = {"position": 7, "why": Reward.Why.RESET}
    Reward.objects.create(user=ada, at=NOW, **row)
    assert {user for user, _ in counted()} == {eve.pk}
    lived([ada], 2, ends=NOW + timedelta(hours=1), days=0.01, seed=5)
    assert [user for user, _ in counted()].count(ada.pk) == 2, "what came after it counts"


def test_what_was_answered_after_everything_was_forgotten_counts_for_those_who_look_back():
    ada, eve = people(2)
    for one in (ada, eve):
        (score,) = lived([one], 1, answered=0.0, ends=NOW - timedelta(days=1), seed=one.pk)
        Reward.objects.create(user=one, at=NOW, position=1, why=Reward.Why.RESET)
    Reward.objects.create(
        user=eve, at=NOW, position=2, why="late", decision_id=score.pk, reward=0.6
    )
    assert counted() == [(eve.pk, 0.6)], "policies have learned it too"


def test_a_turn_of_the_population_forgets_nothing():
    """What was learned is set aside; what was decided and answered was so all the same."""
    (ada,) = people(1)
    lived([ada], 6, ends=NOW - timedelta(days=1))
    Reward.objects.create(user=ada, at=NOW, position=7, why=Reward.Why.TURNED)
    assert len(counted()) == 6


def test_a_tip_that_ran_out_is_worth_nothing_and_one_that_was_taken_back_is_left_out():
    (ada,) = people(1)
    one, two, three = lived([ada], 3, answered=0.0)
    Decision.objects.filter(pk=two.pk).update(status="untrue")
    Decision.objects.filter(pk=three.pk).update(kind="silence")  # not settled yet
    assert counted() == [(ada.pk, 0.0)]
    assert one


def test_of_a_decision_that_was_corrected_the_last_word_counts():
    (ada,) = people(1)
    score = lived([ada], 1)[0]
    Reward.objects.create(
        user=ada, at=NOW, position=2, why="late", decision_id=score.pk, reward=0.25
    )
    assert counted() == [(ada.pk, 0.25)]
    Reward.objects.create(user=ada, at=NOW, position=3, why="undone", decision_id=score.pk)
    assert counted() == []


@pytest.mark.parametrize("ran_out", [False, True])
def test_a_tip_done_in_its_source_counts_for_those_who_look_back_as_it_does_for_policies(ran_out):
    """Whether it was still on the screen, and is taken back, or had run out by then."""
    ada = only_tasks(person("ada@example.com", Item("Water the plants")))
    shown(ada)
    far = NOW + timedelta(hours=5)
    if ran_out:
        expire(now=far)
    told(ada, now=far, closed_at=NOW + timedelta(minutes=1), closed_as="done")
    assert Decision.objects.get().status == ("expired" if ran_out else "untrue")
    assert Reward.objects.get().reward == 1.0
    assert counted() == [(ada.user.pk, 1.0)]


def test_a_tip_taken_back_after_its_answer_was_undone_is_left_out():
    (ada,) = people(1)
    (score,) = lived([ada], 1)
    Reward.objects.create(user=ada, at=NOW, position=2, why="undone", decision_id=score.pk)
    Decision.objects.update(status="untrue")
    assert counted() == []
    Decision.objects.update(status="expired")
    assert counted() == [(ada.pk, 0.0)], "nobody answered it"


def weighed() -> PolicyRun:
    return evaluate(Urgency, now=NOW)


@pytest.mark.parametrize("status", ["expired", "untrue"])
def test_a_policy_is_weighed_alike_whether_people_tap_done_or_do_it_in_their_list(settings, status):
    settings.ACTIVE_POLICY = "random"
    live._known = live.Known()
    lived(people(40), 20, policy=Uniform, ends=NOW - timedelta(days=2))
    start("urgency", now=NOW - timedelta(days=40))
    sweep(now=NOW, limit=5_000)
    tapped = weighed()
    good = list(Reward.objects.filter(reward__gt=0).values_list("decision_id", flat=True))
    assert good
    Feedback.objects.filter(pk__in=good).delete()
    Reward.objects.filter(decision__in=good).update(why="late")
    Decision.objects.filter(pk__in=good).update(status=status)
    assert weighed().numbers == tapped.numbers
