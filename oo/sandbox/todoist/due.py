"""Due dates: from what a client sends to the object Todoist shows, and on to the next one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .errors import invalid_argument
from .recurrence import Rule, month, parse_rule, weekday

Due = dict[str, Any]

TIME_OF_DAY = re.compile(
    r"(?:^| )(?:(?:at|@) ?(\d{1,2})(?::(\d{2}))? ?(am|pm)?"
    r"|(\d{1,2}):(\d{2}) ?(am|pm)?|(\d{1,2}) ?(am|pm))$"
)
NO_DATE = frozenset({"", "no date", "no due date"})


@dataclass(frozen=True)
class When:
    """What a phrase says: a day, perhaps a time of day, perhaps a repetition."""

    day: date
    at: time | None = None
    rule: Rule | None = None


def read_phrase(text: str, today: date) -> When | None:
    """Read an English phrase such as ``every friday at 9``. None if it makes no sense."""
    phrase = " ".join(text.lower().split())
    try:
        phrase, at = _split_time(phrase)
        rule = parse_rule(phrase)
        if rule is not None:
            return When(rule.first(today), at, rule)
        day = today if not phrase and at else _read_day(phrase, today)
    except (ValueError, OverflowError):
        return None
    return When(day, at) if day else None


def from_argument(argument: Any, today: date, zone: ZoneInfo) -> Due | None:
    """The due object for a sync command's ``due``; REST arguments arrive in the same form.

    A date without a phrase cannot express a repetition and therefore ends one, as on the real
    service: whoever postpones a recurring task has to send its ``string`` along.
    """
    if argument is None:
        return None
    if not isinstance(argument, dict):
        raise invalid_argument("due")
    text, given = argument.get("string"), argument.get("date")
    if not all(value is None or isinstance(value, str) for value in (text, given)):
        raise invalid_argument("due")
    when = read_phrase(text, today) if text else None
    if given:
        shown, fixed = _read_date(given, argument.get("timezone"), zone)
    elif when is not None:
        shown, fixed = _write(when.day, when.at), None
    elif text is not None and " ".join(text.lower().split()) in NO_DATE:
        return None
    else:
        raise invalid_argument("due_string", "Date is invalid")
    return {
        "date": shown,
        "timezone": fixed,
        "string": text or shown,
        "lang": argument.get("lang") or "en",
        "is_recurring": when is not None and when.rule is not None,
    }


def local_day(due: Due, zone: ZoneInfo) -> date:
    """The day on which something is due, where the person is."""
    text: str = due["date"]
    if text.endswith("Z"):
        return datetime.fromisoformat(text).astimezone(zone).date()
    return date.fromisoformat(text[:10])


def advanced(due: Due, today: date) -> Due:
    """The due object after one occurrence was completed."""
    when = read_phrase(due["string"], today)
    rule = when.rule if when and when.rule else Rule()
    text: str = due["date"]
    if text.endswith("Z"):
        zone = ZoneInfo(due["timezone"])
        here = datetime.fromisoformat(text).astimezone(zone)
        day = rule.after_completion(here.date(), today)
        moved = datetime.combine(day, here.time(), tzinfo=zone).astimezone(UTC)
        return {**due, "date": moved.strftime("%Y-%m-%dT%H:%M:%SZ")}
    day = rule.after_completion(date.fromisoformat(text[:10]), today)
    return {**due, "date": day.isoformat() + text[10:]}


def fixed_in(due: Due, zone: ZoneInfo) -> Due:
    """A floating time pinned to a zone: same wall clock, stored in UTC."""
    here = datetime.fromisoformat(due["date"]).replace(tzinfo=zone)
    shown = here.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {**due, "date": shown, "timezone": zone.key}


def _split_time(phrase: str) -> tuple[str, time | None]:
    match = TIME_OF_DAY.search(phrase)
    if match is None:
        return phrase, None
    hour = int(match[1] or match[4] or match[7])
    minute = int(match[2] or match[5] or 0)
    half = match[3] or match[6] or match[8]
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(phrase)
        hour = hour % 12 + (12 if half == "pm" else 0)
    return phrase[: match.start()], time(hour, minute)


def _read_day(phrase: str, today: date) -> date | None:
    near = {"yesterday": -1, "today": 0, "tod": 0, "tomorrow": 1, "tom": 1}
    if phrase in near:
        return today + timedelta(days=near[phrase])
    if phrase == "next week":
        return today + timedelta(days=7 - today.weekday())
    if match := re.fullmatch(r"in (\d{1,4}) (day|week)s?", phrase):
        return today + timedelta(days=int(match[1]) * (7 if match[2] == "week" else 1))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", phrase):
        return date.fromisoformat(phrase)
    number = weekday(phrase.removeprefix("next "))
    if number is not None:
        return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    return _read_calendar_day(phrase, today)


def _read_calendar_day(phrase: str, today: date) -> date | None:
    """``14 march`` and ``mar 14``: the coming one."""
    match = re.fullmatch(r"(?:(\d{1,2}) ([a-z]+)|([a-z]+) (\d{1,2}))", phrase)
    number = month(match[2] or match[3]) if match else None
    if match is None or number is None:
        return None
    day = date(today.year, number, int(match[1] or match[4]))
    return day if day >= today else day.replace(year=day.year + 1)


def _read_date(text: str, named: Any, zone: ZoneInfo) -> tuple[str, str | None]:
    """Todoist's three shapes of a date: all day, floating, fixed. Returns it with its zone."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text).isoformat(), None
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            return moment.strftime("%Y-%m-%dT%H:%M:%S"), None
        fixed = ZoneInfo(named) if named else zone
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), fixed.key
    except (ValueError, TypeError, OSError, OverflowError, ZoneInfoNotFoundError):
        raise invalid_argument("due", "Date is invalid") from None


def _write(day: date, at: time | None) -> str:
    return day.isoformat() if at is None else f"{day.isoformat()}T{at:%H:%M:%S}"
