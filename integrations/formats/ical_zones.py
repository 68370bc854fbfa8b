"""Which zone a TZID means: IANA names, Windows names, what Outlook displays, the file's own."""

import re
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import cast
from zoneinfo import ZoneInfo, available_timezones

from icalendar import Timezone
from icalendar.timezone import tzp
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

_DISPLAYED = re.compile(r"\((?:UTC|GMT)(?:([+-])(\d\d):(\d\d))?\)\s*(.+)", re.DOTALL)
# A zone changes a few times a year. Anything more frequent is hostile, and costly to look up.
_TOO_OFTEN = re.compile(rb"FREQ=(?!YEARLY|MONTHLY)|INTERVAL=0", re.IGNORECASE)


class Zones:
    """The zones of one file. Names that no one knows mean the user's own zone."""

    def __init__(
        self,
        defined: list[list[bytes]],
        *,
        now: datetime,
        guard: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self.now = now
        self.guard = guard
        self._known: dict[str, str] = {}
        tzp.use_default()  # forgets what another file called its zones
        for lines in defined:
            self._learn(lines)

    def key(self, tzid: str) -> str:
        """The name under which icalendar finds this zone; empty when no one knows it."""
        if tzid not in self._known:
            self._known[tzid] = next(filter(self._find, (tzid, self._displayed(tzid))), "")
        return self._known[tzid]

    def _find(self, tzid: str) -> tzinfo | None:
        if not tzid:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # guesses about /vendor/Europe/Berlin are fine
                return tzp.timezone(tzid)
        except (OSError, ValueError):  # a TZID that is a folder, or no file name at all
            return None

    def _learn(self, lines: list[bytes]) -> None:
        """Takes a zone from the file unless its name is known: what is shipped is kept up to date."""
        line = next((line for line in lines if line.upper().startswith(b"TZID")), b"")
        tzid = line.partition(b":")[2].decode("utf-8", "replace").strip()
        if self._find(tzid):
            return
        if any(_TOO_OFTEN.search(line) for line in lines if line.upper().startswith(b"RRULE")):
            return
        text = b"\r\n".join([b"BEGIN:VTIMEZONE", *lines, b"END:VTIMEZONE", b""])
        try:
            with self.guard():
                zone = cast(Timezone, Timezone.from_ical(text)).to_tz()
                zone.utcoffset(self.now.replace(tzinfo=None))
        except Exception:
            self._known[tzid] = ""  # whatever is wrong with it: no one knows this zone

    def _displayed(self, tzid: str) -> str:
        """`(UTC-05:00) Eastern Time (US & Canada)`, `(UTC+01:00) Berlin, Rome` as an IANA name."""
        match = _DISPLAYED.match(tzid)
        if match is None:
            return ""
        sign, hours, minutes, label = match.groups()
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        offset = -offset if sign == "-" else offset
        if label.startswith("Coordinated Universal"):
            return "UTC"
        names = [WINDOWS_TO_OLSON.get(f"{label.partition(' Time')[0]} Standard Time", "")]
        for city in label.split(","):
            ending = "/" + city.strip().replace(" ", "_")
            names += sorted(name for name in _all_zones() if name.endswith(ending))
        return next((name for name in names if name and self._is_off(name, offset)), "")

    def _is_off(self, name: str, offset: timedelta) -> bool:
        moment = self.now.astimezone(ZoneInfo(name))
        return moment.utcoffset() == offset + (moment.dst() or timedelta())


@cache
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def user_zone(name: str) -> tzinfo:
    """The user's zone; UTC when it is no name of a zone."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):
        return UTC
