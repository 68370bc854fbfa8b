"""Insights: what the user's own numbers say, where that is worth a sentence. Pure.

Each is written from facts of the agents' snippets and carries them as claims; what code can't check
against them (agents.writing.claims) is not offered. None tells of less, of what is open, or of what
slipped: nothing can be done about it by reading it. Nor that some things on the list are about one
thing: who reads it would have to be told which, and a tip has room for one thing's title only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from agents.inference import words
from agents.library.base import Inputs, Snippet, part_of_day
from agents.library.momentum import MOVED
from agents.writing.claims import facts_of, holds
from agents.writing.draft import TipCandidate, end_of_day

__all__ = ["INSIGHTS", "Insight", "facts_of", "holds", "write"]

Facts = Mapping[str, Any]
STAYS = timedelta(hours=12)
WORTH_SAYING = 0.8  # how sure an agent has to be
MANY_STEPS = 1.2  # times the usual
SHORT_WAIT = timedelta(minutes=20)  # a free stretch that ends sooner is not worth a sentence


@dataclass(frozen=True)
class Insight:
    """One sentence that can be said of facts: of these, and where `says` gives one."""

    id: str
    topic: str
    agent: str
    rests_on: tuple[str, ...]  # names of that agent's facts: the claims
    says: Callable[[Facts], str | None]
    until: Callable[[Facts, datetime], datetime] = lambda facts, now: now + STAYS
    parts: tuple[str, ...] = ("morning", "afternoon", "evening")
    counted: bool = (
        False  # it only says what was counted: how sure the agent is of more is no matter
    )


def write(inputs: Inputs, snippets: Mapping[str, Snippet]) -> list[TipCandidate]:
    """The insights of this moment. Each follows from its claims, by recomputation."""
    facts = facts_of(snippets)
    part = part_of_day(inputs.now)
    drafts = (
        _draft(insight, snippets[insight.agent], inputs.now)
        for insight in INSIGHTS
        if insight.agent in snippets and part in insight.parts
    )
    return [one for one in drafts if one and holds(one.claims, facts, one.content)]


def _draft(insight: Insight, snippet: Snippet, now: datetime) -> TipCandidate | None:
    facts = snippet.facts
    if any(name not in facts for name in insight.rests_on):
        return None
    if snippet.confidence < WORTH_SAYING and not insight.counted:
        return None
    text = insight.says(facts)
    until = min(insight.until(facts, now), now + STAYS)
    if text is None or until <= now:
        return None
    return TipCandidate(
        key=f"insight:{insight.id}",
        kind="insight",
        content=text,
        source="oo",
        confidence=snippet.confidence,
        expires_at=until,
        topic=insight.topic,
        claims={f"{insight.agent}.{name}": facts[name] for name in insight.rests_on},
    )


def _of_hour(facts: Facts) -> str | None:
    if facts["preferred_hour"] is None:
        return None
    return (
        f"In the hour from {words.clock(facts['preferred_hour'])} you finish more than in any other:"
        f" {facts['at_preferred_hour']} of {facts['done']} things lately."
    )


def _of_part(facts: Facts) -> str | None:
    if facts["peak_from"] is None:
        return None
    between = f"{words.clock(facts['peak_from'])} and {words.clock(facts['peak_until'])}"
    return (
        f"Of the {facts['done']} things you finished in the last {facts['days']} days,"
        f" {facts['in_peak']} were finished between {between}."
    )


def _of_weekday(facts: Facts) -> str | None:
    if facts["peak_weekday"] is None:
        return None
    return (
        f"Of the {facts['done']} things you finished in the last {facts['days']} days,"
        f" {facts['on_peak_weekday']} were finished on a {words.WEEKDAYS[facts['peak_weekday']]}."
    )


def _of_more(facts: Facts) -> str | None:
    # It may be the user who says so: numbers that say otherwise are not held against them.
    if facts["trend"] != "more" or facts["week_per_day"] <= facts["before_per_day"]:
        return None
    lately, before = words.number(facts["week_per_day"]), words.number(facts["before_per_day"])
    if lately == before:  # two numbers that read the same are no more
        return None
    return f"Lately you finish about {lately} things a day. Before that it was about {before}."


def _of_steady(facts: Facts) -> str | None:
    # The user's own word again: what was counted may be far from steady.
    if facts["trend"] != "steady" or abs(facts["z"]) >= MOVED:
        return None
    # Counted, and not what the user says is usual. Steady is only: no clear change.
    return f"You finish about {words.number(facts['per_day'])} things a day, much as before."


def _of_today(facts: Facts) -> str | None:
    """Only where today is fuller than usual: else it would be a reproach. What is usual is for the
    user to say, where they did.
    """
    if facts["today"] < 2 or facts["today"] < facts["usual_per_day"]:
        return None
    return (
        f"You finished {facts['today']} things today."
        f" About {words.number(facts['usual_per_day'])} a day are usual for you."
    )


def _of_sleep(facts: Facts) -> str | None:
    """Only a long night: of a short one nobody is told by a number."""
    slept, usual = facts["sleep_minutes"], facts["usual_sleep_minutes"]
    if slept is None or usual is None or facts["level"] != "high" or slept <= usual:
        return None
    return f"You slept {words.duration(slept)}, longer than the usual {words.duration(usual)}."


def _of_steps(facts: Facts) -> str | None:
    steps, usual = facts["steps"], facts["usual_steps"]
    if steps is None or not usual or steps < MANY_STEPS * usual:
        return None
    return f"You took {steps:,.0f} steps yesterday. About {usual:,.0f} are usual for you."


def _of_free(facts: Facts) -> str | None:
    if facts["busy"] or not facts["enough"] or facts["until_what"] != "event":
        return None
    until = datetime.fromisoformat(facts["until"])
    if until.date() != datetime.fromisoformat(facts["from"]).date():
        return None
    return f"Your calendar is free until {until:%H:%M}."


def _before_it_ends(facts: Facts, now: datetime) -> datetime:
    return datetime.fromisoformat(facts["until"]) - SHORT_WAIT


def _of_clear(facts: Facts) -> str | None:
    if facts["busy"] or facts["later_today"] or facts["until_what"] == "event":
        return None
    return "Nothing more with a time is in your calendar today."


def _until_midnight(facts: Facts, now: datetime) -> datetime:
    return end_of_day(now)


INSIGHTS = (
    Insight("best-hour", "rhythm", "time-of-day",
            ("preferred_hour", "at_preferred_hour", "done"), _of_hour),
    Insight("best-part", "rhythm", "recent-patterns",
            ("peak_from", "peak_until", "in_peak", "done", "days"), _of_part),
    Insight("best-weekday", "rhythm", "recent-patterns",
            ("peak_weekday", "on_peak_weekday", "done", "days"), _of_weekday),
    Insight("more-lately", "pace", "momentum",
            ("trend", "week_per_day", "before_per_day"), _of_more),
    Insight("steady", "pace", "momentum", ("trend", "per_day", "z"), _of_steady),
    Insight("full-day", "pace", "momentum", ("today", "usual_per_day"), _of_today, _until_midnight,
            counted=True),
    Insight("last-night", "sleep", "energy",
            ("sleep_minutes", "usual_sleep_minutes", "level"), _of_sleep, _until_midnight, ("morning",)),
    Insight("steps", "movement", "energy", ("steps", "usual_steps"), _of_steps, _until_midnight),
    Insight("free-until", "calendar", "free-window",
            ("busy", "enough", "until", "until_what"), _of_free, _before_it_ends),
    Insight("clear-day", "calendar", "free-window",
            ("busy", "later_today", "until_what"), _of_clear, _until_midnight,
            ("afternoon", "evening")),
)  # fmt: skip
