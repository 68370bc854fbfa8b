"""Done in oO is done in Todoist: once, in the end, whatever happens on the way."""

from datetime import datetime, timedelta

import httpx
import pytest
from django.conf import settings
from django.db import transaction

from integrations.commands import GIVE_UP, request_completion, send_due
from integrations.models import Command, Connection, Task
from oo.events.models import Record
from tests.integrations.todoist_world import SYNC, Link, TodoistWorld
from tests.people import NOW, Item, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(todoist: TodoistWorld) -> Link:
    return todoist.link()


def completions(link: Link) -> int:
    """How often Todoist has seen anything completed."""
    token = {"Authorization": f"Bearer {link.row().access_token}"}

    since = link.world.now - timedelta(hours=1)
    asked = {"date_from": f"{since:%Y-%m-%d}", "limit": "200"}
    url = f"{settings.TODOIST_API_URL}/activities"
    log = httpx.get(url, params=asked, headers=token).raise_for_status().json()["results"]
    return sum(datetime.fromisoformat(event["event_date"]) >= since for event in log)


def command() -> Command:
    return Command.objects.get()


def test_done_here_is_done_there(sam: Link):
    task = sam.add("Water the plants")
    sam.read()
    sam.done_here(task)
    assert sam.task(task).closed_as == "done"
    assert send_due(now=sam.world.now) == 1
    assert (command().outcome, command().error) == ("ok", "")
    assert task not in sam.listed()
    sam.read()
    assert sam.task(task).closed_as == "done"
    completed = Record.objects.filter(subject="signals.task.completed")
    assert [record.payload["where"] for record in completed] == ["oo"]


def test_asking_twice_asks_once(sam: Link):
    task = sam.add("Once")
    sam.read()
    for _ in range(3):
        sam.done_here(task)
    assert Command.objects.count() == 1
    assert Record.objects.filter(subject="signals.task.completed").count() == 1


def test_a_recurring_task_comes_back_at_its_next_occurrence_and_not_before(sam: Link):
    task = sam.add("Stand up", due="every day at 09:00")
    sam.read()
    first, first_due = sam.task(task), sam.due(task)
    assert first.recurring
    sam.done_here(task)
    sam.read()  # tells Todoist, then reads
    again = sam.task(task)
    assert again.closed_at is None
    assert sam.due(task) > first_due
    assert again.pk == first.pk
    assert command().outcome == "ok"


def test_a_recurring_task_told_while_a_read_was_on_its_way_comes_back_with_the_next(
    sam: Link, monkeypatch
):
    task = sam.add("Stand up", due="every day at 09:00")
    sam.read()
    before = sam.due(task)
    source = type(sam.world.source)
    pull = source.pull

    def done_and_told_meanwhile(self, *args, **more):
        monkeypatch.undo()
        sam.done_here(task)
        assert send_due(now=sam.world.now) == 1
        return pull(self, *args, **more)  # so the read sees it moved on, but can't know why

    monkeypatch.setattr(source, "pull", done_and_told_meanwhile)
    sam.read()
    assert sam.task(task).closed_as == "done"
    sam.read()
    assert sam.task(task).closed_at is None
    assert sam.due(task) > before


@pytest.mark.parametrize("kind", ["truncated", "wrong_types"])
def test_an_answer_lost_after_todoist_acted_completes_nothing_twice(sam: Link, kind: str):
    task = sam.add("Stand up", due="every day at 09:00")
    sam.read()
    first = sam.listed()[task]["due"]["date"]
    sam.done_here(task)
    sam.world.fault(kind, times=1)
    send_due(now=sam.world.now)
    assert command().outcome == "waiting"
    second = sam.listed()[task]["due"]["date"]
    assert second > first
    sam.world.later(seconds=15)
    assert send_due(now=sam.world.now) == 1
    assert command().outcome == "ok"
    assert sam.listed()[task]["due"]["date"] == second
    assert completions(sam) == 1


@pytest.mark.parametrize("kind", ["500", "429", "garbage", "html", "hang"])
def test_trouble_puts_a_command_off_and_loses_none(sam: Link, kind: str):
    task = sam.add("Once")
    sam.read()
    sam.done_here(task)
    sam.world.fault(kind)
    send_due(now=sam.world.now)
    waiting = command()
    assert (waiting.outcome, waiting.attempts, waiting.claim_token) == ("waiting", 1, None)
    assert waiting.error
    assert waiting.due_at > sam.world.now
    assert sam.task(task).closed_as == "done"
    sam.world.mend()
    assert send_due(now=waiting.due_at) == 1
    assert command().outcome == "ok"
    assert completions(sam) == 1


def test_retry_after_is_obeyed(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.done_here(task)
    sam.world.fault("429", seconds=1800)
    now = sam.world.now
    send_due(now=now)
    assert command().due_at >= now + timedelta(seconds=1800)


def test_a_command_is_sent_with_the_read_before_it_is_due(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.done_here(task)
    Command.objects.update(due_at=sam.world.now + timedelta(minutes=30))
    sam.read()
    assert command().outcome == "ok"


def test_a_task_that_is_gone_there_settles_the_command(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.act(task, "delete")
    sam.done_here(task)
    send_due(now=sam.world.now)
    assert command().outcome == "gone"
    sam.read()
    assert sam.task(task).closed_at


def test_a_command_that_is_refused_ends_and_shows_the_task_as_it_is_there(sam: Link, monkeypatch):
    task = sam.add("Shared, and not mine to tick")
    sam.read()
    sam.done_here(task)

    def refuse(self, token, commands, *, now):
        return dict.fromkeys(commands, "refused")

    monkeypatch.setattr(type(sam.world.source), "complete", refuse)
    sam.read()
    assert (command().outcome, command().error) == ("failed", "refused")
    assert sam.task(task).closed_at is None  # the very read that followed was a full one


def test_a_refusal_during_a_read_is_followed_by_a_full_one(sam: Link, monkeypatch):
    task = sam.add("Shared, and not mine to tick")
    sam.read()
    sam.done_here(task)
    Command.objects.update(claimed_until=sam.world.now + timedelta(minutes=1))  # another has it
    source = type(sam.world.source)
    pull = source.pull

    def refused_meanwhile(self, *args, **more):
        monkeypatch.undo()
        Command.objects.update(outcome="failed", finished_at=sam.world.now)
        Connection.objects.update(cursor="")
        return pull(self, *args, **more)

    monkeypatch.setattr(source, "pull", refused_meanwhile)
    sam.read()
    assert sam.task(task).closed_at
    due_at = sam.row().due_at
    assert due_at
    assert due_at <= sam.world.now + timedelta(seconds=1)
    sam.read()
    assert sam.task(task).closed_at is None


def test_after_a_week_a_command_is_given_up_and_the_task_shown_again(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.done_here(task)
    sam.world.fault("500")
    send_due(now=sam.world.now)
    sam.world.later(seconds=GIVE_UP.total_seconds() + 1)
    send_due(now=sam.world.now)
    assert (command().outcome, command().error) == ("failed", "unavailable")
    sam.world.mend()
    sam.read()
    assert sam.task(task).closed_at is None


def test_commands_of_a_revoked_grant_wait_quietly_for_their_user(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.done_here(task)
    sam.world.revoke("sam")
    send_due(now=sam.world.now)
    assert sam.row().status == "reconnect"
    assert (command().outcome, command().error) == ("waiting", "needs reconnect")
    sam.world.later(days=1)
    sam.world.forget_requests()
    assert send_due(now=sam.world.now) == 0
    assert not sam.world.asked(SYNC)
    assert Record.objects.filter(payload__status="reconnect").count() == 1
    sam.world.link(user=sam.connection.user).read()
    assert command().outcome == "ok"
    assert task not in sam.listed()


def test_a_fault_of_ours_with_one_connection_leaves_the_commands_of_others_alone(
    todoist: TodoistWorld, monkeypatch
):
    sam, mei = todoist.link("sam"), todoist.link("mei")
    for link in (sam, mei):
        task = link.add("Once")
        link.read()
        link.done_here(task)
    complete = type(todoist.source).complete
    poison = sam.row().access_token

    def trip(self, token, commands, *, now):
        if token == poison:
            raise ZeroDivisionError
        return complete(self, token, commands, now=now)

    monkeypatch.setattr(type(todoist.source), "complete", trip)
    assert send_due(now=todoist.now) == 2
    outcomes = dict(Command.objects.values_list("connection__user__email", "outcome"))
    assert outcomes == {"sam@example.com": "waiting", "mei@example.com": "ok"}
    assert Command.objects.get(outcome="waiting").error == "internal"


def test_many_commands_of_one_person_go_in_one_request(sam: Link):
    tasks = [sam.add(f"Task {n}") for n in range(12)]
    sam.read()
    for task in tasks:
        sam.done_here(task)
    sam.world.forget_requests()
    assert send_due(now=sam.world.now) == 1
    assert len(sam.world.asked(SYNC)) == 1
    assert set(Command.objects.values_list("outcome", flat=True)) == {"ok"}
    assert not sam.listed()


def test_a_command_whose_worker_died_is_taken_up_when_its_lease_ends(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.done_here(task)
    until = sam.world.now + timedelta(minutes=2)
    Command.objects.update(claim_token=command().pk, claimed_until=until)
    assert send_due(now=sam.world.now) == 0
    assert send_due(now=until) == 1
    assert command().outcome == "ok"


def test_what_can_not_be_ticked_off_is_left_as_it_is():
    ada = person("ada@example.com", Item("One"))
    Connection.objects.update(source="a-source-that-was-removed")
    with transaction.atomic():
        request_completion(ada.tasks["One"].pk, now=NOW)
        request_completion(999_999, now=NOW)
    assert Task.objects.get().closed_at is None
    assert not Command.objects.exists()
