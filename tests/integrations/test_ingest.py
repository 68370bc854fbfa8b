"""What becomes of one read: rows, events, and what oO itself did meanwhile."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from integrations import snapshot
from integrations.commands import request_completion
from integrations.formats.facts import Closed, SeenTask, TaskPull
from integrations.ingest import ingest_tasks, told
from integrations.models import Command, Connection, Task
from oo.events.models import Record
from tests.people import NOW, Item, Person, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Person:
    ada = person("ada@example.com", Item("One"), Item("Two"))
    Connection.objects.update(zone="Europe/Berlin")
    ada.connection.refresh_from_db()
    return ada


def id_of(ada: Person, title: str) -> str:
    return ada.tasks[title].external_id


def seen(external_id: str, title: str = "A task", **more: Any) -> SeenTask:
    return SeenTask(external_id=external_id, title=title, **more)


def take_in(ada: Person, *tasks: SeenTask, told_before: Any = None, **pull: Any) -> Connection:
    """One read, all of it if not said otherwise."""
    ada.connection = Connection.objects.get(pk=ada.connection.pk)
    before = told(ada.connection, now=NOW) if told_before is None else told_before
    found = TaskPull(open=list(tasks), **{"cursor": "next", **pull})
    ingest_tasks(ada.connection, found, told_before=before, now=NOW)
    return ada.connection


def open_ids() -> set[str]:
    return set(Task.objects.filter(closed_at=None).values_list("external_id", flat=True))


def done_here(ada: Person, title: str) -> Command:
    with transaction.atomic():
        request_completion(ada.tasks[title].pk, now=NOW)
    return Command.objects.get(task=ada.tasks[title])


def finished(command: Command, outcome: str = "ok") -> None:
    Command.objects.filter(pk=command.pk).update(outcome=outcome, finished_at=NOW)


def test_a_complete_read_closes_what_is_not_in_it(ada: Person):
    take_in(ada, seen(id_of(ada, "One")))
    assert open_ids() == {id_of(ada, "One")}
    assert Task.objects.get(external_id=id_of(ada, "Two")).closed_as == "deleted"


def test_a_partial_read_closes_only_what_it_says_is_closed(ada: Person):
    take_in(ada, complete=False, closed=[Closed(id_of(ada, "One"), completed_at=NOW)])
    assert open_ids() == {id_of(ada, "Two")}


def test_a_complete_read_with_entries_that_made_no_sense_closes_nothing_by_absence(ada: Person):
    take_in(ada, refused=2)
    assert open_ids() == {id_of(ada, "One"), id_of(ada, "Two")}
    take_in(ada, refused=2, closed=[Closed(id_of(ada, "One"))])
    assert open_ids() == {id_of(ada, "Two")}


def test_a_task_that_was_reopened_in_its_source_is_open_again(ada: Person):
    take_in(ada, complete=False, closed=[Closed(id_of(ada, "One"), completed_at=NOW)])
    take_in(ada, seen(id_of(ada, "One")), complete=False)
    assert id_of(ada, "One") in open_ids()


def test_a_task_that_the_source_tells_both_ways_is_closed(ada: Person):
    key = id_of(ada, "One")
    take_in(ada, seen(key), complete=False, closed=[Closed(key)])
    assert key not in open_ids()


def test_a_completion_dated_in_the_future_counts_as_of_now(ada: Person):
    ahead = NOW + timedelta(days=400)
    take_in(ada, complete=False, closed=[Closed(id_of(ada, "One"), completed_at=ahead)])
    assert Task.objects.get(external_id=id_of(ada, "One")).closed_at == NOW


def test_what_did_not_change_is_not_written_and_not_told(ada: Person):
    one = seen("x1", "Same", priority=3, due_on=date(2026, 11, 20))
    take_in(ada, one, complete=False)
    events = Record.objects.count()
    with CaptureQueriesContext(
        database,
    ) as queries:
        take_in(ada, one, complete=False)
    assert not [q for q in queries if q["sql"].startswith(('INSERT INTO "tasks', 'UPDATE "tasks'))]
    assert Record.objects.count() == events
    take_in(ada, dataclasses.replace(one, title="Other words"), complete=False)
    assert Record.objects.last().payload["changed"] == 1


def test_when_a_task_was_added_is_told_once_and_stays(ada: Person):
    added = datetime(2026, 1, 1, tzinfo=UTC)
    take_in(ada, seen("x1", added_at=added), complete=False)
    take_in(ada, seen("x1", priority=4), complete=False)
    task = Task.objects.get(external_id="x1")
    assert (task.added_at, task.priority) == (added, 4)


# What oO completed, against reads that began before and after.


def test_a_read_that_began_before_it_was_done_here_does_not_bring_it_back(ada: Person):
    before = told(ada.connection, now=NOW)
    finished(done_here(ada, "One"))  # done, and told, while the read was on its way
    row = take_in(ada, seen(id_of(ada, "One")), complete=False, told_before=before)
    assert id_of(ada, "One") not in open_ids()
    assert row.cursor == "cursor"  # the next read is told again


def test_what_waits_to_be_told_stays_done_however_often_it_is_read(ada: Person):
    done_here(ada, "One")
    for _ in range(3):
        take_in(ada, seen(id_of(ada, "One")), seen(id_of(ada, "Two")))
        assert open_ids() == {id_of(ada, "Two")}


def test_a_read_that_began_after_it_was_told_is_believed(ada: Person):
    finished(done_here(ada, "One"))
    row = take_in(ada, seen(id_of(ada, "One"), recurring=True), complete=False)
    assert id_of(ada, "One") in open_ids()
    assert row.cursor == "next"


def test_a_completion_long_told_is_believed_as_well(ada: Person):
    command = done_here(ada, "One")
    Command.objects.filter(pk=command.pk).update(outcome="ok", finished_at=NOW - timedelta(days=30))
    take_in(ada, seen(id_of(ada, "One")), complete=False)
    assert id_of(ada, "One") in open_ids()


def test_what_oo_completed_is_not_told_a_second_time_by_its_source(ada: Person):
    finished(done_here(ada, "One"))
    take_in(ada, complete=False, closed=[Closed(id_of(ada, "One"), completed_at=NOW)])
    completed = Record.objects.filter(subject="signals.task.completed")
    assert [record.payload["where"] for record in completed] == ["oo"]


# The text, and how much is asked of the database.


def test_text_is_written_for_the_cursor_it_belongs_to(ada: Person):
    row = take_in(ada, seen("x1", "Hello"))
    assert snapshot.read_at(row.pk, "next") == {"task:x1": "Hello"}
    assert snapshot.read_at(row.pk, "another") is None


def test_a_partial_read_without_the_text_before_it_writes_none(ada: Person):
    snapshot.drop(ada.connection.pk)
    row = take_in(ada, seen("x1", "Hello"), complete=False)
    assert snapshot.read(row.pk) is None


def test_a_huge_account_is_taken_in_with_few_queries(ada: Person):
    tasks = [seen(f"x{n}", f"Task {n}", due_on=date(2026, 11, 20)) for n in range(5000)]
    with CaptureQueriesContext(database) as first:
        take_in(ada, *tasks)
    assert len(open_ids()) == 5000
    with CaptureQueriesContext(database) as again:
        take_in(ada, *tasks)
    with CaptureQueriesContext(database) as all_gone:
        take_in(ada)
    with CaptureQueriesContext(database) as little:
        take_in(ada, seen("x1", "Back"), complete=False)
    assert not open_ids() - {"x1"}
    writes = 5000 / (500 if database.vendor == "postgresql" else 50)
    assert len(first) <= 20 + writes
    assert len(again) <= 15
    assert len(all_gone) <= 15 + 5000 / 500
    assert len(little) <= 15
