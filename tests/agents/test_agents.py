"""The two agents: what they see in a life."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from agents.library.base import Inputs, TaskFact
from agents.library.overdue_task import OverdueTask
from agents.library.time_of_day import TimeOfDay, is_quiet

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=BERLIN)


def life(*tasks: TaskFact, now: datetime = NOW, **more) -> Inputs:
    return Inputs(user_id=1, now=now, zone=BERLIN, tasks=tasks, **more)


def task(id: int = 1, **more) -> TaskFact:
    return TaskFact(**{"id": id, "priority": 1, "added_at": NOW - timedelta(days=9), **more})


def test_a_task_due_today_is_not_overdue_until_the_users_own_midnight():
    due_today = task(due_on=NOW.date())
    assert OverdueTask().compute(life(due_today)) is None
    late_evening = NOW.replace(hour=23, minute=59)
    assert OverdueTask().compute(life(due_today, now=late_evening)) is None
    after_midnight = late_evening + timedelta(minutes=2)
    assert OverdueTask().compute(life(due_today, now=after_midnight)).facts["overdue"] == 1


def test_a_task_with_a_time_is_overdue_once_that_time_has_passed():
    at_ten = task(due_on=NOW.date(), due_at=NOW.replace(hour=10))
    at_noon = task(2, due_on=NOW.date(), due_at=NOW.replace(hour=12))
    facts = OverdueTask().compute(life(at_ten, at_noon)).facts
    assert facts["task_ids"] == [1]


def test_overdue_tasks_come_with_the_most_urgent_and_then_the_longest_first():
    old = task(1, due_on=NOW.date() - timedelta(days=40))
    urgent = task(2, priority=4, due_on=NOW.date() - timedelta(days=1))
    recent = task(3, due_on=NOW.date() - timedelta(days=2))
    snippet = OverdueTask().compute(life(old, urgent, recent, task(4)))
    assert snippet.facts["task_ids"] == [2, 1, 3]
    assert snippet.facts["open"] == 4
    assert snippet.text == "3 of 4 open tasks are past their day, typically by 2 days."


@pytest.mark.parametrize(
    ("hour", "part"),
    [(0, "night"), (4, "night"), (5, "morning"), (11, "morning"), (12, "afternoon"),
     (16, "afternoon"), (17, "evening"), (21, "evening"), (22, "night")],
)  # fmt: skip
def test_the_day_has_the_parts_people_mean(hour, part):
    facts = TimeOfDay().compute(life(now=NOW.replace(hour=hour))).facts
    assert facts["part"] == part


def test_quiet_hours_may_span_midnight_or_be_none_at_all():
    assert [h for h in range(24) if is_quiet(h, start=22, end=7)] == [*range(7), 22, 23]
    assert [h for h in range(24) if is_quiet(h, start=1, end=5)] == [1, 2, 3, 4]
    assert not any(is_quiet(h, start=8, end=8) for h in range(24))


def test_the_preferred_hour_is_said_only_once_there_is_history_for_it():
    nines = tuple(NOW.replace(hour=9) - timedelta(days=n) for n in range(20, 0, -1))
    assert TimeOfDay().compute(life(done_at=nines[1:])).facts["preferred_hour"] is None
    snippet = TimeOfDay().compute(life(done_at=nines))
    assert snippet.facts["preferred_hour"] == 9
    assert "around 9:00" in snippet.text
