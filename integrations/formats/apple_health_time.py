"""Times as Apple Health writes them: `2026-11-18 07:30:00 +0100`. Pure, and made to be called often."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EPOCH = date(1970, 1, 1).toordinal()
DAY = 86_400
FARTHEST_OFFSET = 15 * 3600


def moment(text: str) -> tuple[int, int]:
    """Seconds since 1970, and the offset from UTC in seconds. Raises ValueError."""
    if len(text) != 25 or text[10] != " " or text[13] != ":" or text[16] != ":":
        raise ValueError("not a time as Apple writes it")
    hours, minutes, seconds = int(text[11:13]), int(text[14:16]), int(text[17:19])
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds <= 60):
        raise ValueError("no such time of day")
    offset = _offset(text[19:])
    return _day(text[:10]) * DAY + hours * 3600 + minutes * 60 + seconds - offset, offset


@lru_cache(maxsize=20_000)
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - EPOCH


@lru_cache(maxsize=1_000)
def _offset(text: str) -> int:
    """Of ` +0100`."""
    if not (text[0] == " " and text[1] in "+-" and text[2:].isdecimal()):
        raise ValueError("no offset")
    seconds = int(text[2:4]) * 3600 + int(text[4:6]) * 60
    if seconds > FARTHEST_OFFSET:
        raise ValueError("no such offset")
    return -seconds if text[1] == "-" else seconds


def offset_in(zone_name: str, at: int) -> int | None:
    """The offset from UTC that a zone has at a moment; None for a zone that there isn't."""
    zone = _zone(zone_name)
    if zone is None:
        return None
    there = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).astimezone(zone)
    return int((there.utcoffset() or timedelta(0)).total_seconds())


@lru_cache(maxsize=1_000)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def day_of(seconds: int) -> date:
    """The date of local seconds since 1970."""
    return date.fromordinal(EPOCH + seconds // DAY)
