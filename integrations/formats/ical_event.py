"""One VEVENT, mended: its times are of one kind, its rule is affordable, its text is a title."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from math import prod
from typing import Any, cast

from icalendar import Event
from icalendar.prop import vDDDLists, vDDDTypes, vDuration, vPeriod, vRecur

from integrations.formats.ical_text import DATES, LONGEST_LISTS, RawEvent
from integrations.formats.ical_zones import Zones

LONGEST_TITLE = 200
MOST_STEPS = 50_000  # of a rule, from its start to the window: a quarter of a second or so
PERIODS = {
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(days=7),
    "MONTHLY": timedelta(days=28),
    "YEARLY": timedelta(days=365),
}
TOO_FAST = {"SECONDLY": "every second", "MINUTELY": "every minute"}

# Unquoted zone names may hold colons; dates never do.
_DATE_LINE = re.compile(r"[^;:]+(?P<parameters>.*):(?P<value>[^:]*)", re.DOTALL)
_TZID = re.compile(r';TZID=("[^"]*"|.*?)(?=;[A-Z-]+=|$)', re.IGNORECASE | re.DOTALL)
_FLOATING = re.compile(r"\d{8}T\d{6}(?![\dZ])")


class Unusable(Exception):
    """An event that is left out. The message ends the sentence "It was left out: ..."."""


@dataclass
class Mended:
    """A mended event. `start` is a day, or an aware time; an override knows what it `replaces`."""

    event: Event
    uid: str
    start: date
    replaces: date | None
    guessed_zone: bool = False  # it names a zone that no one knows

    @property
    def repeats(self) -> bool:
        return "RRULE" in self.event or "RDATE" in self.event

    @property
    def version(self) -> tuple[int, str]:
        """Compares versions of one event: the higher is the newer."""
        sequence, stamp = self.event.get("SEQUENCE", 0), self.event.get("DTSTAMP")
        return sequence, str(value_of(stamp) or "")


def mend(raw: RawEvent, zones: Zones, *, users: tzinfo, last: datetime) -> Mended:
    """Makes an event whose rules are affordable up to `last`. Raises Unusable, and what
    icalendar may raise; BadFormat for an unknown encoding.
    """
    if raw.list_bytes > LONGEST_LISTS:
        raise Unusable("it has too many extra or excepted dates.")
    guessed = False
    lines: list[str] = []
    for name in raw.lines:
        for line in raw.text(name):
            if name in DATES:
                line, unknown = _settle_zone(name.decode(), line, zones)
                guessed |= unknown
            lines.append(line)
    text = "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT", ""])
    event = cast(Event, Event.from_ical(text))
    start = value_of(event.get("DTSTART"))
    if not isinstance(start, date):
        raise Unusable("it has no start that makes sense.")
    start = _in_zone(start, users)
    event["DTSTART"] = vDDDTypes(start)
    zone = start.tzinfo if isinstance(start, datetime) else None
    _mend_end(event, start)
    if not isinstance(event.get("SEQUENCE", 0), int):
        del event["SEQUENCE"]
    for dates in ("EXDATE", "RDATE"):
        if dates in event:
            moments = list(_listed(dates, event.pop(dates), start, users))
            if moments:
                event[dates] = vDDDLists(moments)
    replaces = value_of(event.get("RECURRENCE-ID"))
    if "RECURRENCE-ID" in event:
        if not isinstance(replaces, date):
            raise Unusable("it says wrongly what it replaces.")
        replaces = _in_zone(replaces, zone or users)
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        _mend_rule(rule, start, users=users, last=last)
    # Without a UID an event is known by what it says, save for what each export says anew.
    said = "\n".join(line for line in lines if not line.upper().startswith("DTSTAMP"))
    uid = str(event.get("UID", "")).strip() or sha256(said.encode()).hexdigest()
    return Mended(event, uid, start, replaces, guessed)


def title_of(event: Event) -> str:
    """SUMMARY as one line of text; empty when there is none."""
    text = "".join(_visible(character) for character in str(event.get("SUMMARY", "")))
    return " ".join(text.split())[:LONGEST_TITLE].strip()


def like(moment: date, start: date, users: tzinfo) -> date:
    """`moment` as the kind of thing that `start` is: a day, or a time in a zone."""
    if isinstance(start, datetime):
        return moment if isinstance(moment, datetime) else datetime.combine(moment, start.timetz())
    if not isinstance(moment, datetime):
        return moment
    # A time given for a day is a midnight: of its own zone, of UTC, or the user's told in UTC.
    if moment.utcoffset() == timedelta() and moment.time() != time():
        moment = moment.astimezone(users)
    return moment.date()


def _visible(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
        return " "
    # Half characters can't be stored, and marks that turn the direction of text can mislead.
    hidden = (
        unicodedata.category(character) == "Cs" or character in "\u202a\u202b\u202c\u202d\u202e"
    )
    return "" if hidden or "\u2066" <= character <= "\u2069" else character


def value_of(prop: Any) -> Any:
    """The value of a date or duration; None for anything that isn't one."""
    return prop.dt if isinstance(prop, vDDDTypes | vDuration | vPeriod) else None


def _settle_zone(name: str, line: str, zones: Zones) -> tuple[str, bool]:
    """A line of dates with a zone that icalendar finds, or none; and whether its zone is unknown."""
    match = _DATE_LINE.fullmatch(line)
    if match is None:
        return line, False
    parameters, value = match["parameters"], match["value"].strip()
    named = _TZID.search(parameters)
    tzid = named[1].strip('" ') if named else ""
    floats = _FLOATING.search(value) is not None
    key = zones.key(tzid) if tzid and floats else ""
    settled = f';TZID="{key}"' if key else ""
    if "THISANDFUTURE" in parameters.upper():
        settled += ";RANGE=THISANDFUTURE"
    if "/" in value:
        settled += ";VALUE=PERIOD"
    return f"{name}{settled}:{value}", bool(tzid and floats and not key)


def _in_zone(moment: date, zone: tzinfo) -> date:
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=zone)
    return moment


def _mend_end(event: Event, start: date) -> None:
    """Leaves one DTEND that is of the kind of DTSTART and not before it, or none."""
    end, duration = value_of(event.pop("DTEND", None)), value_of(event.pop("DURATION", None))
    timed = isinstance(start, datetime)
    if isinstance(end, date) and isinstance(end, datetime) == timed:
        end = _in_zone(end, start.tzinfo) if isinstance(start, datetime) and start.tzinfo else end
    elif isinstance(duration, timedelta) and (timed or not duration.seconds):
        end = start + duration
    else:
        return
    if (end >= start) if timed else (end > start):
        event["DTEND"] = vDDDTypes(end)


def _listed(name: str, props: Any, start: date, users: tzinfo) -> Iterable[Any]:
    """The dates and periods of EXDATE or RDATE, comparable with `start`."""
    zone = start.tzinfo if isinstance(start, datetime) and start.tzinfo else users
    for prop in props if isinstance(props, list) else [props]:
        for one in prop.dts if isinstance(prop, vDDDLists) else [prop]:
            moment = value_of(one)
            if isinstance(moment, tuple):
                begin, end = (_in_zone(m, zone) if isinstance(m, date) else m for m in moment)
                yield (begin, end) if isinstance(start, datetime) else like(begin, start, users)
            elif isinstance(moment, datetime) or (isinstance(moment, date) and name == "RDATE"):
                yield like(_in_zone(moment, zone), start, users)
            elif isinstance(moment, date):
                yield moment  # nothing on that day


def _mend_rule(rule: Any, start: date, *, users: tzinfo, last: datetime) -> None:
    """Makes UNTIL comparable with the start; refuses what can't be worked out in good time."""
    if not isinstance(rule, vRecur):
        raise Unusable("how it repeats can't be understood.")
    frequency = str(_first(rule, "FREQ", "")).upper()
    if frequency in TOO_FAST:
        raise Unusable(f"it repeats {TOO_FAST[frequency]}.")
    interval = _first(rule, "INTERVAL", 1)
    if frequency not in PERIODS or interval < 1:
        raise Unusable("how it repeats can't be understood.")
    finer = (
        ("BYMINUTE", "BYSECOND") if frequency == "HOURLY" else ("BYHOUR", "BYMINUTE", "BYSECOND")
    )
    times = prod(max(1, len(set(rule.get(part, [])))) for part in finer)
    if times > (4 if frequency == "HOURLY" else 24):
        raise Unusable("it repeats too often.")
    until = _first(rule, "UNTIL", None)
    if isinstance(until, date):
        rule["UNTIL"] = [_mend_until(until, start, users)]
    begins = start if isinstance(start, datetime) else datetime.combine(start, time(), users)
    ends = min(last, until) if isinstance(until, datetime) and until.tzinfo else last
    period = PERIODS[frequency]
    steps = (ends - begins) / period / interval * times
    if min(steps, _first(rule, "COUNT", steps)) > MOST_STEPS:
        raise Unusable("it has been repeating too often for too long.")


def _mend_until(until: date, start: date, users: tzinfo) -> date:
    """A day includes all of it; a time without a zone is in the event's."""
    if not isinstance(start, datetime):
        return like(until, start, users)
    if not isinstance(until, datetime):
        until = datetime.combine(until, time(23, 59, 59))
    return _in_zone(until, start.tzinfo or UTC).astimezone(UTC)  # type: ignore[attr-defined]


def _first(rule: vRecur, part: str, default: Any) -> Any:
    values = rule.get(part)
    values = values if isinstance(values, list) else [values]
    return default if not values or values[0] is None else values[0]
