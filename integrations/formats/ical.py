"""The coming events of a calendar file, in UTC. Pure, and distrustful of every line.

Times without a zone and whole days are the user's; X-WR-TIMEZONE is a hint about display and counts
for nothing. An event that makes no sense costs that event, not the file.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from typing import Any

from icalendar import Calendar, Event
from icalendar.prop import vDDDTypes
from recurring_ical_events import CalendarQuery

from integrations.formats.facts import BadFormat, CalendarPull, SeenEvent
from integrations.formats.ical_event import UNTITLED, Seen, Unusable, day_of, like, mend, title_of
from integrations.formats.ical_text import RawEvent, refuse_other_files, scan
from integrations.formats.ical_zones import Zones, user_zone

NO_EVENTS = "There are no events in this calendar file."
NOTHING_USABLE = "None of the events in this file can be used."
MOST_NOTES = 10

Guard = Callable[[], AbstractContextManager[object]]


def parse(
    data: bytes,
    *,
    time_zone: str,
    now: datetime,
    days: int = 14,
    max_events: int = 5000,
    max_occurrences: int = 500,
    guard: Guard = nullcontext,
) -> CalendarPull:
    """What is on from now until `days` later, the first `max_occurrences` of it.

    `guard` is entered around the work on each event or series, and may end it with TimeoutError;
    without one, a rule that never comes true costs seconds.
    Raises BadFormat with a sentence for the user, and nothing else.
    """
    refuse_other_files(data)
    users = user_zone(time_zone)
    first, last = now - timedelta(days=1), now + timedelta(days=days)
    raw = scan(data, first=first.date(), last=last.date())
    if not raw.events and not raw.elsewhen:
        raise BadFormat(NO_EVENTS)
    if len(raw.events) > max_events:
        raise BadFormat(f"This calendar has more than {max_events} events that may be coming.")
    zones = Zones(raw.zones, now=now, guard=guard)
    notes = _Notes()
    series: dict[str, list[Seen]] = defaultdict(list)
    for event in raw.events:
        with notes.about(event.day), guard():
            seen = mend(event, zones, users=users, last=last)
            if b"@" in raw.owner and raw.owner in seen.declined_by:
                seen.event["STATUS"] = "CANCELLED"
            series[seen.uid].append(seen)
    coming: dict[str, SeenEvent] = {}
    for uid, group in series.items():
        with notes.about(_day(group)), guard():
            for seen in _occurrences(uid, group, now=now, last=last, users=users):
                coming.setdefault(seen.external_id, seen)
            notes.usable += 1
            notes.guessed += sum(seen.guessed_zone for seen in group)
    if not notes.usable and not raw.elsewhen:
        raise BadFormat(f"{NOTHING_USABLE} {notes.all()[0]}")
    ordered = sorted(coming.values(), key=lambda one: (one.starts_at, one.ends_at, one.external_id))
    if len(ordered) > max_occurrences:
        notes.more.append(f"Only the first {max_occurrences} coming events were taken.")
    return CalendarPull(coming=ordered[:max_occurrences], refused=notes.all())
