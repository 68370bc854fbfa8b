"""What part of the user's day it is, whether it is theirs to be left alone, and when things get done.

Facts: `part` (morning, afternoon, evening, night), `quiet` (by the preferences quiet_start and
quiet_end), `peak` (it is one of the hours of the preference peak_hours, or the hour that the user says
is their best), `hour`, `weekday` (0 is Monday), `tz`; and of the last 28 days: `done`, how many
things were finished, `preferred_hour`, the hour in which more of them were than in any other (None
where there is too little, or of too few days, or no such hour, or the user names another), and
`at_preferred_hour`, how many. What the user had forgotten of their hours is counted from what came
since. The confidence is that of the hour, where one is named.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from agents.inference import values, words
from agents.inference.days import done_locally, is_quiet, local, sittings
from agents.inference.statistics import above_nothing, ahead, longest_run, runs, stands_out
from agents.library.base import (
    Agent,
    History,
    Inferred,
    Inputs,
    Manifest,
    Param,
    Snippet,
    part_of_day,
)

# Below this many completions an hour of the day says nothing about a person.
MIN_HISTORY = 20
MIN_QUIET_HISTORY = 30
MIN_DAYS = 5  # one long evening of ticking things off is no habit
QUIET = range(4, 13)  # hours: less is a pause, and of more a part is a day that oO does not see
SURE = 0.8
# What the same hours of the same things finished tell: who had one of them forgotten is not told by
# another what it was.
OF_HOURS = ("preferred_hour", "peak_hours", "daily_cycle")
OF_QUIET = ("quiet_start", "quiet_end", "tz")
# The middle of the night, where people sleep as they like, and how far from it nearly all of them have
# theirs, in hours (Roenneberg and others, 2007, Sleep Medicine Reviews 11).
MID_SLEEP, WITHIN = 4.0, 3.0
NIGHT = range(1, 7)  # the hours that near to it


class Fullest(NamedTuple):
    """The hour in which most was finished: how much, how much in the next, and how surely it is."""

    hour: int
    most: int
    next_most: int
    sure: float


def fullest_hour(moments: Sequence[datetime]) -> Fullest | None:
    """Of these local moments, where one hour has most, and that on days enough to be a habit."""
    counts = Counter(moment.hour for moment in moments)
    if not counts:
        return None
    (hour, most), *others = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    next_most = others[0][1] if others else 0
    days = Counter(hour for _, hour in sittings(moments))
    if most == next_most or days[hour] < MIN_DAYS:
        return None
    rival = max((count for other, count in days.items() if other != hour), default=0)
    return Fullest(hour, most, next_most, ahead(days[hour], rival))


def infer_preferred_hour(history: History) -> Inferred | None:
    moments = done_locally(history)
    found = fullest_hour(moments)
    if found is None:
        return None
    numbers = {"done": len(moments), "at_hour": found.most, "next": found.next_most}
    return Inferred(found.hour, found.sure, {**numbers, "since": _first(history)})


def infer_quiet(history: History) -> tuple[int, int, float, dict[str, Any]] | None:
    """When the longest run of hours with less than their share begins and ends, and how sure it is.

    A run longer than anybody is quiet is cut to what of it lies best in the night: who only finishes
    things at work sleeps in it too. And a run by day is not sure to be anybody's sleep where the
    night is as empty: who finishes things before and after work would be left alone at work, and
    looked for at night.
    """
    moments = done_locally(history)
    by_hour = Counter(moment.hour for moment in moments)
    counts = [by_hour[hour] for hour in range(24)]
    start, end, _ = longest_run(counts)
    if (end - start) % 24 not in QUIET:
        start, end = best_in_the_night(start, end)
    length = (end - start) % 24
    cells = sittings(moments)
    if length not in QUIET or len({day for day, _ in cells}) < MIN_DAYS:
        return None
    if is_by_day(start, end) and any(
        (ends - begins) % 24 in QUIET and is_around_the_night(begins, ends)
        for begins, ends, _ in runs(counts)
    ):
        return None
    inside = sum(count for hour, count in by_hour.items() if is_quiet(hour, start=start, end=end))
    outside = sum(not is_quiet(hour, start=start, end=end) for _, hour in cells)
    sure = stands_out(outside, len(cells), 1 - length / 24, among=24)
    if sure < SURE:
        return None  # nobody is to be left alone by accident
    evidence = {"done": len(moments), "inside": inside, "start": start, "end": end}
    return start, end, sure, {**evidence, "since": _first(history)}


def best_in_the_night(start: int, end: int) -> tuple[int, int]:
    """The longest quiet hours there can be, of those in this run whose middle is nearest to that of
    the night; none at all, (0, 0), where the run is shorter, or they are not around the night.
    """
    spare = (end - start) % 24 - QUIET[-1]
    cuts = [((start + n) % 24, (start + n + QUIET[-1]) % 24) for n in range(spare + 1)]
    best = min(cuts, key=lambda cut: from_mid_sleep(*cut), default=(0, 0))
    return best if is_around_the_night(*best) else (0, 0)


def from_mid_sleep(start: int, end: int) -> float:
    """How many hours the middle of these hours is from the middle of the night, whichever way round."""
    middle = start + ((end - start) % 24) / 2
    return abs((middle - MID_SLEEP + 12) % 24 - 12)


def is_around_the_night(start: int, end: int) -> bool:
    return from_mid_sleep(start, end) <= WITHIN


def is_by_day(start: int, end: int) -> bool:
    """Whether no hour of the night is among these."""
    return not any(is_quiet(hour, start=start, end=end) for hour in NIGHT)


def infer_quiet_start(history: History) -> Inferred | None:
    found = infer_quiet(history)
    return Inferred(found[0], found[2], found[3]) if found else None


def infer_quiet_end(history: History) -> Inferred | None:
    found = infer_quiet(history)
    return Inferred(found[1], found[2], found[3]) if found else None


def infer_peak_hours(history: History) -> Inferred | None:
    """The top quarter of the hours in which anything was finished, with those equal to its last."""
    moments = done_locally(history)
    peak = top_quarter(Counter(moment.hour for moment in moments))
    days: dict[date, list[int]] = defaultdict(list)
    for moment in moments:
        days[moment.date()].append(moment.hour)
    if not peak or len(days) < MIN_DAYS:
        return None
    # Chosen on every other day and tried on the days between, so that the choice can't flatter itself
    # (data splitting: D. R. Cox, 1975, Biometrika 62).
    odd = Counter(hour for day, hours in days.items() if day.toordinal() % 2 for hour in hours)
    chosen = top_quarter(odd)
    known = {moment.hour for moment in moments}
    due = len(chosen) / len(known)
    sure = above_nothing(
        [
            sum(hour in chosen for hour in hours) - due * len(hours)
            for day, hours in days.items()
            if not day.toordinal() % 2
        ]
    )
    if len(known) == 1:  # there is no choice to try: it is as sure as that it is the fullest hour
        sure = ahead(len(days), 0)
    inside = sum(moment.hour in peak for moment in moments)
    return Inferred(peak, sure, {"done": len(moments), "inside": inside, "since": _first(history)})


def top_quarter(counts: Mapping[int, int]) -> list[int]:
    """In order of the clock; none where more than half of the hours are alike at the top."""
    if not counts:
        return []
    threshold = sorted(counts.values(), reverse=True)[max(1, len(counts) // 4) - 1]
    top = sorted(hour for hour, count in counts.items() if count >= threshold)
    return top if len(top) * 2 <= len(counts) or len(counts) == 1 else []


def infer_tz(history: History) -> Inferred | None:
    """That the account's zone is the one they live by: in it, their quiet hours lie around the night."""
    found = infer_quiet(history)
    if not found:
        return None
    start, end, sure, evidence = found
    if not is_around_the_night(start, end):
        return None  # somebody travelling, or working nights: not for us to say which
    return Inferred(history.zone.key, sure, evidence)


def _first(history: History) -> str:
    return history.done[0].at.astimezone(history.zone).date().isoformat()


def say_preferred_hour(value: Any, evidence: Mapping[str, Any]) -> str:
    between = f"between {words.clock(value)} and {words.clock(value + 1)}"
    if not evidence:
        return f"Your best hour is {between}."
    return (
        f"You finish more {between} than in any other hour:"
        f" {evidence['at_hour']} of {evidence['done']} things."
    )


def say_quiet_start(value: Any, evidence: Mapping[str, Any]) -> str:
    return f"Your quiet hours begin at {words.clock(value)}.{_quiet(evidence)}"


def say_quiet_end(value: Any, evidence: Mapping[str, Any]) -> str:
    return f"Your quiet hours end at {words.clock(value)}.{_quiet(evidence)}"


def _quiet(evidence: Mapping[str, Any]) -> str:
    if not evidence:
        return ""
    inside = evidence["inside"]
    few = "1 was" if inside == 1 else f"{inside or 'none'} were"
    return (
        f" Of {evidence['done']} things, {few} finished"
        f" between {words.clock(evidence['start'])} and {words.clock(evidence['end'])}."
    )


def say_peak_hours(value: Any, evidence: Mapping[str, Any]) -> str:
    if not value:
        return "No hour of your day stands out."
    begin = "begins" if len(value) == 1 else "begin"
    hours, them = ("hour", "it") if len(value) == 1 else ("hours", "them")
    said = f"Your fullest {hours} {begin} at {words.listed([words.clock(one) for one in value])}"
    if not evidence:
        return f"{said}."
    return f"{said}: {evidence['inside']} of {evidence['done']} things were finished in {them}."


def say_tz(value: Any, evidence: Mapping[str, Any]) -> str:
    if not value:
        return "You live by the clock of your account."
    lives = f"You live by the clock of {value.replace('_', ' ')}"
    if not evidence:
        return f"{lives}."
    return f"{lives}: by it, your quiet hours are around the night.{_quiet(evidence)}"


class TimeOfDay(Agent):
    manifest = Manifest(
        id="time-of-day",
        version="4",
        says="Part of the day, quiet hours, and the hours in which things get done.",
        listens=("signals.task.completed", "signals.tip.feedback"),
        ttl=timedelta(hours=1),
        params=(
            Param(
                "preferred_hour",
                default=9,
                min_history=MIN_HISTORY,
                meaning="The hour in which most tasks were completed.",
                accepts=values.hour(),
                hint=values.hour().hint,
                infer=infer_preferred_hour,
                says=say_preferred_hour,
                told_with=OF_HOURS,
            ),
            Param(
                "quiet_start",
                default=22,
                min_history=MIN_QUIET_HISTORY,
                meaning="From this hour on nothing new is offered.",
                accepts=values.hour(),
                hint=values.hour().hint,
                infer=infer_quiet_start,
                says=say_quiet_start,
                told_with=OF_QUIET,
            ),
            Param(
                "quiet_end",
                default=7,
                min_history=MIN_QUIET_HISTORY,
                meaning="From this hour on tips come again.",
                accepts=values.hour(),
                hint=values.hour().hint,
                infer=infer_quiet_end,
                says=say_quiet_end,
                told_with=OF_QUIET,
            ),
            Param(
                "peak_hours",
                default=[],  # or it would be said to be so
                min_history=MIN_QUIET_HISTORY,
                meaning="The hours in which most gets done.",
                accepts=values.hours(),
                hint=values.hours().hint,
                infer=infer_peak_hours,
                says=say_peak_hours,
                told_with=OF_HOURS,
            ),
            # Not theirs to say here: all the clocks of the house are read in the zone of the account.
            Param(
                "tz",
                default="",
                min_history=MIN_QUIET_HISTORY,
                meaning="The time zone you live by. Until that shows, it is the one of your account.",
                accepts=values.zone(),
                hint=values.zone().hint,
                infer=infer_tz,
                says=say_tz,
                sayable=False,
                told_with=OF_QUIET,
            ),
        ),
    )

    def compute(self, inputs: Inputs) -> Snippet | None:
        now = inputs.now
        quiet = is_quiet(
            now.hour,
            start=int(inputs.preferences.get("quiet_start", 22)),
            end=int(inputs.preferences.get("quiet_end", 7)),
        )
        forgotten = inputs.forgotten_at(*OF_HOURS)
        done = [moment for moment in inputs.done_at if not forgotten or moment > forgotten]
        found = fullest_hour(local(done, inputs.zone)) if len(done) >= MIN_HISTORY else None
        own = inputs.preferences["preferred_hour"] if "preferred_hour" in inputs.said else None
        if found and own not in (None, found.hour):
            found = None
        part = part_of_day(now)
        text = f"It is {part} on a {words.WEEKDAYS[now.weekday()]}."
        if found:
            lately = "lately" if forgotten else "in the last 28 days"
            text += (
                f" Of {words.some(len(done), 'thing', 'things')} finished {lately},"
                f" {found.most} were finished between {words.clock(found.hour)} and"
                f" {words.clock(found.hour + 1)}, more than in any other hour."
            )
        return Snippet(
            text=text,
            facts={
                "part": part,
                "quiet": quiet,
                "peak": now.hour == own or now.hour in inputs.preferences.get("peak_hours", ()),
                "hour": now.hour,
                "weekday": now.weekday(),
                "tz": inputs.zone.key,
                "preferred_hour": found.hour if found else None,
                "at_preferred_hour": found.most if found else 0,
                "done": len(done),
            },
            confidence=found.sure if found else 0.5,
        )
