"""Two who change what is live at the same moment: one after the other, and the orders tell the last.

On SQLite writers queue anyway; the locks are PostgreSQL's. Both have to end the same.
"""

import threading
from datetime import timedelta

import numpy as np
import pytest
from django.db import connection

from accounts.models import Preference
from recommender import live, priors, shadow
from recommender.bandit import privacy
from recommender.bandit.policies.hierarchical import Hierarchical
from recommender.experiments import BadExperiment, plan, start
from recommender.models import (
    Orders,
    PolicyDeployment,
    PolicyExperiment,
    PolicyPrior,
    PolicyRun,
    PolicyShadow,
    ShadowScore,
)
from recommender.promote import CantPromote, force, roll_back
from recommender.registry import policies
from tests.people import NOW
from tests.recommender.history import lived, people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


@pytest.fixture(autouse=True)
def forgetful(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"
    live._known = live.Known()
    yield
    live._known = live.Known()


def at_once(*verbs) -> list:
    """Each in a thread and a connection of its own, all let go together; what they returned."""
    gate, came = threading.Barrier(len(verbs)), [None] * len(verbs)

    def run(place: int, verb) -> None:
        try:
            gate.wait(10)
            came[place] = verb()
        except Exception as error:
            came[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, verb)) for n, verb in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return came


def test_several_promotions_at_once_leave_one_live_and_a_history_without_gaps():
    why = "A reason that is long enough."
    ids = [id_ for id_ in policies.ids() if id_ != "egreedy-v1"][:4]
    came = at_once(*[lambda policy=policy: force(policy, why, now=NOW) for policy in ids])
    assert not [one for one in came if isinstance(one, Exception)]
    last = PolicyDeployment.objects.get(ended_at=None)
    assert PolicyDeployment.objects.count() == 5, "the setting's, and four"
    live.refresh()
    assert live.standing().id == last.policy
    chain, row = [], last
    while row is not None:
        chain.append(row.policy)
        row = row.before
    assert sorted(chain) == sorted(["egreedy-v1", *ids]), "each has the one before it"


def test_an_operator_and_the_guard_roll_back_one_deployment_once():
    why = "A reason that is long enough."
    force("linucb", why, now=NOW)
    made = force("urgency", why, now=NOW)
    came = at_once(*[lambda: roll_back("x", only=made.pk, now=NOW) for _ in range(3)])
    assert sum(isinstance(one, CantPromote) for one in came) == 2
    assert PolicyDeployment.objects.get(ended_at=None).policy == "linucb"


def test_two_experiments_that_start_at_once_do_not_both_run():
    arms = [("old", "random", 0.5), ("new", "linucb", 0.5)]
    planned = [plan(name, arms, now=NOW) for name in ("a", "b")]
    came = at_once(*[lambda one=one: start(one, now=NOW) for one in planned])
    assert sorted(map(str, came)) in (["True", "a is running."], ["True", "b is running."])
    assert sum(isinstance(one, BadExperiment) for one in came) == 1
    running = PolicyExperiment.objects.get(started_at__isnull=False)
    assert f'"name": "{running.name}"' in Orders.objects.get().says


def test_changes_of_different_kinds_at_once_are_all_in_the_orders():
    arms = [("old", "random", 0.5), ("new", "linucb", 0.5)]
    one = plan("a", arms, now=NOW)
    came = at_once(
        lambda: force("urgency", "A reason that is long enough.", now=NOW),
        lambda: start(one, now=NOW),
    )
    assert not [c for c in came if isinstance(c, Exception)]
    live.refresh()
    assert live.standing().id == "urgency"
    # Whoever came second saw what the first did: a new live policy ends what ran before it.
    one.refresh_from_db()
    ran_on = live._known.experiment.name == "a" if live._known.experiment else False
    assert ran_on is (one.stopped_at is None)


def test_two_workers_share_the_shadows_and_each_decision_is_decided_once():
    lived(people(4), 10, ends=NOW - timedelta(days=1))
    for policy in ("linucb", "random"):
        shadow.start(policy, now=NOW - timedelta(days=30))
    came = at_once(*[lambda: shadow.sweep(now=NOW) for _ in range(3)])
    assert sum(came) == 80
    assert ShadowScore.objects.count() == 80
    assert not PolicyShadow.objects.exclude(claimed_until=None).exists()


def test_two_estimates_of_one_night_spend_once(settings, monkeypatch):
    settings.PRIOR_PEOPLE = 3
    monkeypatch.setattr(privacy, "MOST_NOISE", 1e6)
    users = people(3)
    lived(users, 4, policy=Hierarchical, ends=NOW)
    shadow.start("hierarchical", now=NOW - timedelta(days=30))
    shadow.sweep(now=NOW)
    Preference.objects.bulk_create(
        Preference(user=user, key="help_shared_prior", source="user", value=True, updated_at=NOW)
        for user in users
    )
    came = at_once(
        *[
            lambda seed=seed: priors.estimate(
                Hierarchical, now=NOW, rng=np.random.default_rng(seed)
            )
            for seed in range(3)
        ]
    )
    assert sorted(run.verdict for run in came) == ["passed", "refused", "refused"]
    assert PolicyPrior.objects.count() == 1
    assert PolicyRun.objects.filter(kind="estimate", verdict="passed").count() == 1
    refused = PolicyRun.objects.filter(kind="estimate", verdict="refused").first()
    assert "moved" not in refused.numbers, "what the second found is not shown either"
