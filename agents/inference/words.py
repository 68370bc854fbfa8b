"""Numbers, hours and days as the user reads them."""

from collections.abc import Sequence
from datetime import date

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def clock(hour: int) -> str:
    """9:00; hours beyond the end of the day are those of the next."""
    return f"{hour % 24}:00"


def day(iso: str) -> str:
    """18 November 2026."""
    there = date.fromisoformat(iso)
    return f"{there.day} {there:%B %Y}"


def duration(minutes: float) -> str:
    """7 h 10 min, to the minute."""
    hours, rest = divmod(round(minutes), 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def number(value: float) -> str:
    """To one decimal, without one that says nothing: 2.4, 3."""
    return f"{value:.1f}".removesuffix(".0")


def some(count: int, one: str, many: str) -> str:
    """1 day, 4 days."""
    return f"{count} {one if count == 1 else many}"


def listed(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
