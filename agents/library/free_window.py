"""How long the calendar leaves the user alone from now on.

Facts: `busy` (something with a time is on), `focus` (it was set aside by the user for work), and as ISO
moments in the user's zone `from`, when this was found out, and `until`, when it ends: the free time,
or while busy what is on, with all that follows without a break. `until_what` is event, quiet (the
preference quiet_start), horizon (nothing is in the way for a day) or free (while busy). `minutes` is
how many lie between the two, `enough` whether that is free time of the preference
free_window_minutes or more, `next_event_id` what ends it, `later_today` how many things with a time
begin later today, `busy_minutes_today` how many minutes of the rest of today are taken.
Minutes pass while a snippet is kept: after `until` it says nothing any more. Nothing is said in quiet
hours, nor on a day that the calendar is out of the office for, nor of a calendar that was read longer
ago than promised: what is in it by now nobody knows.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.inference import values, words
from agents.inference.days import is_quiet, minutes_between
from agents.inference.statistics import nearest_rank, quantile_within
from agents.library.base import (
    Agent,
    EventFact,
    History,
    Inferred,
    Inputs,
    Manifest,
    Param,
    Snippet,
)

Span = tuple[datetime, datetime]

MIN_HISTORY = 20
DEFAULT_MINUTES = 30
LEAST, MOST = 5, 240
HORIZON = timedelta(hours=24)


def spans(events: Iterable[EventFact]) -> list[Span]:
    """When the calendar is taken, in UTC, what overlaps or touches made one. Days are not appointments."""
    taken: list[Span] = []
    timed = (
        (event.starts_at.astimezone(UTC), event.ends_at.astimezone(UTC))
        for event in events
        if not event.all_day and event.ends_at.astimezone(UTC) > event.starts_at.astimezone(UTC)
    )
    for begins, ends in sorted(timed):
        if taken and begins <= taken[-1][1]:
            taken[-1] = (taken[-1][0], max(ends, taken[-1][1]))
        else:
            taken.append((begins, ends))
    return taken


def gaps(history: History) -> list[float]:
    """For each thing finished between two appointments of a day: the minutes between those."""
    taken = spans(history.events)
    starts = [begins for begins, _ in taken]
    found = []
    for done in history.done:
        at = done.at.astimezone(UTC)
        place = bisect_right(starts, at)
        if not 0 < place < len(taken):
            continue
        free_from, free_until = taken[place - 1][1], taken[place][0]
        days = {moment.astimezone(history.zone).date() for moment in (free_from, free_until)}
        if free_from <= at and len(days) == 1:
            found.append(minutes_between(free_from, free_until))
    return found


def finished_in_gaps(history: History) -> int:
    return len(gaps(history))


def infer_minutes(history: History) -> Inferred | None:
    lengths = gaps(history)
    quarter = nearest_rank(lengths, 0.25)
    minutes = int(min(MOST, max(LEAST, quarter)))
    evidence = {"done": len(lengths), "in_longer": sum(one >= minutes for one in lengths)}
    return Inferred(
        minutes, quantile_within(lengths, 0.25, 0.75 * quarter, 1.25 * quarter), evidence
    )


def say_minutes(value: Any, evidence: Mapping[str, Any]) -> str:
    stretch = words.duration(value)
    if not evidence:
        return f"You can use free time of {stretch} or more."
    return (
        f"You can use free time of {stretch} or more: of {evidence['done']} things finished between"
        f" two appointments, {evidence['in_longer']} were finished in stretches that long."
    )


def _quiet_hours(inputs: Inputs) -> tuple[int, int]:
    wants = inputs.preferences
    return int(wants.get("quiet_start", 22)), int(wants.get("quiet_end", 7))


def quiet_begins(inputs: Inputs) -> datetime | None:
    """When quiet hours next begin, in UTC; None for somebody who has none."""
    start, end = _quiet_hours(inputs)
    if start == end:
        return None
    now = inputs.now.astimezone(inputs.zone)
    for days in (0, 1):
        day = now.date() + timedelta(days=days)
        at = datetime(day.year, day.month, day.day, start, tzinfo=inputs.zone).astimezone(UTC)
        if at > now.astimezone(UTC):
            return at
    return None


class FreeWindow(Agent):
    manifest = Manifest(
        id="free-window",
        version="1",
        says="How long the calendar leaves room for something.",
        listens=("signals.calendar.changed",),
        ttl=timedelta(minutes=15),
        needs=("google_calendar", "ical_feed", "ical"),
        params=(
            Param(
                "free_window_minutes",
                default=DEFAULT_MINUTES,
                min_history=MIN_HISTORY,
                meaning="How much free time is enough for you to finish something.",
                accepts=values.whole(LEAST, MOST, of="a number of minutes"),
                hint=values.whole(LEAST, MOST, of="a number of minutes").hint,
                infer=infer_minutes,
                says=say_minutes,
                amount=finished_in_gaps,
            ),
        ),
    )

    def compute(self, inputs: Inputs) -> Snippet | None:
        if "calendar" in inputs.stale:
            return None
        now = inputs.now.astimezone(UTC)
        start, end = _quiet_hours(inputs)
        absent = any(e.all_day and e.kind == "away" and _holds(e, now) for e in inputs.events)
        if is_quiet(inputs.now.hour, start=start, end=end) or absent:
            return None
        taken = [(begins, ends) for begins, ends in spans(inputs.events) if ends > now]
        busy = bool(taken) and taken[0][0] <= now
        if busy:
            until, what = taken[0][1], "free"
        else:
            ends = [(now + HORIZON, 2, "horizon")]
            if taken:
                ends.append((taken[0][0], 0, "event"))
            if quiet := quiet_begins(inputs):
                ends.append((quiet, 1, "quiet"))
            until, _, what = min(ends)
        timed = [event for event in inputs.events if not event.all_day]
        following = [
            event
            for event in timed
            if event.starts_at.astimezone(UTC) == until < event.ends_at.astimezone(UTC)
        ]
        tomorrow = inputs.now.date() + timedelta(days=1)
        day_ends = datetime(
            tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=inputs.zone
        ).astimezone(UTC)
        minutes = int(minutes_between(now, until))
        return Snippet(
            text=_text(what, until.astimezone(inputs.zone), inputs.now),
            facts={
                "busy": busy,
                "focus": any(
                    event.kind == "focus" and _holds(event, now) for event in inputs.events
                ),
                "from": now.astimezone(inputs.zone).isoformat(),
                "until": until.astimezone(inputs.zone).isoformat(),
                "until_what": what,
                "minutes": minutes,
                "enough": not busy
                and minutes >= inputs.preferences.get("free_window_minutes", DEFAULT_MINUTES),
                "next_event_id": min((event.id for event in following), default=None)
                if what == "event"
                else None,
                "later_today": sum(
                    now < event.starts_at.astimezone(UTC) < day_ends for event in timed
                ),
                "busy_minutes_today": int(
                    sum(
                        minutes_between(max(begins, now), min(ends, day_ends))
                        for begins, ends in taken
                        if begins < day_ends
                    )
                ),
            },
        )


def _holds(event: EventFact, now: datetime) -> bool:
    return event.starts_at.astimezone(UTC) <= now < event.ends_at.astimezone(UTC)


def _text(what: str, until: datetime, now: datetime) -> str:
    at = f"{until:%H:%M}" if until.date() == now.date() else f"{until:%H:%M} on {_weekday(until)}"
    return {
        "free": f"Something is on in the calendar until {at}.",
        "event": f"The calendar is free until {at}.",
        "quiet": f"The calendar is free until quiet hours begin at {at}.",
        "horizon": "The calendar is free for the next 24 hours.",
    }[what]


def _weekday(moment: datetime) -> str:
    return words.WEEKDAYS[moment.weekday()]
