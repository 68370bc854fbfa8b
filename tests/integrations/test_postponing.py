"""Not today, and open again: told to Todoist once, with all that a date has."""

import json
import uuid
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from integrations.commands import (
    request_postponement,
    send_due,
    withdraw_completion,
    withdraw_postponement,
)
from integrations.formats.todoist import due_day, put_off
from integrations.models import Command
from oo.events.models import Record
from tests.integrations.todoist_world import SYNC, Link, TodoistWorld

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(todoist: TodoistWorld) -> Link:
    return todoist.link()


def not_today(link: Link, task: str) -> date:
    day = link.world.now.date() + timedelta(days=3)
    with transaction.atomic():
        assert request_postponement(link.task(task).pk, to=day, now=link.world.now)
    return day


@pytest.mark.parametrize(
    "due", [None, "today", "today at 23:00", "every day", "every day at 09:00"]
)
def test_a_task_is_put_off_and_goes_on_as_it_was(sam: Link, due: str | None):
    task = sam.add("Water the plants", **({"due": due} if due else {}))
    sam.read()
    before = sam.listed()[task]["due"]
    day = not_today(sam, task)
    assert send_due(now=sam.world.now) == 1
    assert Command.objects.get().outcome == "ok"
    after = sam.listed()[task]["due"]
    assert after["date"][:10] == day.isoformat()
    assert after["date"][10:] == (before["date"][10:] if before else "")
    assert after["is_recurring"] == bool(before and before["is_recurring"])
    if before and before["is_recurring"]:
        assert after["string"] == before["string"]
    sam.read()
    assert sam.task(task).due_on == day
    assert sam.task(task).done_at is None


def test_a_time_that_is_fixed_to_a_zone_stays_at_its_hour_across_the_clock_change():
    due = {"date": "2026-03-28T08:00:00Z", "timezone": "Europe/Berlin", "string": "every day at 9",
           "lang": "en", "is_recurring": True}  # fmt: skip
    assert put_off(due, date(2026, 3, 29), zone=UTC) == due | {"date": "2026-03-29T07:00:00Z"}


@pytest.mark.parametrize(
    "due", [None, 1, [], {}, {"date": None}, {"date": "no"}, {"date": "9999-99-99"}]
)
def test_a_due_date_that_makes_no_sense_becomes_a_day(due: object):
    assert put_off(due, date(2026, 3, 29), zone=UTC)["date"] == "2026-03-29"


def test_a_zone_that_nobody_knows_is_taken_as_the_users():
    due = {"date": "2026-03-28T20:00:00Z", "timezone": "../../etc/passwd", "is_recurring": False}
    there = ZoneInfo("Pacific/Auckland")  # nine in the morning of the 29th
    assert due_day(due, zone=there) == date(2026, 3, 29)
    assert put_off(due, date(2026, 3, 30), zone=there)["date"] == "2026-03-29T20:00:00Z"


@pytest.mark.parametrize("kind", ["truncated", "wrong_types"])
def test_an_answer_that_was_lost_puts_off_nothing_twice(sam: Link, kind: str):
    task = sam.add("Stand up", due="every day at 09:00")
    sam.read()
    day = not_today(sam, task)
    sam.world.fault(kind, SYNC, times=1)
    send_due(now=sam.world.now)
    assert Command.objects.get().outcome == "waiting"
    moved = sam.listed()[task]
    sam.world.later(seconds=15)
    send_due(now=sam.world.now)
    assert Command.objects.get().outcome == "ok"
    assert sam.listed()[task] == moved
    assert moved["due"]["date"][:10] == day.isoformat()


def test_asking_twice_asks_once(sam: Link):
    task = sam.add("Once")
    sam.read()
    not_today(sam, task)
    not_today(sam, task)
    assert Command.objects.count() == 1


def test_what_is_later_already_stays(sam: Link):
    task = sam.add("Later anyway", due="in 30 days")
    sam.read()
    before = sam.listed()[task]
    not_today(sam, task)
    send_due(now=sam.world.now)
    assert Command.objects.get().outcome == "ok"
    assert sam.listed()[task] == before


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_not_today_moves_what_is_due_this_evening_wherever_the_user_is(
    todoist: TodoistWorld, zone: str
):
    """At six in the evening it is tomorrow already in UTC, or still yesterday in the morning."""
    link, here = todoist.link(time_zone=zone), ZoneInfo(zone)
    today = link.world.now.astimezone(here).date()
    hour = time(18) if zone == "America/Los_Angeles" else time(8)

    def at(day: date) -> str:
        return f"{datetime.combine(day, hour, here).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

    task = link.add("Ring home")
    link.tell("item_update", id=task, due={"date": at(today), "timezone": zone})
    link.read()
    assert link.task(task).due_on == today
    tomorrow = today + timedelta(days=1)
    with transaction.atomic():
        request_postponement(link.task(task).pk, to=tomorrow, now=link.world.now)
    send_due(now=link.world.now)
    assert link.listed()[task]["due"]["date"] == at(tomorrow)
    link.read()
    assert link.task(task).due_on == tomorrow


def test_a_task_that_is_gone_is_no_trouble(sam: Link):
    task = sam.add("Gone")
    sam.read()
    not_today(sam, task)
    sam.act(task, "delete")
    send_due(now=sam.world.now)
    assert Command.objects.get().outcome == "gone"


def test_it_can_be_taken_back_until_todoist_was_told(sam: Link):
    task = sam.add("Once")
    sam.read()
    not_today(sam, task)
    assert withdraw_postponement(sam.task(task).pk, now=sam.world.now)
    assert send_due(now=sam.world.now) == 0
    not_today(sam, task)
    send_due(now=sam.world.now)
    assert not withdraw_postponement(sam.task(task).pk, now=sam.world.now)


def test_a_task_completed_by_mistake_is_opened_again_in_todoist(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.done_here(task)
    send_due(now=sam.world.now)
    assert task not in sam.listed()
    sam.world.later(seconds=5)
    with transaction.atomic():
        assert withdraw_completion(sam.task(task).pk, now=sam.world.now)
    assert sam.task(task).closed_at is None
    send_due(now=sam.world.now)
    assert task in sam.listed()
    sam.read()
    assert sam.task(task).closed_at is None


def test_a_read_between_undo_and_the_telling_closes_nothing(sam: Link, monkeypatch):
    task = sam.add("Once")
    sam.read()
    sam.done_here(task)
    send_due(now=sam.world.now)
    sam.world.later(seconds=5)
    with transaction.atomic():
        withdraw_completion(sam.task(task).pk, now=sam.world.now)
    monkeypatch.setattr("integrations.sync.send_for", lambda *args, **more: None)
    sam.read()
    assert sam.task(task).closed_at is None
    monkeypatch.undo()
    sam.read()
    assert sam.task(task).closed_at is None
    assert task in sam.listed()


def test_one_that_recurs_and_has_moved_on_can_not_be_taken_back(sam: Link):
    task = sam.add("Stand up", due="every day at 09:00")
    sam.read()
    sam.done_here(task)
    send_due(now=sam.world.now)
    with transaction.atomic():
        assert not withdraw_completion(sam.task(task).pk, now=sam.world.now)


def test_undo_after_a_worker_died_telling_opens_the_task_in_todoist_too(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.done_here(task)
    sam.world.fault("truncated", SYNC, times=1)  # Todoist acts, and nobody here learns of it
    send_due(now=sam.world.now)
    assert task not in sam.listed()
    dead(sam)
    with transaction.atomic():
        assert withdraw_completion(sam.task(task).pk, now=sam.world.now)
    assert [c.kind for c in Command.objects.order_by("created_at")] == ["complete", "reopen"]
    send_due(now=sam.world.now)
    assert task in sam.listed()
    sam.read()
    assert sam.task(task).closed_at is None


def test_what_a_dead_worker_may_have_put_off_is_not_called_taken_back(sam: Link):
    task = sam.add("Once")
    sam.read()
    not_today(sam, task)
    sam.world.fault("truncated", SYNC, times=1)
    send_due(now=sam.world.now)
    dead(sam)
    assert not withdraw_postponement(sam.task(task).pk, now=sam.world.now)


def dead(link: Link) -> None:
    """The worker that had the command died as soon as it had sent it; its lease is over."""
    over = link.world.later(minutes=5) - timedelta(minutes=3)
    Command.objects.update(
        claim_token=uuid.uuid4(), claimed_until=over, attempts=0, error="", due_at=over
    )


def test_undo_of_done_brings_back_no_task_that_todoist_has_deleted(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.act(task, "delete")
    sam.done_here(task)
    sam.read()  # tells Todoist, and has the tombstone behind it
    assert Command.objects.get().outcome == "gone"
    sam.world.later(seconds=5)
    with transaction.atomic():
        withdraw_completion(sam.task(task).pk, now=sam.world.now)
    events = Record.objects.filter(subject="signals.task.synced").count()
    sam.read()
    assert sam.task(task).closed_as == "deleted"
    said = Record.objects.filter(subject="signals.task.synced").order_by("pk")
    assert [record.payload["gone"] for record in said][events:] == [1]


def test_done_undone_and_done_again_while_todoist_was_away_ends_done(sam: Link):
    task = sam.add("Once")
    sam.read()
    sam.world.fault("500", SYNC)
    sam.done_here(task)
    send_due(now=sam.world.now)
    sam.world.later(seconds=1)
    with transaction.atomic():
        withdraw_completion(sam.task(task).pk, now=sam.world.now)
    sam.world.later(seconds=1)
    sam.done_here(task)
    assert [c.kind for c in Command.objects.order_by("created_at")] == [
        "complete", "reopen", "complete",
    ]  # fmt: skip
    sam.world.mend()
    sam.world.later(minutes=5)
    sam.read()
    assert task not in sam.listed()
    assert sam.task(task).closed_as == "done"


def test_no_text_is_kept_for_it(sam: Link):
    task = sam.add("Ring the clinic", due="every day at 09:00")
    sam.read()
    not_today(sam, task)
    kept = json.dumps(list(Command.objects.values()), default=str)
    assert "every day" not in kept
    assert "clinic" not in kept


def test_the_day_is_a_day_of_the_users():
    from recommender.react import begins, tomorrow

    class InAuckland:
        time_zone = "Pacific/Auckland"

    now = datetime(2026, 6, 1, 13, 0, tzinfo=UTC)  # the 2nd there
    day = tomorrow(InAuckland(), now)  # type: ignore[arg-type]
    assert day == date(2026, 6, 3)
    assert begins(day, InAuckland()) == datetime(2026, 6, 2, 12, 0, tzinfo=UTC)  # type: ignore[arg-type]
