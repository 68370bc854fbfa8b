"""Calendar files written by the tests themselves."""

import io
from datetime import UTC, datetime

from integrations.formats.facts import BadFormat, CalendarPull
from integrations.formats.ical import parse
from integrations.formats.ical_child import series_guard
from integrations.sources.ical import ICalendar

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)  # a Monday
BERLIN = "Europe/Berlin"
FINE = "UID:fine\nSUMMARY:Fine\nDTSTART:20260303T100000Z\nDTEND:20260303T110000Z"


def calendar(*events: str, before: str = "") -> bytes:
    """A calendar file of these events, each given as its lines."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *before.split("\n")]
    for event in events:
        lines += ["BEGIN:VEVENT", *event.split("\n"), "END:VEVENT"]
    return "\r\n".join([*filter(None, lines), "END:VCALENDAR", ""]).encode()


def read(data: bytes, *, time_zone: str = BERLIN, now: datetime = NOW) -> CalendarPull:
    """Parses here and now, guarded as in the child."""
    return parse(data, time_zone=time_zone, now=now, guard=series_guard)


def starts(data: bytes, *, time_zone: str = BERLIN, now: datetime = NOW) -> list[str]:
    """When the coming events begin, in UTC: `03 10:00` is the third of the month."""
    coming = read(data, time_zone=time_zone, now=now).coming
    return [f"{event.starts_at:%d %H:%M}" for event in coming]


def upload(data: bytes, *, time_zone: str = BERLIN, now: datetime = NOW) -> CalendarPull:
    """As the connect page does it, child process and all."""
    return ICalendar().read(io.BytesIO(data), time_zone=time_zone, now=now)


def refusal(data: bytes) -> str:
    """The sentence with which an upload is refused; empty when it isn't."""
    try:
        upload(data)
    except BadFormat as error:
        return str(error)
    return ""
