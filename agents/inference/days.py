"""Moments as days and hours in the user's own zone, daylight saving included."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from agents.library.base import History


def done_locally(history: History) -> list[datetime]:
    """When things were finished, by the user's clock."""
    return local((done.at for done in history.done), history.zone)


def local(moments: Iterable[datetime], zone: ZoneInfo) -> list[datetime]:
    return [moment.astimezone(zone) for moment in moments]


def sittings(moments: Iterable[datetime]) -> set[tuple[date, int]]:
    """The hours of days in which something was finished: twenty ticked off at once are one sitting.

    What is finished together is not independent, and independent events are what chances are of.
    """
    return {(moment.date(), moment.hour) for moment in moments}


def per_day(moments: Iterable[datetime], first: date, last: date) -> list[int]:
    """How many of these local moments fell on each day from first to last."""
    counts = Counter(moment.date() for moment in moments)
    days = (last - first).days + 1
    return [counts[first + timedelta(days=n)] for n in range(days)]


def since(moments: list[datetime], day: date) -> list[datetime]:
    """Those of these local moments that fell on this day or a later one."""
    return [moment for moment in moments if moment.date() >= day]


def minutes_between(first: datetime, second: datetime) -> float:
    """Minutes that really pass: two clocks of one zone differ by something else where it changes."""
    return (second.astimezone(UTC) - first.astimezone(UTC)).total_seconds() / 60


def is_quiet(hour: int, *, start: int, end: int) -> bool:
    """Whether an hour lies in [start, end), which may span midnight; equal ends mean never."""
    return (hour - start) % 24 < (end - start) % 24
