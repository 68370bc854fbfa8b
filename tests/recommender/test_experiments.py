"""Experiments: one at a time, people shared out by a hash, and reports that may be read every day."""

from datetime import timedelta

import numpy as np
import pytest

from recommender import live
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.policies.uniform import Uniform
from recommender.bandit.policies.urgency import Urgency
from recommender.experiments import (
    BadExperiment,
    adapt,
    look,
    look_at_running,
    outcomes,
    plan,
    start,
    stop,
)
from recommender.models import PolicyExperiment, Score
from recommender.registry import policies
from tests.people import NOW
from tests.recommender.history import lived, people

pytestmark = pytest.mark.django_db

BEGAN = NOW - timedelta(days=21)
TWO = [("old", "random", 0.5), ("new", "urgency", 0.5)]


@pytest.fixture(autouse=True)
def forgetful(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    live._known = live.Known()


def running(arms=TWO, **more) -> PolicyExperiment:
    experiment = plan("try", arms, now=BEGAN, **more)
    assert start(experiment, now=BEGAN)
    experiment.refresh_from_db()
    return experiment


def lives_in_it(count: int = 60, each: int = 20) -> None:
    live.refresh()

    def arms(user, at):
        who = live.live(user.pk, now=at)
        return who.experiment, who.arm, who.policy

    lived(people(count), each, ends=NOW - timedelta(days=2), days=18, arms=arms)


@pytest.mark.parametrize(
    ("arms", "mode", "says"),
    [
        ([("a", "random", 1.0)], "fixed", "two arms"),
        ([("a", "random", 0.5), ("a", "linucb", 0.5)], "fixed", "a name of its own"),
        ([("a", "random", 0.5), ("b", "nobody", 0.5)], "fixed", "not installed: nobody"),
        ([("a", "random", 0.5), ("b", "linucb", 0.6)], "fixed", "no split"),
        ([("a", "random", -0.5), ("b", "linucb", 1.5)], "fixed", "no split"),
        ([("a", "random", 0.5), ("b", "linucb", 0.5)], "lottery", "fixed or bandit"),
        ([("a", "random", 0.5), ("b" * 41, "linucb", 0.5)], "fixed", "up to 40 letters"),
        ([("a", "random", 0.5), ("b b", "linucb", 0.5)], "fixed", "b b” is no name"),
        ([("a", "random", 0.5), ("b", "linucb", float("nan"))], "fixed", "no split"),
    ],
)
def test_what_can_not_be_tried_is_refused(arms, mode, says):
    with pytest.raises(BadExperiment, match=says):
        plan("try", arms, mode=mode, now=NOW)
    assert not PolicyExperiment.objects.exists()


def test_a_name_of_forty_letters_stands_with_every_decision():
    """On PostgreSQL a longer one would be refused with each of them."""
    name = "n" * 40
    running([("old", "random", 0.5), (name, "urgency", 0.5)])
    lives_in_it(count=20, each=1)
    assert Score.objects.filter(arm=name).exists()
    with pytest.raises(BadExperiment, match="no name"):
        plan("n" * 41, TWO, now=NOW)


def test_one_runs_at_a_time_and_a_name_is_used_once():
    experiment = running()
    assert not start(experiment, now=NOW)
    with pytest.raises(BadExperiment, match="already"):
        plan("try", TWO, now=NOW)
    other = plan("other", TWO, now=NOW)
    with pytest.raises(BadExperiment, match="try is running"):
        start(other, now=NOW)
    assert stop(experiment, now=NOW)
    assert not stop(experiment, now=NOW)
    assert start(other, now=NOW)
    with pytest.raises(BadExperiment, match="has ended"):
        start(experiment, now=NOW)


def test_while_it_runs_people_have_their_arms_and_then_the_live_policy_again():
    experiment = running()
    live.refresh()
    assert {live.live(n, now=NOW).policy for n in range(50)} == {Uniform, Urgency}
    stop(experiment, now=NOW)
    live.refresh()
    assert {live.live(n, now=NOW).arm for n in range(50)} == {""}


def test_a_better_arm_is_found_and_the_report_is_kept():
    running()
    lives_in_it()
    run = look_at_running(now=NOW)
    assert run.verdict == "better", run.says
    assert run.says.startswith("new is better than old (+0.")
    arms = {arm["arm"]: arm for arm in run.numbers["arms"]}
    assert arms["new"]["value"] > arms["old"]["value"]
    assert arms["new"]["n"] + arms["old"]["n"] == 1200
    assert run.numbers["experiment"] == "try"


def test_two_arms_alike_are_not_told_apart():
    experiment = running([("old", "linucb", 0.5), ("new", "linucb", 0.5)])
    lives_in_it()
    run = look(experiment, now=NOW)
    assert run.verdict == "undecided"
    assert "not told apart" in run.says


def test_before_anyone_has_answered_it_says_so():
    experiment = running()
    assert look(experiment, now=NOW).verdict == "too little"
    stop(experiment, now=NOW)
    assert look_at_running(now=NOW) is None


def test_a_policy_that_left_the_house_is_not_looked_at():
    running()
    with policies.replaced_by(f"{LinUCB.__module__}.LinUCB", f"{Urgency.__module__}.Urgency"):
        assert look_at_running(now=NOW) is None


def test_in_bandit_mode_tomorrows_shares_are_fixed_today_and_once():
    experiment = running(mode="bandit")
    lives_in_it()
    assert adapt(now=NOW)
    experiment.refresh_from_db()
    (day,) = experiment.shares
    assert day == (NOW + timedelta(days=1)).date().isoformat()
    shares = experiment.shares[day]
    assert shares[1] > 0.8, "to the better one"
    assert sum(shares) == pytest.approx(1)
    assert not adapt(now=NOW + timedelta(hours=3))
    live.refresh()
    today = [live.live(n, now=NOW).arm for n in range(1000)]
    tomorrow = [live.live(n, now=NOW + timedelta(days=1)).arm for n in range(1000)]
    assert today.count("new") == pytest.approx(500, abs=60)
    assert tomorrow.count("new") == pytest.approx(1000 * shares[1], abs=50)


def test_the_probability_of_each_arm_is_that_of_its_day():
    experiment = running(mode="bandit")
    middle = (NOW - timedelta(days=10)).date().isoformat()
    with live.changing(NOW):
        PolicyExperiment.objects.update(shares={middle: [0.2, 0.8]})
    experiment.refresh_from_db()
    lives_in_it(count=100)
    found = outcomes(experiment, now=NOW)
    assert set(np.round(found.propensity, 6)) == {0.5, 0.2, 0.8}
    # A person in an arm of probability p stands for 1 / p: each arm stands for everyone.
    for arm in (0, 1):
        weights = (1 / found.propensity) * (found.arm == arm)
        assert weights.mean() == pytest.approx(1, abs=0.12)


def test_a_fixed_split_is_left_alone():
    running()
    assert not adapt(now=NOW)
