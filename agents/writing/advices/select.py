"""Which advices fit a moment, and which few of them one person gets on one day."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from agents.library.base import Inputs, Snippet, end_of_part, part_of_day
from agents.writing.advices.base import HOME, WORK, Advice
from agents.writing.advices.library import ADVICES

WEEKEND = 5  # Saturday is the first day of it


def select(inputs: Inputs, snippets: Mapping[str, Snippet], n: int) -> list[Advice]:
    """At most n that fit this moment: others each day, the same as long as the moment stays alike and
    none of them is answered.

    What was answered rests, and leaves its place to the next in the day's order. Each is of another
    topic while there are topics left. At night there is none.
    """
    awake = [one for one in fitting(inputs, snippets) if one.key not in inputs.resting]
    order = sorted(awake, key=lambda advice: _lot(inputs, advice))
    chosen: list[Advice] = []
    while order and len(chosen) < n:
        topics: set[str] = set()
        rest: list[Advice] = []
        for advice in order:
            (rest if advice.topic in topics else chosen).append(advice)
            topics.add(advice.topic)
        order = rest
    return chosen[:n]


def fitting(inputs: Inputs, snippets: Mapping[str, Snippet]) -> list[Advice]:
    """All that fit: part of the day, hour, day of the week, place, the minutes there are, and energy."""
    window, energy = snippets.get("free-window"), snippets.get("energy")
    part = part_of_day(inputs.now)
    level = energy.facts.get("level") if energy else None
    room, where = _room(inputs, window), _where(inputs)
    return [
        advice
        for advice in ADVICES
        if part in advice.moment.parts
        and advice.moment.hours[0] <= inputs.now.hour < advice.moment.hours[1]
        and advice.moment.days in ("any", "weekend" if _weekend(inputs) else "weekday")
        and (not advice.moment.places or bool(advice.moment.places & where))
        and (room is None or advice.moment.free <= room)
        and advice.moment.energy in ("any", "low" if level == "low" else "some")
    ]


def end_of_moment(advice: Advice, now: datetime) -> datetime:
    """Until when an advice that fits now does: its part of the day, or its hours of it."""
    end, last = end_of_part(now), advice.moment.hours[1]
    return end if last > 23 else min(end, now.replace(hour=last, minute=0, second=0, microsecond=0))


def _weekend(inputs: Inputs) -> bool:
    return inputs.now.weekday() >= WEEKEND


def _where(inputs: Inputs) -> frozenset[str]:
    """The places the user is at, by the situations that hold; a guess where they named none."""
    if inputs.contexts:
        return frozenset(name.strip().casefold() for name in inputs.contexts)
    return HOME if _weekend(inputs) or part_of_day(inputs.now) == "evening" else WORK


def _room(inputs: Inputs, window: Snippet | None) -> float | None:
    """Minutes until something is on in the calendar; 0 while something is; None where nothing tells."""
    if window is not None:
        return 0 if window.facts.get("busy") else window.facts.get("minutes")
    timed = [event for event in inputs.events if not event.all_day and event.ends_at > inputs.now]
    begins = min((event.starts_at for event in timed), default=None)
    return None if begins is None else max(begins - inputs.now, timedelta()) / timedelta(minutes=1)


def _lot(inputs: Inputs, advice: Advice) -> str:
    seed = f"{inputs.user_id}:{inputs.now.date()}:{advice.id}"
    return hashlib.sha256(seed.encode()).hexdigest()
