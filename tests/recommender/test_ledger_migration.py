"""What was decided and learned before there were ledgers is carried over into them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from recommender.bandit.policies.epsilon_greedy import EpsilonGreedy
from recommender.jobs import learn_sweep
from recommender.models import Feedback, PolicyState, Reward, Score
from recommender.react import settle
from recommender.replay import Verified, What, verify_user
from tests.people import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def served_by_a_policy_that_never_keeps_silent(settings):
    settings.ACTIVE_POLICY = "egreedy-v1"


BEFORE = [("recommender", "0001_initial")]


def migrated_to(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def before():
    """The tables as they were; afterwards all is as it is, whatever happened."""
    latest = [
        key for key in MigrationExecutor(connection).loader.graph.leaf_nodes()
        if key[0] == "recommender"
    ]  # fmt: skip
    try:
        yield migrated_to(BEFORE), latest
    finally:
        # Rows in the middle of being carried over would stand in the way.
        there = connection.introspection.table_names()
        with connection.cursor() as cursor:
            for table in ("tip_rewards", "tip_feedback", "tip_scores", "tip_views"):
                if table in there:
                    cursor.execute(f"DELETE FROM {table}")
        migrated_to(latest)


def lived(apps, email: str, rows: list[dict]):
    """Someone's decisions, answered as `rows` say."""
    user = apps.get_model("accounts", "User").objects.create(email=email)
    made = []
    for number, row in enumerate(rows):
        then = NOW + timedelta(minutes=number)
        decision = apps.get_model("recommender", "Decision").objects.create(
            user=user, kind="task", status="answered", policy="egreedy-v1", policy_version="1",
            propensity=0.95, created_at=then, expires_at=then + timedelta(hours=4),
        )  # fmt: skip
        apps.get_model("recommender", "Score").objects.create(
            decision=decision, chosen=1, candidates=["a", "b"],
            features={"priority": [1.0, 4.0], "is_overdue": 1.0, "task_age_days": [0.1, None]},
            scores=[0.2, 0.9], propensities=[0.05, 0.95], feature_set="v1", policy="egreedy-v1",
            policy_version="1", prior_version="urgency-1/v1", state_count=number, seed=7,
            model="plain", prompt_version="plain-1", latency_us=900,
        )  # fmt: skip
        if row:
            apps.get_model("recommender", "Feedback").objects.create(
                decision=decision, user=user, dwell_ms=30_000, created_at=then,
                **{"reaction": "done", "reward": 1.0, "settled_at": then, **row},
            )  # fmt: skip
        made.append(decision.pk)
    apps.get_model("recommender", "PolicyState").objects.create(
        user=user, policy="egreedy-v1", version="1", state=b"of an older version",
        count=len(rows), through=len(rows), updated_at=NOW,
    )  # fmt: skip
    return user.pk, made


def test_rewards_keep_their_order_and_decisions_become_a_chain(before):
    apps, latest = before
    ada, decided = lived(
        apps,
        "ada@example.com",
        [
            {"learned_order": 2, "reward": 0.6},
            {"learned_order": 1, "reaction": "dismiss", "reward": -1.0},
            {},  # nobody answered
            {"learned_order": None, "reaction": "snooze", "reward": 0.1},  # settled, not learned
            {"learned_order": None, "reward": None, "settled_at": None},  # not even settled
        ],
    )
    eve, hers = lived(
        apps,
        "eve@example.com",
        [
            {"learned_order": 1, "forgotten_at": NOW + timedelta(hours=1)},
            {"learned_order": None, "reward": None, "settled_at": None,
             "forgotten_at": NOW + timedelta(hours=1)},
            {"learned_order": 2, "reaction": "dismiss", "reward": -1.0},
        ],
    )  # fmt: skip
    migrated_to(latest)
    rows = Reward.objects.order_by("user_id", "position")
    assert list(rows.filter(user=ada).values_list("position", "decision", "reward", "why")) == [
        (1, decided[1], -1.0, "settled"),
        (2, decided[0], 0.6, "settled"),
        (3, decided[3], 0.1, "settled"),
    ]
    assert list(rows.filter(user=eve).values_list("position", "decision", "reward", "why")) == [
        (1, hers[0], 1.0, "settled"),
        (2, hers[1], 1.0, "settled"),
        (3, None, None, "reset"),
        (4, hers[2], -1.0, "settled"),
    ]
    assert not PolicyState.objects.exists()
    assert settle(now=NOW) == 1
    learn_sweep()
    counts = dict(PolicyState.objects.filter(policy="egreedy-v1").values_list("user", "count"))
    assert counts == {ada: 4, eve: 1}
    assert {row.version for row in PolicyState.objects.all()} >= {EpsilonGreedy.version}
    assert Feedback.objects.filter(reward=None).count() == 0
    scores = Score.objects.filter(user=ada).order_by("position")
    assert list(scores.values_list("position", "decision", "through")) == [
        (n + 1, pk, n) for n, pk in enumerate(decided)
    ]
    # Of a version that is gone, and yet whole.
    assert {d.what for d in verify_user(ada, verified=Verified())} == {What.NOT_INSTALLED}
    Score.objects.filter(user=ada, position=2).update(latency_us=1)
    assert What.TAMPERED in {d.what for d in verify_user(ada, verified=Verified())}
