"""The coming events of a calendar file, in UTC. Pure, and distrustful of every line.

Times without a zone and whole days are the user's; X-WR-TIMEZONE is a hint about display and counts
for nothing. An event that makes no sense costs that event, not the file.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import sha256
from typing import TypeGuard

from icalendar import Calendar, Event
from icalendar.prop import vDDDTypes
from recurring_ical_events import CalendarQuery

from integrations.formats.facts import BadFormat, CalendarPull, SeenEvent
from integrations.formats.ical_event import Mended, Unusable, like, mend, title_of, value_of
from integrations.formats.ical_text import refuse_other_files, scan
from integrations.formats.ical_zones import Zones, user_zone

NO_EVENTS = "There are no events in this calendar file."
NOTHING_USABLE = "None of the events in this file can be used."
UNTITLED = "Busy"
BUSY_STATUS = "X-MICROSOFT-CDO-BUSYSTATUS"  # of Outlook: FREE, TENTATIVE, BUSY or OOF
MOST_NOTES = 10
PADDING = timedelta(days=2)  # around the window, for the sake of zones

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
    may_be_empty: bool = False,
) -> CalendarPull:
    """What is on from now until `days` later: the first `max_occurrences` of it.

    `guard` is entered around the work on each event and each series, and may end it with
    TimeoutError; without one, a rule that never comes true can take seconds.
    Raises BadFormat with a sentence for the user.
    """
    refuse_other_files(data)
    users, last = user_zone(time_zone), now + timedelta(days=days)
    raw = scan(data, first=(now - timedelta(days=1)).date(), last=last.date())
    if not raw.events and not raw.elsewhen:
        if may_be_empty:
            return CalendarPull(coming=[])
        raise BadFormat(NO_EVENTS)
    if len(raw.events) > max_events:
        raise BadFormat(f"This calendar has more than {max_events} events that may be coming.")
    zones, notes = Zones(raw.zones, now=now, guard=guard), _Notes()
    series: dict[str, list[Mended]] = defaultdict(list)
    for event in raw.events:
        with notes.about(event.day), guard():
            mended = mend(event, zones, users=users, last=last)
            if b"@" in raw.owner and raw.owner in event.declined_by:
                mended.event["STATUS"] = "CANCELLED"
            series[mended.uid].append(mended)
    coming: dict[str, SeenEvent] = {}
    for group in series.values():
        with notes.about(group[0].start), guard():
            found = list(_coming(group, now=now, last=last, users=users))
            coming.update((one.external_id, one) for busy, one in found if busy)
            notes.usable += 1
            notes.free += sum(not busy for busy, one in found)
            notes.guessed += sum(one.guessed_zone for one in group) if found else 0
    if not notes.usable and not raw.elsewhen:
        raise BadFormat(f"{NOTHING_USABLE} {notes.all()[0]}")
    if notes.free and not coming:
        notes.more.append(
            "What is coming in this calendar leaves you free, so none of it was taken."
        )
    ordered = sorted(coming.values(), key=lambda one: (one.starts_at, one.ends_at, one.external_id))
    if len(ordered) > max_occurrences:
        notes.more.append(f"Only the first {max_occurrences} coming events were taken.")
    return CalendarPull(coming=ordered[:max_occurrences], refused=notes.all())


class _Notes:
    """What to tell the user about events that were left out, without a word of their text."""

    def __init__(self) -> None:
        self.left_out: list[str] = []
        self.more: list[str] = []
        self.usable = 0  # series
        self.free = 0  # occurrences that are cancelled or leave the user free
        self.guessed = 0  # events in a zone that is not known

    @contextmanager
    def about(self, day: date | None) -> Iterator[None]:
        """Whatever goes wrong inside costs the event of `day` only."""
        try:
            yield
        except BadFormat:
            raise
        except Unusable as error:
            self._leave_out(day, str(error))
        except TimeoutError:
            self._leave_out(day, "how it repeats takes too long to work out.")
        except Exception:
            self._leave_out(day, "it can't be understood.")

    def _leave_out(self, day: date | None, why: str) -> None:
        when = f"of {day.day} {day:%B} {day.year}" if day else "without a date"
        self.left_out.append(f"An event {when} was left out: {why}")

    def all(self) -> list[str]:
        notes = self.left_out[:MOST_NOTES]
        if more := len(self.left_out) - len(notes):
            notes.append(f"{more} more {'was' if more == 1 else 'were'} left out.")
        if self.guessed:
            what = "1 event was" if self.guessed == 1 else f"{self.guessed} events were"
            notes.append(f"{what} in a time zone that is not known here, so yours was taken.")
        return notes + self.more


def _coming(
    group: list[Mended], *, now: datetime, last: datetime, users: tzinfo
) -> Iterator[tuple[bool, SeenEvent]]:
    """The occurrences of one UID that end after `now` and begin before `last`; True: is busy."""
    uid = group[0].uid
    for series in _series(group):
        title = title_of(series[0].event)
        for event in _occurrences(series, now=now, last=last, users=users):
            start = value_of(event["DTSTART"])
            all_day = not isinstance(start, datetime)
            end = value_of(event.get("DTEND")) or (start + timedelta(days=1) if all_day else start)
            starts_at, ends_at = _instant(start, users), _instant(end, users)
            if _is_skipped(start) and isinstance(end, datetime) and end.tzinfo is start.tzinfo:
                # It begins later by the clock there is, and lasts as long as ever (RFC 5545, 3.8.5.3).
                ends_at = starts_at + (end - start)
            # Where clocks are put forward, an end can fall before its start.
            ends_at = max(starts_at, ends_at)
            if ends_at > now and starts_at < last:
                seen = SeenEvent(
                    external_id=_id(uid, event),
                    title=title_of(event) or title or UNTITLED,
                    starts_at=starts_at,
                    ends_at=ends_at,
                    all_day=all_day,
                    kind="away" if _word(event, BUSY_STATUS) == "OOF" else "busy",
                )
                yield _is_busy(event), seen


def _series(group: list[Mended]) -> Iterator[list[Mended]]:
    """Splits what shares a UID: its newest version with its overrides, and what merely shares it."""
    overrides = [one for one in group if one.replaces is not None]
    masters = [one for one in group if one.replaces is None]
    newest = max((one.version[0] for one in masters), default=0)
    by_start = {
        one.start: one for one in sorted(masters, key=lambda one: one.version)
        if one.version[0] == newest
    }  # fmt: skip
    # Some programs give every event the same UID. Only one of them can be what is overridden.
    ordered = sorted(by_start.values(), key=lambda one: not one.repeats)
    overrides.sort(key=lambda one: one.version, reverse=True)
    yield ordered[:1] + overrides
    for alone in ordered[1:]:
        yield [alone]


def _occurrences(
    series: list[Mended], *, now: datetime, last: datetime, users: tzinfo
) -> list[Event]:
    first = series[0]
    if len(series) == 1 and not first.repeats and first.replaces is None:
        return [first.event]
    calendar = Calendar()
    for one in series:
        if one.replaces is not None and first.replaces is None:
            ranged = one.event["RECURRENCE-ID"].params.get("RANGE")
            replaced = vDDDTypes(like(one.replaces, first.start, users))
            if ranged:
                replaced.params["RANGE"] = ranged
            one.event["RECURRENCE-ID"] = replaced
        calendar.add_component(one.event)
    # The bounds are in the user's zone, because whole days are compared with them.
    begin, end = now - timedelta(days=1) - PADDING, last + PADDING
    return CalendarQuery(calendar).between(begin.astimezone(users), end.astimezone(users))


def _is_skipped(moment: date) -> TypeGuard[datetime]:
    """Whether it is a time that clocks which are put forward don't show."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        return False
    shown = moment.astimezone(UTC).astimezone(moment.tzinfo)
    return shown.replace(tzinfo=None) != moment.replace(tzinfo=None)


def _instant(moment: date, users: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), users)
    return moment.astimezone(UTC)


def _is_busy(event: Event) -> bool:
    """False for what is cancelled, or leaves the user free."""
    return not (
        _word(event, "STATUS") == "CANCELLED"
        or _word(event, "TRANSP") == "TRANSPARENT"
        or _word(event, BUSY_STATUS) == "FREE"
    )


def _word(event: Event, name: str) -> str:
    return str(event.get(name, "")).strip().upper()


def _id(uid: str, event: Event) -> str:
    """The same for the same occurrence in every export, also when it was moved."""
    replaced = event.get("RECURRENCE-ID")
    # A change of all that follows stays on each of them, so it tells none from the others.
    if replaced is None or "RANGE" in replaced.params:
        replaced = event["DTSTART"]
    moment = value_of(replaced)
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC)
    return sha256(f"{uid}\n{moment.isoformat()}".encode()).hexdigest()[:40]
