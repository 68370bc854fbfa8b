"""What was completed before somebody connected is read once, for the agents, and delays nothing."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from integrations import history
from integrations.disconnect import disconnect
from integrations.history import read_histories_due
from integrations.models import Connection, History, Task
from oo.events.models import Record
from tests.integrations.todoist_world import Link, TodoistWorld

pytestmark = pytest.mark.django_db

COMPLETED = "/todoist/api/v1/tasks/completed/by_completion_date"


@pytest.fixture
def mei(todoist: TodoistWorld) -> Link:
    return todoist.link("mei")


def read_all(link: Link) -> int:
    count = 0
    while read_histories_due(now=link.world.now, limit=1):
        count += 1
    return count


def past() -> "list[Task]":
    return list(Task.objects.filter(closed_as="done", text_hash=""))


def test_the_past_is_read_after_the_first_read_and_not_before(mei: Link):
    assert read_all(mei) == 0
    mei.read()
    assert mei.world.asked(COMPLETED) == []  # the first tip waits for none of it
    assert read_all(mei) == 3
    assert past()
    assert all(task.closed_at and task.closed_at < mei.world.now for task in past())
    assert History.objects.get().finished_at


def test_it_tells_of_no_completion(mei: Link):
    mei.read()
    read_all(mei)
    assert past()
    assert not Record.objects.filter(subject="signals.task.completed").exists()


def test_it_holds_no_text(mei: Link):
    mei.read()
    read_all(mei)
    ids = {f"task:{task.external_id}" for task in past()}
    assert not ids & mei.titles().keys()


def test_it_is_read_once(mei: Link):
    mei.read()
    read_all(mei)
    mei.world.forget_requests()
    mei.read()
    assert read_all(mei) == 0
    assert mei.world.asked(COMPLETED) == []


def test_it_goes_on_where_it_stopped(mei: Link):
    mei.read()
    assert read_histories_due(now=mei.world.now, limit=1) == 1
    first = History.objects.get().until
    mei.world.fault("500", COMPLETED)
    read_histories_due(now=mei.world.now, limit=1)
    row = History.objects.get()
    assert (row.until, row.finished_at, row.attempts) == (first, None, 1)
    assert read_all(mei) == 0  # it waits
    mei.world.mend()
    mei.world.later(minutes=10)
    assert read_all(mei) == 2
    assert History.objects.get().finished_at


def test_no_more_than_so_many_tasks_are_kept(mei: Link, monkeypatch):
    monkeypatch.setattr(history, "MOST_TASKS", 2)
    mei.read()
    read_all(mei)
    assert len(past()) == 2


def test_an_open_task_stays_open(mei: Link):
    mei.read()
    before = set(Task.objects.filter(closed_at=None).values_list("pk", flat=True))
    read_all(mei)
    assert set(Task.objects.filter(closed_at=None).values_list("pk", flat=True)) == before


def test_it_goes_no_farther_back_than_what_is_kept(mei: Link, settings):
    settings.EVENT_RETENTION_DAYS = 10
    mei.read()
    row = History.objects.get()
    assert row.until - row.since == timedelta(days=10)


def test_what_was_due_this_evening_was_due_on_the_users_day(todoist: TodoistWorld):
    los_angeles = ZoneInfo("America/Los_Angeles")  # where six in the evening is tomorrow in UTC
    link = todoist.link("mei", time_zone=los_angeles.key)
    today = link.world.now.astimezone(los_angeles).date()
    six = datetime.combine(today, time(18), los_angeles).astimezone(UTC)
    task = link.add("Ring home")
    due = {"date": f"{six:%Y-%m-%dT%H:%M:%SZ}", "timezone": los_angeles.key}
    link.tell("item_update", id=task, due=due)
    link.act(task, "complete")
    link.world.later(minutes=1)
    link.read()
    read_all(link)
    assert link.task(task).due_on == today


def test_it_goes_with_its_connection(mei: Link):
    mei.read()
    read_all(mei)
    disconnect(Connection.objects.get(), now=mei.world.now)
    assert not History.objects.exists()
    assert not Task.objects.exists()
