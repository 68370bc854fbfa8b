"""What a roll-back returns to when policies have left the house, and what the guard then says."""

from datetime import timedelta

import pytest

from recommender import live
from recommender.bandit.policies.urgency import Urgency
from recommender.models import PolicyDeployment, PolicyRun, Score
from recommender.promote import CantPromote, roll_back, watch
from tests.people import NOW
from tests.recommender.history import lived, people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_orders_seen")]


def were_live(*ids: str) -> list[PolicyDeployment]:
    """One after the other, ten days each, the last since ten days ago."""
    made: list[PolicyDeployment] = []
    for number, policy in enumerate(ids):
        began = NOW - timedelta(days=10 * (len(ids) - number))
        ended = None if number == len(ids) - 1 else began + timedelta(days=10)
        made.append(
            PolicyDeployment.objects.create(
                policy=policy, policy_version="1", how="forced", began_at=began, ended_at=ended,
                before=made[-1] if made else None,
            )
        )  # fmt: skip
    return made


def test_a_roll_back_passes_over_what_is_not_installed_any_more():
    first, *_ = were_live("random", "urgency", "gone", "long gone", "linucb")
    made = roll_back("It was worse.", now=NOW)
    assert (made.policy, made.before) == ("urgency", first)
    assert live.present(1, now=NOW).policy is Urgency


def test_a_roll_back_to_the_same_policy_would_change_nothing_and_goes_one_further():
    were_live("urgency", "linucb", "gone", "linucb")
    assert roll_back("It was worse.", now=NOW).policy == "urgency"


@pytest.mark.parametrize("before", [("gone",), ("linucb", "gone")])
def test_where_none_before_it_is_installed_a_roll_back_says_so(before):
    were_live(*before, "linucb")
    with pytest.raises(CantPromote, match=r"no other policy .* before linucb is installed"):
        roll_back("It was worse.", now=NOW)


def failing() -> None:
    scores = lived(people(6), 10, policy=Urgency, ends=NOW, days=0.02)
    Score.objects.filter(pk__in=[one.pk for one in scores]).update(fell_back_from="linucb")


def test_where_there_is_nothing_to_go_back_to_the_guard_says_what_it_sees_once_a_day():
    were_live("gone", "linucb")
    assert watch(now=NOW - timedelta(hours=2)).verdict == "passed"
    failing()
    assert watch(now=NOW).verdict == "alarm", "a quiet look before it hides nothing"
    for minutes in (5, 10, 15):
        assert watch(now=NOW + timedelta(minutes=minutes)) is None
    assert PolicyRun.objects.filter(kind="guard", verdict="alarm").count() == 1
    assert PolicyDeployment.objects.get(ended_at=None).policy == "linucb"


def test_the_guard_goes_back_past_what_is_not_installed_any_more():
    were_live("urgency", "gone", "linucb")
    failing()
    assert watch(now=NOW).verdict == "alarm"
    assert live.present(1, now=NOW).policy is Urgency
