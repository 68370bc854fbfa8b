"""When a recurring task comes next."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from oo.sandbox.todoist.due import advanced, fixed_in, read_phrase
from oo.sandbox.todoist.recurrence import parse_rule

SATURDAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("phrase", "first", "second"),
    [
        ("every day", "2026-11-21", "2026-11-22"),
        ("every 3 days", "2026-11-21", "2026-11-24"),
        ("every other week", "2026-11-21", "2026-12-05"),
        ("every monday", "2026-11-23", "2026-11-30"),
        ("every weekday", "2026-11-23", "2026-11-24"),
        ("every tue, thu", "2026-11-24", "2026-11-26"),
        ("every mon and wed and fri", "2026-11-23", "2026-11-25"),
        ("every weekend", "2026-11-21", "2026-11-28"),
        ("every 15th", "2026-12-15", "2027-01-15"),
        ("every 31st", "2026-11-30", "2026-12-31"),
        ("every last day", "2026-11-30", "2026-12-31"),
        ("every 14 march", "2027-03-14", "2028-03-14"),
        ("every month", "2026-11-21", "2026-12-21"),
        ("every year", "2026-11-21", "2027-11-21"),
        ("monthly", "2026-11-21", "2026-12-21"),
    ],
)
def test_a_rule_gives_its_first_two_dates(phrase: str, first: str, second: str) -> None:
    rule = parse_rule(phrase)
    assert rule is not None
    start = rule.first(SATURDAY)
    assert [start.isoformat(), rule.after(start).isoformat()] == [first, second]


@pytest.mark.parametrize(
    "phrase", ["every", "every blue moon", "every 0 days", "every 32nd", "every 3 mondays", "never"]
)
def test_what_is_no_rule_is_not_taken_for_one(phrase: str) -> None:
    assert parse_rule(phrase) is None


@pytest.mark.parametrize(
    ("string", "due", "expected"),
    [
        ("every day", "2026-11-21", "2026-11-22"),
        ("every day", "2026-11-10", "2026-11-22"),
        ("every 3 days at 9", "2026-11-17T09:00:00", "2026-11-23T09:00:00"),
        ("every! 3 days", "2026-11-17", "2026-11-24"),
        ("every monday", "2026-11-30", "2026-12-07"),
        ("every month", "2026-10-31", "2026-11-30"),
    ],
)
def test_a_completed_occurrence_is_followed_by_one_in_the_future(
    string: str, due: str, expected: str
) -> None:
    assert advanced({"date": due, "string": string}, SATURDAY)["date"] == expected


def test_a_fixed_time_keeps_its_wall_clock_over_the_change_to_summer_time() -> None:
    due = {"date": "2026-03-28T09:00:00", "string": "every day at 9"}
    fixed = fixed_in(due, ZoneInfo("Europe/Paris"))
    assert fixed["date"] == "2026-03-28T08:00:00Z"
    assert advanced(fixed, date(2026, 3, 28))["date"] == "2026-03-29T07:00:00Z"


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("monday", "2026-11-23"),
        ("saturday", "2026-11-28"),
        ("next week", "2026-11-23"),
        ("14 mar", "2027-03-14"),
        ("dec 1", "2026-12-01"),
        ("2026-12-24", "2026-12-24"),
        ("29 feb", None),
        ("25:00", None),
        ("tomorrow at 13pm", None),
        ("whenever", None),
    ],
)
def test_single_days_are_read(phrase: str, expected: str | None) -> None:
    when = read_phrase(phrase, SATURDAY)
    assert (when.day.isoformat() if when else None) == expected
