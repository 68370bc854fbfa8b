"""Recurring dates: what "every other friday" means and when it comes next."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
UNITS = {"daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}


@dataclass(frozen=True)
class Rule:
    """A repetition. ``from_completion`` is Todoist's ``every!``: counted from when it was done."""

    every: int = 1
    unit: str = "day"
    weekdays: frozenset[int] = frozenset()
    month_day: int | None = None
    month: int | None = None
    from_completion: bool = False

    def first(self, start: date) -> date:
        """The first occurrence on or after ``start``."""
        if self.weekdays or self.month_day:
            return self.after(start - timedelta(days=1))
        return start

    def after(self, day: date) -> date:
        """The occurrence that follows ``day``."""
        if self.weekdays:
            ahead = range(1, 8)
            return next(
                later
                for later in (day + timedelta(days=step) for step in ahead)
                if later.weekday() in self.weekdays
            )
        if self.month_day:
            return self._next_month_day(day)
        if self.unit == "day":
            return day + timedelta(days=self.every)
        if self.unit == "week":
            return day + timedelta(weeks=self.every)
        months = self.every * (12 if self.unit == "year" else 1)
        return _in_month(day.year, day.month + months, day.day)

    def after_completion(self, due: date, today: date) -> date:
        """The next due date once an occurrence is completed: always in the future."""
        if self.from_completion:
            return self.after(today)
        coming = self.after(due)
        while coming <= today:
            coming = self.after(coming)
        return coming

    def _next_month_day(self, day: date) -> date:
        assert self.month_day is not None
        for step in range(13):
            candidate = _in_month(day.year, day.month + step, self.month_day)
            if candidate > day and self.month in (None, candidate.month):
                return candidate
        raise AssertionError("every rule meets a date within a year")


def parse_rule(text: str) -> Rule | None:
    """Read a rule without its time of day; None if the text is not a repetition."""
    text = " ".join(text.lower().split())
    if text in UNITS:
        return Rule(unit=UNITS[text])
    match = re.fullmatch(r"(?:every|ev)(!?) (.+)", text)
    if match is None:
        return None
    from_completion, what = bool(match[1]), match[2]
    rule = _counted(what) or _named_days(what) or _month_day(what)
    if rule is None:
        return None
    return Rule(**{**rule.__dict__, "from_completion": from_completion})


def weekday(name: str) -> int | None:
    """``fri`` and ``friday`` are 4."""
    for number, full in enumerate(WEEKDAYS):
        if len(name) >= 3 and full.startswith(name.lower()):
            return number
    return None


def month(name: str) -> int | None:
    for number, full in enumerate(MONTHS, start=1):
        if len(name) >= 3 and full.startswith(name.lower()):
            return number
    return None


def _counted(what: str) -> Rule | None:
    match = re.fullmatch(r"(?:(\d{1,3}|other) )?(day|week|month|year)s?", what)
    if match is None:
        return None
    every = 2 if match[1] == "other" else int(match[1] or 1)
    return Rule(every=every, unit=match[2]) if every else None


def _named_days(what: str) -> Rule | None:
    if what in {"weekday", "workday"}:
        return Rule(weekdays=frozenset(range(5)))
    if what == "weekend":
        return Rule(weekdays=frozenset({5}))
    numbers = [weekday(name) for name in re.split(r", ?| and | & ", what)]
    if None in numbers:
        return None
    return Rule(weekdays=frozenset(number for number in numbers if number is not None))


def _month_day(what: str) -> Rule | None:
    if what == "last day":
        return Rule(month_day=31)
    match = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?(?: ([a-z]+))?", what)
    if match is None or not 1 <= int(match[1]) <= 31:
        return None
    number = month(match[2]) if match[2] else None
    if match[2] and number is None:
        return None
    return Rule(month_day=int(match[1]), month=number)


def _in_month(year: int, month: int, day: int) -> date:
    """A date in a month counted on past December, held back to the month's last day."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
