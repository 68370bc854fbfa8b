"""A task that was tipped is done in Todoist itself: it counts, once, and its tip is gone."""

import time

import pytest
from django.utils import timezone

from integrations.hooks import make_due
from integrations.jobs import sync_sweep
from integrations.models import Connection, Delivery, Task
from recommender.models import Decision, Reward
from tests.flows.test_one_tip import task_tip
from tests.flows.visitor import Visitor
from tests.flows.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def idle(redis_server) -> bool:
    """No job waits or runs, and nothing is being read."""
    broker = redis_server.client
    return not (
        broker.llen("oo:celery")
        or broker.hlen("oo:unacked")
        or Connection.objects.exclude(claimed_until=None).exists()
    )


def tipped(redis_server, persona: str = "priya") -> tuple[Visitor, Decision, Task]:
    visitor = Visitor()
    visitor.sign_in(persona)
    visitor.connect_todoist(persona)
    tip = task_tip(visitor)
    decision = Decision.objects.select_related("candidate__task").get(pk=tip["id"])
    # The page asked for a read; what comes next must come by itself.
    for _ in range(2):
        time.sleep(0.5)
        eventually(lambda: idle(redis_server), what="no job under way")
    return visitor, decision, decision.candidate.task


def rewards(decision: Decision) -> list[tuple[str, float]]:
    return list(Reward.objects.filter(decision=decision).values_list("why", "reward"))


def test_told_by_a_webhook_it_counts_once_and_the_tip_is_gone(
    sandbox, worker, redis_server, live, live_server
):
    _, decision, task = tipped(redis_server)
    sandbox.control.post("/webhooks", json={"repeat": 2, "forge": 1}).raise_for_status()
    began = time.monotonic()
    sandbox.control.post(f"/tasks/{task.external_id}/complete").raise_for_status()
    eventually(lambda: rewards(decision), what="the reward")
    print(f"from Todoist to the reward: {time.monotonic() - began:.1f} s")
    decision.refresh_from_db()
    assert decision.status == "untrue"
    eventually(Delivery.objects.exists, what="told")
    eventually(lambda: not Delivery.objects.filter(outcome="waiting").exists(), what="worked off")
    assert [why for why, _ in rewards(decision)] == ["late"]


def test_with_every_webhook_lost_the_next_read_finds_it_and_it_counts_once(
    sandbox, worker, redis_server, live, live_server
):
    _, decision, task = tipped(redis_server)
    sandbox.control.post("/webhooks", json={"lose": 100}).raise_for_status()
    sandbox.control.post(f"/tasks/{task.external_id}/complete").raise_for_status()
    time.sleep(2)
    assert rewards(decision) == []
    for _ in range(2):
        Connection.objects.update(due_at=timezone.now())
        sync_sweep.delay()
        eventually(lambda: rewards(decision), what="the reward")
    assert [why for why, _ in rewards(decision)] == ["late"]
    decision.refresh_from_db()
    assert decision.status == "untrue"
    assert not Delivery.objects.exists()
    assert make_due(now=timezone.now()) == 0
