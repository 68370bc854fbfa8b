"""kill -9 in the middle of telling Todoist: a recurring task is moved on once, not twice."""

import pytest
from django.db import transaction
from django.db.models import F

from integrations.commands import request_completion
from integrations.jobs import send_commands, sync_sweep
from integrations.models import Command, Connection
from tests.flows.waiting import eventually
from tests.integrations.todoist_world import SYNC, Link, TodoistWorld

pytestmark = pytest.mark.django_db(transaction=True)


def day_due(link: Link, task: str) -> str:
    return link.listed()[task]["due"]["date"]


def somebody_with_a_recurring_task(todoist: TodoistWorld) -> tuple[Link, str]:
    link = todoist.link()
    # Connecting woke the worker; when it has read, there is nobody to be read at once with us.
    eventually(lambda: link.row().synced_at, what="the first read")
    task = link.add("Stand up", due="every day at 09:00")
    link.read()
    todoist.forget_requests()
    return link, task


def tell(link: Link, task: str) -> None:
    with transaction.atomic():
        request_completion(link.task(task).pk, now=link.world.now)


def taken_up_again(worker) -> None:
    """The lease of the dead, and the wait after a failure, end by themselves; beat sends this."""
    assert Command.objects.get().outcome == "waiting"
    worker.restart()
    Command.objects.update(claim_token=None, claimed_until=None, due_at=F("created_at"))
    send_commands.delay()
    eventually(lambda: Command.objects.filter(outcome="ok").exists(), what="told")


def test_killed_before_todoist_acted_it_is_done_by_the_next_worker(todoist: TodoistWorld, worker):
    link, task = somebody_with_a_recurring_task(todoist)
    first = day_due(link, task)
    todoist.fault("hang", times=1)
    tell(link, task)
    eventually(lambda: len(todoist.asked(SYNC)) == 1, what="the request that hangs")
    worker.kill()
    assert day_due(link, task) == first
    taken_up_again(worker)
    assert day_due(link, task) > first


def test_killed_after_todoist_acted_it_is_not_done_twice(todoist: TodoistWorld, worker):
    link, task = somebody_with_a_recurring_task(todoist)
    first = day_due(link, task)
    todoist.fault("truncated", times=1)  # it acts, and we don't learn of it
    tell(link, task)
    eventually(lambda: day_due(link, task) > first, what="done in Todoist")
    worker.kill()
    second = day_due(link, task)
    taken_up_again(worker)
    assert day_due(link, task) == second
    Connection.objects.update(due_at=todoist.now)
    sync_sweep.delay()
    eventually(lambda: link.task(task).closed_at is None, what="the next occurrence")
    assert link.due(task) > todoist.now
