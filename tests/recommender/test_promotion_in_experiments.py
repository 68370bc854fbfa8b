"""What becomes of a running experiment when the live policy changes: it ends, and says why."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import User
from adminconsole import policy_operations  # noqa: F401  (offered)
from adminconsole.models import AdminAction
from adminconsole.operate import find, perform
from recommender import live, promote
from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.bandit.policies.linucb import LinUCB
from recommender.bandit.policies.urgency import Urgency
from recommender.experiments import look, outcomes, plan, start
from recommender.models import PolicyDeployment, PolicyExperiment, PolicyRun, PolicyShadow, Score
from recommender.promote import CantPromote, force, roll_back, watch
from tests.people import NOW
from tests.recommender.history import lived, people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_orders_seen")]

WHY = "A reason that is long enough."
TWO = [("old", "egreedy-v1", 0.5), ("new", "linucb", 0.5)]


def running(arms=TWO) -> PolicyExperiment:
    experiment = plan("try", arms, now=NOW - timedelta(days=9))
    assert start(experiment, now=NOW - timedelta(days=9))
    experiment.refresh_from_db()
    return experiment


def serve_everyone() -> set[type]:
    return {live.present(user, now=NOW).policy for user in range(50)}


def test_a_policy_that_is_made_live_serves_everyone_though_an_experiment_ran():
    experiment = running()
    assert serve_everyone() == {EpsilonGreedy, LinUCB}
    force("urgency", WHY, now=NOW)
    assert serve_everyone() == {Urgency}
    experiment.refresh_from_db()
    assert experiment.stopped_at == NOW


def test_an_arm_that_does_harm_is_gone_with_a_roll_back():
    force("linucb", WHY, now=NOW - timedelta(days=10))
    running()
    roll_back("It was worse.", now=NOW)
    assert serve_everyone() == {EpsilonGreedy}


def test_the_guard_ends_an_experiment_with_what_it_rolls_back():
    force("linucb", WHY, now=NOW - timedelta(days=10))
    running()
    scores = lived(people(6), 10, policy=Urgency, ends=NOW, days=0.02)
    Score.objects.filter(pk__in=[one.pk for one in scores]).update(fell_back_from="linucb")
    assert watch(now=NOW).verdict == "alarm"
    assert serve_everyone() == {EpsilonGreedy}


def test_why_an_experiment_was_stopped_stands_with_it_beside_its_last_numbers():
    experiment = running()
    last = look(experiment, now=NOW - timedelta(days=1))
    force("urgency", WHY, now=NOW)
    run = PolicyRun.objects.filter(kind="experiment").latest("created_at")
    assert run.says == f"Stopped: urgency became the live policy, forced. {WHY}"
    assert run.numbers == last.numbers
    assert run.verdict == last.verdict
    assert run.numbers["experiment"] == "try"


def test_a_change_that_is_refused_stops_no_experiment():
    experiment = running()
    for refused in (
        lambda: force("egreedy-v1", WHY, now=NOW),
        lambda: roll_back("Back.", now=NOW),
        lambda: promote.promote("linucb", now=NOW),
    ):
        with pytest.raises(CantPromote):
            refused()
    experiment.refresh_from_db()
    assert experiment.stopped_at is None
    assert not PolicyRun.objects.filter(kind="experiment").exists()


def test_the_operator_is_told_of_the_experiment_that_ended_and_so_is_the_log():
    running()
    shadow = PolicyShadow.objects.create(policy="urgency", begins=NOW, swept_to=NOW)
    ops = User.objects.create_user("ops@example.com")
    told = perform(find("force_policy"), shadow.pk, actor=ops, now=NOW, why="It hangs for long")
    assert told.says == (
        "urgency is live, past the gate: It hangs for long. The experiment try was stopped."
    )
    assert AdminAction.objects.get().outcome == told.says
    deployed = PolicyDeployment.objects.get(ended_at=None)
    told = perform(find("roll_back"), deployed.pk, actor=ops, now=NOW + timedelta(minutes=1))
    assert told.says == "egreedy-v1 is live again."


def test_in_a_terminal_it_is_said_too():
    running()
    out = StringIO()
    call_command("policies", "promote", "urgency", "--force", WHY, stdout=out)
    assert out.getvalue() == "urgency is live, past the gate. The experiment try was stopped.\n"


def test_what_another_policy_did_in_the_place_of_one_that_left_counts_for_no_arm():
    experiment = running([("old", "random", 0.5), ("new", "linucb", 0.5)])
    who = people(3)
    for seed, cls in enumerate((Urgency, LinUCB, EpsilonGreedy)):
        lived(
            who, 2, policy=cls, ends=NOW - timedelta(days=2 + seed), days=0.5, seed=seed,
            arms=lambda user, at, cls=cls: ("try", "new", cls),
        )  # fmt: skip
    assert len(outcomes(experiment, now=NOW).reward) == 6, "LinUCB's own"
    Score.objects.filter(policy="urgency").update(fell_back_from="linucb")
    assert len(outcomes(experiment, now=NOW).reward) == 12, "where it failed, it was its doing"
    Score.objects.filter(policy="urgency").update(fell_back_from="egreedy-v1")
    assert len(outcomes(experiment, now=NOW).reward) == 6
