"""An .ics file as lines: what is no calendar is refused, what oO has no use for is dropped.

Attendees, descriptions, places and links end here. Pure, and quick: it looks at every byte once.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from integrations.formats.facts import BadFormat

NOT_UTF_8 = "This file is not written in UTF-8. Export the calendar again as .ics in UTF-8."
NO_CALENDAR = "This is not a calendar file. Export the calendar as .ics and choose that file."
WEB_PAGE = (
    "This is a web page, not a calendar file. Export the calendar as .ics and choose that file."
)
ARCHIVE = "This is a packed archive. Unpack it and choose the .ics file inside."
CONTACTS = "These are contacts, not a calendar. Export the calendar as .ics and choose that file."
EMPTY = "This file is empty."

DATES = {b"DTSTART", b"DTEND", b"RECURRENCE-ID", b"RDATE", b"EXDATE"}
SEVERAL = {b"RDATE", b"EXDATE", b"RRULE"}
KEPT = {
    *DATES, *SEVERAL, b"UID", b"SUMMARY", b"DURATION", b"SEQUENCE", b"DTSTAMP", b"STATUS",
    b"TRANSP", b"X-MICROSOFT-CDO-BUSYSTATUS",
}  # fmt: skip
ZONE_KEPT = {b"TZID", b"DTSTART", b"TZOFFSETFROM", b"TZOFFSETTO", b"TZNAME", b"RRULE", b"RDATE"}
BESIDE_EVENTS = {b"VTODO", b"VJOURNAL", b"VFREEBUSY", b"VAVAILABILITY", b"VCALENDAR"}
LONGEST_LINE = 2_000
LONGEST_LISTS = 200_000  # some ten thousand dates
MOST_ZONES = 100
LONGEST_ZONE = 2_000  # lines
MARGIN = timedelta(days=5)  # zones, and durations in hours

_NAME = re.compile(rb"\s*([A-Za-z0-9-]{1,60})\s*[;:]")
_DAY = re.compile(rb":\s*(\d{4})(\d\d)(\d\d)[^:]*$")
_UNTIL = re.compile(rb"UNTIL=(\d{4})(\d\d)(\d\d)", re.IGNORECASE)
_HOURS = re.compile(rb":\s*\+?PT\d{1,2}[HMS]", re.IGNORECASE)


@dataclass
class RawEvent:
    """The lines of one VEVENT that are kept, by name. Several only of rules and lists of dates."""

    lines: dict[bytes, list[bytes]] = field(default_factory=dict)
    declined_by: set[bytes] = field(default_factory=set)
    list_bytes: int = 0

    def add(self, name: bytes, line: bytes) -> None:
        if name in SEVERAL:
            self.list_bytes += len(line)
            if self.list_bytes <= LONGEST_LISTS:
                self.lines.setdefault(name, []).append(line)
        else:
            self.lines.setdefault(name, [line])

    @property
    def day(self) -> date | None:
        """The day it starts on, by its digits alone."""
        return _day(_DAY, self.lines.get(b"DTSTART"))

    def text(self, name: bytes) -> list[str]:
        """The lines called `name`. Raises BadFormat when they are in no encoding we know."""
        try:
            decoded = [line.decode("utf-8") for line in self.lines.get(name, ())]
        except UnicodeDecodeError:
            raise BadFormat(NOT_UTF_8) from None
        return decoded if name in SEVERAL else [line[:LONGEST_LINE] for line in decoded]


@dataclass
class RawCalendar:
    """What a file holds: the events that may touch the window, and the zones it defines."""

    events: list[RawEvent] = field(default_factory=list)
    elsewhen: int = 0  # events that certainly don't touch the window
    zones: list[list[bytes]] = field(default_factory=list)
    owner: bytes = b""


def refuse_other_files(data: bytes) -> None:
    """Raises BadFormat with what to do instead when this is plainly no calendar."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFormat(NOT_UTF_8)
    if data.startswith((b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"Rar!", b"7z\xbc\xaf", b"\xfd7zXZ")):
        raise BadFormat(ARCHIVE)
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:100].upper()
    if not start:
        raise BadFormat(EMPTY)
    if start.startswith(b"<"):
        raise BadFormat(WEB_PAGE)
    if start.startswith(b"BEGIN:VCARD"):
        raise BadFormat(CONTACTS)
    if not start.startswith(b"BEGIN:VCALENDAR"):
        raise BadFormat(NO_CALENDAR)


def scan(data: bytes, *, first: date, last: date) -> RawCalendar:
    """Reads the events that may touch the days `first` to `last`.

    A missing END is made up for; what is nested inside an event (alarms) is skipped.
    """
    # Folding may cut a character in two, so lines are joined before they are decoded.
    for end in (b"\r\r\n", b"\r\n", b"\r"):
        data = data.replace(end, b"\n")
    joined = data.replace(b"\n ", b"").replace(b"\n\t", b"")
    return _Scanner(first - MARGIN, last + MARGIN).run(joined.split(b"\n"))


class _Scanner:
    def __init__(self, first: date, last: date) -> None:
        self.first, self.last = first, last
        self.found = RawCalendar()
        self.event: RawEvent | None = None
        self.inner = 0  # how deep inside the event we are
        self.zone: list[bytes] | None = None

    def run(self, lines: Iterable[bytes]) -> RawCalendar:
        for line in lines:
            match = _NAME.match(line)
            if match is None:
                continue
            name = match[1].upper()
            if name == b"BEGIN":
                self.begin(_value(line))
            elif name == b"END":
                self.end(_value(line))
            elif self.event is not None:
                if not self.inner:
                    self.take(name, line)
            elif self.zone is not None:
                if name in ZONE_KEPT:
                    self.zone.append(line)
            elif name == b"X-WR-CALNAME":
                self.found.owner = _value(line).lower()
        self.close()
        return self.found

    def begin(self, what: bytes) -> None:
        if what == b"VEVENT":
            self.close()
            self.event = RawEvent()
        elif what == b"VTIMEZONE":
            self.close()
            self.zone = []
        elif what in BESIDE_EVENTS:
            self.close()
        elif self.event is not None:
            self.inner += 1
        elif self.zone is not None:
            self.zone.append(b"BEGIN:" + what)

    def end(self, what: bytes) -> None:
        if what == b"VTIMEZONE":
            if self.zone and len(self.zone) <= LONGEST_ZONE and len(self.found.zones) < MOST_ZONES:
                self.found.zones.append(self.zone)
            self.zone = None
        elif what == b"VEVENT" or what in BESIDE_EVENTS:
            self.close()
        elif self.event is not None:
            self.inner = max(0, self.inner - 1)
        elif self.zone is not None:
            self.zone.append(b"END:" + what)

    def take(self, name: bytes, line: bytes) -> None:
        assert self.event is not None
        if name in KEPT:
            self.event.add(name, line)
        elif name == b"ATTENDEE" and b"PARTSTAT=DECLINED" in line.upper():
            self.event.declined_by.add(line.rpartition(b":")[2].strip().lower())

    def close(self) -> None:
        if self.event is not None:
            if _is_elsewhen(self.event.lines, self.first, self.last):
                self.found.elsewhen += 1
            else:
                self.found.events.append(self.event)
        self.event, self.zone, self.inner = None, None, 0


def _value(line: bytes) -> bytes:
    return line.partition(b":")[2].strip().upper()


def _is_elsewhen(lines: dict[bytes, list[bytes]], first: date, last: date) -> bool:
    """Whether an event certainly has nothing between `first` and `last`, by its digits alone."""
    start = _day(_DAY, lines.get(b"DTSTART"))
    if start is None or b"RDATE" in lines:
        return False
    duration = lines.get(b"DURATION")
    if b"DTEND" in lines:
        end = _day(_DAY, lines[b"DTEND"])
    else:
        end = start if duration is None or _HOURS.search(duration[0]) else None
    if b"RECURRENCE-ID" in lines:
        if b"THISANDFUTURE" in lines[b"RECURRENCE-ID"][0].upper():
            return False
        replaces = _day(_DAY, lines[b"RECURRENCE-ID"])
        if replaces is None or end is None:
            return False
        return max(start, end, replaces) < first or min(start, end, replaces) > last
    if start > last:
        return True
    if end is None:
        return False
    if b"RRULE" in lines:
        until = _day(_UNTIL, lines[b"RRULE"]) if len(lines[b"RRULE"]) == 1 else None
        if until is None:
            return False
        return first - max(until, start) > abs(end - start)
    return max(start, end) < first


def _day(pattern: re.Pattern[bytes], lines: list[bytes] | None) -> date | None:
    match = pattern.search(lines[0]) if lines else None
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
