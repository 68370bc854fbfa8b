"""Who is read and when: leases, faults of ours, people who look, a source that is silent."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from integrations import sync
from integrations.due import SILENT_AFTER
from integrations.ingest import ingest_tasks
from integrations.models import Connection, Task
from integrations.sync import read_soon, sync_due, sync_user
from tests.integrations.todoist_world import SYNC, TodoistWorld

pytestmark = pytest.mark.django_db


def test_a_fault_of_ours_with_one_connection_leaves_the_others_alone(
    todoist: TodoistWorld, monkeypatch
):
    links = [todoist.link(persona) for persona in ("sam", "mei", "ruth")]
    poisoned = links[0].connection.pk

    def trip(connection, pull, **more):
        if connection.pk == poisoned:
            raise ZeroDivisionError
        return ingest_tasks(connection, pull, **more)

    monkeypatch.setattr(sync, "ingest_tasks", trip)
    assert sync_due(now=todoist.now, limit=10) == 3
    assert [link.row().trouble for link in links] == ["internal", "", ""]
    assert links[0].next_read() > todoist.now


def test_a_connection_that_another_worker_reads_is_left_to_it_until_its_lease_ends(
    todoist: TodoistWorld,
):
    link = todoist.link()
    soon = todoist.now + timedelta(minutes=3)
    Connection.objects.update(claim_token=link.connection.pk, claimed_until=soon)
    assert sync_due(now=todoist.now, limit=5) == 0
    todoist.later(minutes=3, seconds=1)
    assert sync_due(now=todoist.now, limit=5) == 1


def test_a_worker_that_lost_its_lease_takes_nothing_in(todoist: TodoistWorld, monkeypatch):
    link = todoist.link()
    link.add("Task")
    pull = type(todoist.source).pull

    def taken_over_meanwhile(self, *args, **more):
        Connection.objects.update(claim_token="12345678123456781234567812345678")
        return pull(self, *args, **more)

    monkeypatch.setattr(type(todoist.source), "pull", taken_over_meanwhile)
    row = link.read()
    assert not Task.objects.exists()
    assert row.claim_token is not None  # the other's, and theirs to end


def test_looking_reads_what_is_not_fresh_and_not_in_trouble(todoist: TodoistWorld):
    link = todoist.link()
    user = link.connection.user_id
    assert sync_user(user, now=todoist.now) == 1
    assert sync_user(user, now=todoist.now) == 0
    todoist.later(seconds=31)
    assert sync_user(user, now=todoist.now) == 1
    todoist.later(seconds=31)
    todoist.fault("429", times=1, seconds=600)
    sync_user(user, now=todoist.now)
    todoist.later(seconds=31)
    todoist.forget_requests()
    assert sync_user(user, now=todoist.now) == 0
    assert not todoist.asked(SYNC)


def test_nobody_is_read_who_left_or_needs_to_reconnect(todoist: TodoistWorld):
    left, cut_off, there = (todoist.link(persona) for persona in ("sam", "mei", "ruth"))
    left.connection.user.is_active = False
    left.connection.user.save()
    Connection.objects.filter(pk=cut_off.connection.pk).update(status="reconnect")
    assert sync_due(now=todoist.now, limit=10) == 1
    assert there.row().synced_at


def test_a_source_that_answers_nobody_is_left_alone_for_a_minute(todoist: TodoistWorld):
    todoist.fault("hang")
    link = todoist.link()
    for _ in range(SILENT_AFTER):
        link.read()
    Connection.objects.update(due_at=todoist.now)
    todoist.forget_requests()
    assert sync_due(now=todoist.now, limit=10) == 0
    assert sync_user(link.connection.user_id, now=todoist.now) == 0
    assert not todoist.asked(SYNC)
    todoist.mend()
    cache.delete("silent:todoist")  # as its time to live does
    assert link.read().trouble == ""


def test_one_answer_is_enough_to_count_as_there(todoist: TodoistWorld):
    link = todoist.link()
    for silent in (True, False, True):
        for _ in range(SILENT_AFTER - 2):
            if silent:
                todoist.fault("hang")
            assert link.read().trouble == ("unreachable" if silent else "")
            todoist.mend()


def test_an_operator_may_have_it_read_now(todoist: TodoistWorld):
    link = todoist.link()
    link.read()
    assert link.next_read() > todoist.now
    assert read_soon(link.connection.pk, now=todoist.now)
    assert link.next_read() <= todoist.now
    Connection.objects.update(status="reconnect")
    assert not read_soon(link.connection.pk, now=todoist.now)
