"""Who chooses now: from orders that every change rewrites and every request is told of for free."""

from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.test.utils import CaptureQueriesContext, override_settings

from accounts.models import User
from recommender import live as module
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.policies.urgency import Urgency
from recommender.bandit.prior import Prior
from recommender.live import (
    changing,
    columns,
    live,
    prior_in_use,
    refresh,
    serving,
    stamp,
    standing,
)
from recommender.models import Orders, PolicyDeployment, PolicyExperiment, PolicyPrior
from tests.people import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


@pytest.fixture(autouse=True)
def forgetful(settings):
    """Each test is a process that has seen no orders yet."""
    settings.ACTIVE_POLICY = "egreedy-v1"
    module._known = module.Known()
    yield
    module._known = module.Known()


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.com")


def seat(user: User):
    told = columns(stamp())
    return User.objects.filter(pk=user.pk).annotate(**told).values(*told).get()


def asked(user: User) -> module.Live:
    """As the request path asks: one query on the user."""
    return live(user.pk, seat(user), now=NOW)


def deploy(policy: str) -> None:
    with changing(NOW):
        PolicyDeployment.objects.filter(ended_at=None).update(ended_at=NOW)
        PolicyDeployment.objects.create(
            policy=policy, policy_version="1", how="forced", began_at=NOW
        )


def prior(version: str, policy: type = EpsilonGreedy, mean: float = 0.1, **more) -> PolicyPrior:
    width = policy.feature_set.width
    made = Prior(version, np.full(width, mean), np.eye(width))
    given = {
        "policy": policy.id, "version": version, "policy_version": policy.version,
        "payload": made.to_bytes(), "source": "estimated", "created_at": NOW, "current": True,
    } | more  # fmt: skip
    with changing(NOW):
        return PolicyPrior.objects.create(**given)


@override_settings(ACTIVE_POLICY="linucb")
def test_without_orders_the_setting_says_who_chooses(ada):
    assert asked(ada).policy is LinUCB
    assert asked(ada).experiment == asked(ada).arm == ""
    assert standing() is LinUCB


def test_a_change_is_in_force_for_the_next_request_and_costs_no_query_more(
    ada, django_assert_num_queries
):
    assert asked(ada).policy is EpsilonGreedy
    deploy("linucb")
    with django_assert_num_queries(1):
        assert asked(ada).policy is LinUCB
    with django_assert_num_queries(0):
        assert live(ada.pk, now=NOW).policy is LinUCB


def test_what_is_known_is_not_sent_again(ada):
    prior("p1")
    first, second = seat(ada), (asked(ada), seat(ada))[1]
    assert first["orders_says"]
    assert second["orders_stamp"] == first["orders_stamp"]
    assert second["orders_says"] is None


def test_a_new_prior_is_used_without_a_query_of_its_own(ada, django_assert_num_queries):
    asked(ada)
    prior("p1", mean=0.25)
    with django_assert_num_queries(1):
        now = asked(ada)
    assert now.prior is not None
    assert now.prior.version == "p1"
    assert now.load(None).expected(np.ones((1, 7)))[0] == pytest.approx(7 * 0.25)
    assert prior_in_use(EpsilonGreedy).version == "p1"
    assert prior_in_use(Urgency) is None


def test_a_prior_that_does_not_fit_is_passed_over(ada):
    prior("wrong", payload=b"nothing")
    assert asked(ada).prior == module.standard_prior(EpsilonGreedy)
    PolicyPrior.objects.all().delete()
    narrow = Prior("narrow", np.zeros(5), np.eye(5))
    prior("narrow", payload=narrow.to_bytes())
    assert asked(ada).prior == module.standard_prior(EpsilonGreedy)
    PolicyPrior.objects.all().delete()
    prior("old", policy_version="0")
    assert asked(ada).prior == module.standard_prior(EpsilonGreedy)


def test_a_policy_that_is_not_installed_gives_way_to_the_setting(ada, caplog):
    deploy("gone")
    assert asked(ada).policy is EpsilonGreedy
    assert "gone is ordered, but not installed" in caplog.text


def test_orders_that_vanish_are_noticed(ada):
    deploy("linucb")
    assert asked(ada).policy is LinUCB
    Orders.objects.all().delete()
    assert asked(ada).policy is EpsilonGreedy


def test_a_change_that_fails_leaves_the_orders_as_they_were(ada):
    deploy("linucb")
    before = Orders.objects.get().stamp

    def fail() -> None:
        with changing(NOW):
            PolicyDeployment.objects.update(policy="urgency")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert Orders.objects.get().stamp == before
    assert asked(ada).policy is LinUCB


def test_there_is_one_live_policy_one_experiment_and_one_current_prior():
    deploy("linucb")
    prior("p1")
    PolicyExperiment.objects.create(name="a", arms=[], created_at=NOW, started_at=NOW)
    for make in (
        lambda: PolicyDeployment.objects.create(policy="x", how="forced", began_at=NOW),
        lambda: prior("p2"),
        lambda: PolicyExperiment.objects.create(
            name="b", arms=[], created_at=NOW, started_at=NOW + timedelta(1)
        ),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            make()


def experiment(*shares: float, **more) -> None:
    arms = [
        {"name": name, "policy": policy, "share": share}
        for name, policy, share in zip("ab", ("linucb", "urgency"), shares, strict=True)
    ]
    given = {"name": "try", "arms": arms, "created_at": NOW, "started_at": NOW} | more
    with changing(NOW):
        PolicyExperiment.objects.create(**given)
    refresh()


def test_people_are_shared_out_by_a_hash_and_stay_where_they_are():
    experiment(0.7, 0.3)
    arms = [live(user_id, now=NOW) for user_id in range(4000)]
    counts = {name: sum(one.arm == name for one in arms) for name in ("a", "b")}
    assert counts["a"] == pytest.approx(2800, abs=120)
    assert counts["b"] == 4000 - counts["a"]
    assert {one.policy for one in arms if one.arm == "a"} == {LinUCB}
    assert {one.policy for one in arms if one.arm == "b"} == {Urgency}
    assert {one.experiment for one in arms} == {"try"}
    later = NOW + timedelta(days=40)
    assert [live(n, now=later).arm for n in range(4000)] == [one.arm for one in arms]
    assert serving() == [EpsilonGreedy, LinUCB, Urgency]


def test_in_bandit_mode_the_shares_of_the_day_hold_until_there_are_newer_ones():
    shares = {"2026-11-18": [0.1, 0.9], "2026-11-20": [0.8, 0.2]}
    experiment(0.5, 0.5, mode="bandit", shares=shares)

    def share(now) -> float:
        return sum(live(n, now=now).arm == "a" for n in range(2000)) / 2000

    for day, expected in ((-1, 0.5), (0, 0.1), (1, 0.1), (2, 0.8), (9, 0.8)):
        assert share(NOW + timedelta(days=day)) == pytest.approx(expected, abs=0.04), day


def test_two_threads_with_other_orders_in_mind_read_the_right_ones(ada):
    """One builds its query; another thread learns newer orders before the answer is there."""
    deploy("linucb")
    refresh()
    row = seat(ada)  # says nothing: these orders are known
    module._known = module.Known("other")
    with CaptureQueriesContext(module.transaction.get_connection()) as queries:
        assert live(ada.pk, row, now=NOW).policy is LinUCB
    assert len(queries) == 1


def test_who_knew_other_orders_when_asking_learns_those_in_force_and_not_none(ada):
    """A thread asks, knowing X; another learns Y before the answer is there; then X is ordered again."""
    deploy("linucb")
    refresh()
    row = seat(ada)  # says nothing: these orders are known
    deploy("urgency")
    refresh()
    assert live(ada.pk, row, now=NOW).policy is Urgency, "what is in force, not nothing"
    deploy("linucb")
    assert asked(ada).policy is LinUCB
    Orders.objects.all().delete()
    assert live(ada.pk, row, now=NOW).policy is EpsilonGreedy, "they vanished meanwhile"


def test_no_stamp_comes_back_when_what_was_ordered_before_is_ordered_again():
    stamps = []
    for policy in ("linucb", "urgency", "linucb"):
        deploy(policy)
        stamps.append(Orders.objects.get().stamp)
    assert len(set(stamps)) == 3
    with changing(NOW + timedelta(1)):
        pass
    row = Orders.objects.get()
    assert (row.stamp, row.updated_at) == (stamps[-1], NOW), "nothing changed, nothing is told anew"
