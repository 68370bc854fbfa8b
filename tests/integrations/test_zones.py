"""Floating times are a time of day wherever the user is; fixed ones are an instant."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from accounts.models import User
from integrations.formats.facts import SeenTask, TaskPull
from integrations.ingest import ingest_tasks, move_to_zone
from integrations.models import Connection, Task
from oo.events.models import Record
from tests.integrations.todoist_world import TodoistWorld
from tests.people import NOW, person

pytestmark = pytest.mark.django_db


def taken_in(zone: str, **due) -> Task:
    ada = person("ada@example.com", time_zone=zone)
    Connection.objects.update(zone=zone)
    ada.connection.refresh_from_db()
    pull = TaskPull(open=[SeenTask(external_id="x", title="T", **due)], cursor="next")
    ingest_tasks(ada.connection, pull, told_before=set(), now=NOW)
    return Task.objects.get(external_id="x")


def test_a_floating_time_is_the_users_own():
    nine = datetime.fromisoformat("2026-07-01T09:00")
    task = taken_in("America/New_York", due_on=nine.date(), due_local=nine)
    assert task.due_at == datetime(2026, 7, 1, 13, 0, tzinfo=UTC)
    assert (task.due_on, task.due_time) == (date(2026, 7, 1), time(9, 0))


def test_a_fixed_time_is_an_instant_on_the_users_day():
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    task = taken_in("Asia/Tokyo", due_on=late.date(), due_at=late)
    assert (task.due_at, task.due_on, task.due_time) == (late, date(2026, 7, 2), None)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Nowhere/Land", ""])
def test_a_time_that_the_clock_skips_is_some_time(zone: str):
    skipped = datetime.fromisoformat("2026-03-29T02:30")
    assert taken_in(zone, due_on=skipped.date(), due_local=skipped).due_at is not None


def test_a_user_who_travels_takes_floating_times_along(todoist: TodoistWorld):
    link = todoist.link(time_zone="Europe/Berlin")
    floating, all_day = link.add("Call", due="tomorrow 09:00"), link.add("Day", due="tomorrow")
    assert link.read().zone == "Europe/Berlin"
    before, day = link.task(floating), link.task(all_day).due_on
    due = link.due(floating)
    events = Record.objects.count()

    User.objects.update(time_zone="America/Los_Angeles")
    todoist.fault("500")  # it takes no answer of Todoist's
    row = link.read()
    after = link.task(floating)
    assert row.zone == "America/Los_Angeles"
    assert (after.due_on, after.due_time) == (before.due_on, before.due_time)
    assert timedelta(hours=8) <= link.due(floating) - due <= timedelta(hours=10)
    assert link.task(all_day).due_on == day
    assert Record.objects.last().payload["changed"] == 1
    assert Record.objects.count() == events + 1

    todoist.mend()
    User.objects.update(time_zone="Europe/Berlin")
    link.read()
    assert link.task(floating).due_at == before.due_at


def test_a_fixed_time_stays_while_its_day_may_change():
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    task = taken_in("Asia/Tokyo", due_on=late.date(), due_at=late)
    move_to_zone(task.connection, "America/New_York", now=NOW)
    task.refresh_from_db()
    assert (task.due_at, task.due_on) == (late, date(2026, 7, 1))
