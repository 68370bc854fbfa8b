"""After an outage longer than Todoist's redeliveries: everything is found, and counted once."""

from datetime import timedelta
from typing import Any

import pytest

from integrations.models import Connection, Task
from oo.events.models import Record
from tests.integrations.test_hooks import completion, post, put_off
from tests.integrations.todoist_world import Link, TodoistWorld

pytestmark = pytest.mark.django_db

ACTIVITIES = "/todoist/api/v1/activities"
COMPLETED = "/todoist/api/v1/tasks/completed/by_completion_date"


@pytest.fixture
def sam(todoist: TodoistWorld) -> Link:
    link = todoist.link()
    link.add("Something")
    link.read()
    return link


def completed() -> list[int]:
    records = Record.objects.filter(subject="signals.task.completed").order_by("pk")
    return [record.payload["task_id"] for record in records]


def outage(link: Link) -> dict[str, Any]:
    """Two hours in which no webhook arrives and nothing is read."""
    ids = {
        "done": link.add("Done meanwhile"),
        "deleted": link.add("Deleted meanwhile"),
        "altered": link.add("Altered meanwhile"),
        "recurring": link.add("Stand up", due="every day at 09:00"),
        "put off": link.add("Stretch", due="every day at 10:00"),
    }
    link.read()
    link.world.later(hours=1)
    link.act(ids["done"], "complete")
    link.act(ids["deleted"], "delete")
    link.act(ids["recurring"], "complete")
    Connection.objects.update(access_expires_at=None)
    link.world.later(minutes=-30)  # the token of the person's own client still holds
    put_off(link, ids["put off"], days=2)
    ids["new"] = link.add("New meanwhile")
    link.world.later(hours=1)
    Connection.objects.update(access_expires_at=link.world.now - timedelta(hours=1))
    return ids


def all_found(link: Link, ids: dict[str, Any]) -> None:
    assert link.task(ids["done"]).closed_as == "done"
    assert link.task(ids["deleted"]).closed_as == "deleted"
    assert link.task(ids["new"]).closed_at is None
    assert link.task(ids["recurring"]).closed_at is None
    assert link.task(ids["recurring"]).done_at is not None
    assert link.task(ids["put off"]).done_at is None
    assert sorted(completed()) == sorted(
        [link.task(ids["done"]).pk, link.task(ids["recurring"]).pk]
    )


def test_an_outage_longer_than_all_redeliveries_loses_nothing(sam: Link):
    ids = outage(sam)
    sam.read()
    all_found(sam, ids)
    sam.read()
    all_found(sam, ids)


def test_each_completion_during_an_outage_counts_at_its_own_time(sam: Link):
    """Also where a webhook of the last of them comes through."""
    task = sam.add("Stand up", due="every day at 09:00")
    sam.read()
    Connection.objects.update(access_expires_at=None)
    times = []
    for _ in range(3):
        times.append(sam.world.later(hours=10))
        sam.act(task, "complete")
    assert post(completion(sam, task, times[-1])) == 200
    Connection.objects.update(access_expires_at=sam.world.now - timedelta(hours=1))
    sam.read()
    sam.read()
    records = Record.objects.filter(subject="signals.task.completed").order_by("pk")
    said = [record.payload["completed_at"] for record in records]
    assert said == pytest.approx([at.timestamp() for at in times], abs=5)
    row = sam.task(task)
    assert row.closed_at is None
    assert row.done_at is not None
    assert row.done_at.timestamp() == said[-1]


def test_a_task_deleted_after_its_occurrences_were_done_counts_none_of_them_again(sam: Link):
    task = sam.add("Stand up", due="every day at 09:00")
    sam.read()
    for _ in range(2):
        sam.world.later(seconds=90)
        sam.act(task, "complete")
        sam.read()
    assert len(completed()) == 2
    sam.act(task, "delete")
    Connection.objects.update(cursor="refused")
    snapshots_too(sam)
    sam.read()
    assert sam.task(task).closed_as == "deleted"
    assert len(completed()) == 2


def test_nor_does_it_when_the_sync_token_is_refused(sam: Link):
    ids = outage(sam)
    Connection.objects.update(cursor="a-token-that-todoist-forgot")
    snapshots_too(sam)
    sam.read()
    all_found(sam, ids)


def snapshots_too(link: Link) -> None:
    """The words were written at the cursor that is gone."""
    from django.core.cache import cache

    cache.clear()


def test_what_the_log_forgot_the_list_of_completed_tasks_still_knows(sam: Link):
    task = sam.add("Done meanwhile")
    sam.read()
    sam.world.later(minutes=20)
    sam.act(task, "complete")
    Connection.objects.update(cursor="refused")
    sam.world.fault("garbage", ACTIVITIES)
    sam.read()
    assert sam.task(task).closed_as == "done"
    assert completed() == [sam.task(task).pk]


def test_while_the_log_is_in_trouble_the_read_is_put_off_and_then_nothing_is_lost(sam: Link):
    task = sam.add("Stand up", due="every day at 09:00")
    sam.read()
    sam.world.later(minutes=10)
    sam.act(task, "complete")
    sam.world.fault("500", ACTIVITIES)
    assert sam.read().trouble == "unavailable"
    assert completed() == []
    sam.world.mend()
    sam.read()
    assert completed() == [sam.task(task).pk]


def test_a_log_that_can_not_be_read_at_all_holds_up_nothing(sam: Link):
    task = sam.add("Stand up", due="every day at 09:00")
    sam.read()
    first = sam.due(task)
    sam.act(task, "complete")
    for path in (ACTIVITIES, COMPLETED):
        sam.world.fault("garbage", path)
    sam.read()
    assert sam.row().trouble == ""
    assert sam.due(task) > first
    assert completed() == []


def test_a_first_read_counts_nothing_as_completed(todoist: TodoistWorld):
    link = todoist.link("mei")
    link.read()
    assert completed() == []
    assert Task.objects.filter(closed_at=None).exists()
