"""The rhythm of the week and of the day in what was finished lately.

Facts: `days` looked back on, today among them (the preference lookback_days, but at most the 28 that are
known here), and `done`, how many things were finished in them; `daily_cycle` and `weekly_cycle`, from
0 for an even spread to 1, the user's own word if they gave one, None while these days reach back to
before it was forgotten; and only where one is above one half and no accident, else None:
`peak_from` and `peak_until`, the three hours of the day with most, and `in_peak`, how many;
`peak_weekday` (0 is Monday) and `on_peak_weekday`, how many.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from agents.inference import values, words
from agents.inference.days import done_locally, local, since, sittings
from agents.inference.statistics import at_least, stands_out
from agents.library.base import Agent, History, Inferred, Inputs, Manifest, Param, Snippet

MIN_HISTORY = 30
WEEK = 7
MOST_DAYS = 364
KNOWN_DAYS = 28  # and as many are needed to see a week come again
HOURS = 3  # of one part: narrower ones have too few things in them for a peak to mean anything
PARTS = 24 // HOURS
SAID = 0.5
SURE = 0.8
# What the same hours of the same things finished tell, here and in the agent of the time of day.
OF_HOURS = ("preferred_hour", "peak_hours", "daily_cycle")


def cycle(counts: list[int]) -> float:
    """1 - mean / peak: 0 for an even spread, one half where the peak is twice the mean."""
    peak = max(counts)
    return 1 - sum(counts) / len(counts) / peak if peak else 0.0


def lookback(history: History, moments: list[datetime]) -> int | None:
    """The fewest whole weeks, today their last day, that hold thirty things finished; None where
    not even the most do.
    """
    reach = (_today(history) - moments[-MIN_HISTORY].date()).days + 1
    days = -(-reach // WEEK) * WEEK
    return days if days <= MOST_DAYS else None


def infer_lookback(history: History) -> Inferred | None:
    moments = done_locally(history)
    days = lookback(history, moments)
    if days is None:
        return None
    first = _today(history) - timedelta(days=days - 1)
    # Nothing is guessed here: it is a date that was looked up.
    evidence = {"done": len(since(moments, first)), "since": first.isoformat()}
    return Inferred(days, 1.0, evidence)


def infer_weekly(history: History) -> Inferred | None:
    moments = done_locally(history)
    reach = lookback(history, moments)
    if reach is None:
        return None
    days = max(KNOWN_DAYS, reach)
    first = _today(history) - timedelta(days=days - 1)
    if moments[0].date() > first:
        return None  # days from before anything was known would count as days of rest
    found = since(moments, first)
    return _infer(found, by_weekday(found), [day.weekday() for day, _ in sittings(found)], first)


def infer_daily(history: History) -> Inferred | None:
    moments = done_locally(history)
    days = lookback(history, moments)
    if days is None:
        return None
    first = _today(history) - timedelta(days=days - 1)
    found = since(moments, first)
    return _infer(found, by_part(found), [hour // HOURS for _, hour in sittings(found)], first)


def _infer(
    found: list[datetime], counts: list[int], cells: list[int], first: date
) -> Inferred | None:
    if not found:
        return None
    strength = round(cycle(counts), 2)
    peak = counts.index(max(counts))
    at_peak = Counter(cells)[peak]
    if strength > SAID:
        sure = stands_out(at_peak, len(cells), 1 / len(counts), among=len(counts))
        if sure < SURE or counts.count(counts[peak]) > 1:
            return None
    else:
        # How surely the peak would have been fuller, had it really twice its share or more.
        sure = at_least(at_peak + 1, len(cells), 2 / len(counts))
    evidence = {"done": len(found), "peak": peak, "in_peak": counts[peak]}
    return Inferred(strength, sure, {**evidence, "since": first.isoformat()})


def by_weekday(moments: list[datetime]) -> list[int]:
    counts = Counter(moment.weekday() for moment in moments)
    return [counts[day] for day in range(WEEK)]


def by_part(moments: list[datetime]) -> list[int]:
    counts = Counter(moment.hour // HOURS for moment in moments)
    return [counts[part] for part in range(PARTS)]


def _today(history: History) -> date:
    return history.now.astimezone(history.zone).date()


def say_lookback(value: Any, evidence: Mapping[str, Any]) -> str:
    """That of the user's own word is obeyed which is known when a tip is made."""
    if not evidence and value > KNOWN_DAYS:
        return (
            f"To see how you live, oO would look back {value} days; for a tip it knows the last"
            f" {KNOWN_DAYS} of them, and counts those."
        )
    said = f"To see how you live, oO looks back {words.some(value, 'day', 'days')}"
    if not evidence:
        return f"{said}."
    return f"{said}: far enough to have seen you finish {evidence['done']} things."


def say_weekly(value: Any, evidence: Mapping[str, Any]) -> str:
    if not evidence:
        return "Your weeks have a rhythm." if value > SAID else "No day of your week stands out."
    weekday = words.WEEKDAYS[evidence["peak"]]
    if value > SAID:
        return f"You finish more on {weekday}s than on any other day: {_of(evidence)}."
    return f"No day of your week stands out by much. {weekday} has {_of(evidence)}."


def say_daily(value: Any, evidence: Mapping[str, Any]) -> str:
    if not evidence:
        return "Your days have a rhythm." if value > SAID else "No time of your day stands out."
    first = evidence["peak"] * HOURS
    between = f"between {words.clock(first)} and {words.clock(first + HOURS)}"
    if value > SAID:
        return f"You finish much of what you finish {between}: {_of(evidence)}."
    return f"No time of your day stands out by much: {_of(evidence)} {between}."


def _of(evidence: Mapping[str, Any]) -> str:
    return (
        f"{evidence['in_peak']} of {evidence['done']} things since {words.day(evidence['since'])}"
    )


class RecentPatterns(Agent):
    manifest = Manifest(
        id="recent-patterns",
        version="3",
        says="The rhythm of the week and of the day, where there is one.",
        listens=("signals.task.completed",),
        ttl=timedelta(hours=12),
        grain="day",
        params=(
            Param(
                "lookback_days",
                default=28,
                min_history=MIN_HISTORY,
                meaning="How many days of the past say something of the present.",
                accepts=values.whole(WEEK, MOST_DAYS, of="a number of days"),
                hint=values.whole(WEEK, MOST_DAYS, of="a number of days").hint,
                infer=infer_lookback,
                says=say_lookback,
                asked=False,
            ),
            Param(
                "weekly_cycle",
                default=0.0,
                min_history=MIN_HISTORY,
                meaning="How much the days of the week differ: 0 not at all, above 0.5 one stands out.",
                accepts=values.number(0, 1),
                hint=values.number(0, 1).hint,
                infer=infer_weekly,
                says=say_weekly,
                asked=False,
            ),
            Param(
                "daily_cycle",
                default=0.0,
                min_history=MIN_HISTORY,
                meaning="How much the times of day differ: 0 not at all, above 0.5 one stands out.",
                accepts=values.number(0, 1),
                hint=values.number(0, 1).hint,
                infer=infer_daily,
                says=say_daily,
                asked=False,
                told_with=OF_HOURS,
            ),
        ),
    )

    def compute(self, inputs: Inputs) -> Snippet | None:
        days = min(KNOWN_DAYS, int(inputs.preferences.get("lookback_days", KNOWN_DAYS)))
        first = inputs.now.date() - timedelta(days=days - 1)
        moments = local(inputs.done_at, inputs.zone)
        found = since(moments, first)
        if len(found) < MIN_HISTORY:
            return None
        facts: dict[str, Any] = {"days": days, "done": len(found)}
        said: list[str] = []
        part = _infer(found, by_part(found), [hour // HOURS for _, hour in sittings(found)], first)
        facts["daily_cycle"] = round(cycle(by_part(found)), 2)
        if _is_forgotten(inputs, first, *OF_HOURS):
            part, facts["daily_cycle"] = None, None
        if "daily_cycle" in inputs.said:
            facts["daily_cycle"] = inputs.preferences["daily_cycle"]
            part = part if facts["daily_cycle"] > SAID else None
        if "preferred_hour" in inputs.said and part:
            own = int(inputs.preferences["preferred_hour"]) // HOURS
            part = part if part.evidence["peak"] == own else None
        facts |= dict.fromkeys(("peak_from", "peak_until", "in_peak"))
        if part and part.value > SAID:
            begins = part.evidence["peak"] * HOURS
            in_peak = part.evidence["in_peak"]
            facts |= {"peak_from": begins, "peak_until": (begins + HOURS) % 24, "in_peak": in_peak}
            said.append(
                f"{in_peak} between {words.clock(begins)} and {words.clock(begins + HOURS)}"
            )
        # A rhythm of the week takes weeks to see: of fewer nothing is said.
        facts["weekly_cycle"] = round(cycle(by_weekday(found)), 2) if days == KNOWN_DAYS else None
        facts |= dict.fromkeys(("peak_weekday", "on_peak_weekday"))
        cells = [day.weekday() for day, _ in sittings(found)]
        whole = days == KNOWN_DAYS and found[0].date() < first + timedelta(days=WEEK)
        weekday = _infer(found, by_weekday(found), cells, first) if whole else None
        if _is_forgotten(inputs, first, "weekly_cycle"):
            weekday, facts["weekly_cycle"] = None, None
        if "weekly_cycle" in inputs.said:
            facts["weekly_cycle"] = inputs.preferences["weekly_cycle"]
            weekday = weekday if facts["weekly_cycle"] > SAID else None
        if weekday and weekday.value > SAID:
            peak, on_peak = weekday.evidence["peak"], weekday.evidence["in_peak"]
            facts |= {"peak_weekday": peak, "on_peak_weekday": on_peak}
            said.append(f"{on_peak} on {words.WEEKDAYS[peak]}s")
        if not said:
            return None
        sure = min(one.confidence for one in (part, weekday) if one and one.value > SAID)
        return Snippet(
            text=f"Of {len(found)} things finished in the last {days} days, {words.listed(said)}.",
            facts=facts,
            confidence=sure,
        )


def _is_forgotten(inputs: Inputs, first: date, *names: str) -> bool:
    """Whether the user had one of these forgotten since that day: then it is of what is forgotten."""
    at = inputs.forgotten_at(*names)
    return at is not None and at.astimezone(inputs.zone).date() >= first
