"""What decisions turned out to be worth, and which of them are left out."""

from datetime import timedelta

import pytest

from recommender.models import Decision, Reward
from recommender.outcomes import settled
from tests.people import NOW
from tests.recommender.history import lived, people

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
