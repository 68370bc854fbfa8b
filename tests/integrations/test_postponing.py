"""Not today, and open again: told to Todoist once, with all that a date has."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from integrations.commands import (
    request_postponement,
    send_due,
    withdraw_completion,
    withdraw_postponement,
)
from integrations.formats.todoist import put_off
from integrations.models import Command
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
    assert put_off(due, date(2026, 3, 29)) == due | {"date": "2026-03-29T07:00:00Z"}


@pytest.mark.parametrize(
    "due", [None, 1, [], {}, {"date": None}, {"date": "no"}, {"date": "9999-99-99"}]
)
def test_a_due_date_that_makes_no_sense_becomes_a_day(due: object):
    assert put_off(due, date(2026, 3, 29))["date"] == "2026-03-29"


def test_a_zone_that_nobody_knows_is_taken_as_utc():
    due = {"date": "2026-03-28T08:00:00Z", "timezone": "../../etc/passwd", "is_recurring": False}
    assert put_off(due, date(2026, 3, 29))["date"] == "2026-03-29T08:00:00Z"


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
