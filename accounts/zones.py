"""Time zones by name, tolerant of names that the installed data does not know (any more)."""

import zoneinfo
from functools import lru_cache


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def is_time_zone(name: str) -> bool:
    return name in _known()


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The zone of this name, else UTC."""
    return zoneinfo.ZoneInfo(name if is_time_zone(name) else "UTC")
