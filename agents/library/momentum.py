"""Whether more or less is being finished lately than before.

Facts, all of whole days by the user's clock, today left out: `week_per_day` over the last 7 days,
`before_per_day` over the `before_days` days before them, `per_day` over all of them, `z` (the
standard errors between the first two), `trend` (more, steady, less; the user's own word in
engagement_trend, if they gave one), `yesterday`; `usual_per_day` and `usual_stdev`, the preferences
baseline_completions_per_day and completions_per_day_stdev where the user said them or they are not at
their defaults, else the mean and standard deviation of these days; `yesterday_z`, yesterday against
those. And `today`, so far. Where the user had any of it forgotten, it is of the days since.
"""

from collections.abc import Mapping
from datetime import UTC, date, timedelta
from typing import Any

from agents.inference import values, words
from agents.inference.days import local, per_day, since
from agents.inference.statistics import change_z, mean, normal, stdev, within_a_quarter
from agents.library.base import Agent, History, Inferred, Inputs, Manifest, Param, Snippet

DAYS = 28
# The whole days among the last 28 times 24 hours, also where the clocks changed.
INPUT_DAYS = 27
WEEK = 7
MIN_BEFORE = 7
MIN_HISTORY = 20
MOVED = 1.64  # standard errors: one in ten sways this far, one way or the other, by chance alone
DEFAULT_PER_DAY, DEFAULT_STDEV = 3.0, 2.0
# The same days, counted: who had one of them forgotten is not told by another how full they were.
OF_PACE = ("engagement_trend", "baseline_completions_per_day", "completions_per_day_stdev")


def days_of(history: History) -> tuple[date, list[int]]:
    """The first of the last 28 whole days, or of those there are, and what was finished on each."""
    today = history.now.astimezone(history.zone).date()
    known = history.done[0].at.astimezone(history.zone).date()
    first = max(today - timedelta(days=DAYS), known)
    # Two days more than are asked for, whatever the zone: no need to look at the clock of a year.
    reach = history.now.astimezone(UTC) - timedelta(days=DAYS + 2)
    lately = local((done.at for done in history.done if done.at >= reach), history.zone)
    return first, per_day(lately, first, today - timedelta(days=1))


def _dates(first: date, counts: list[int]) -> dict[str, str]:
    return {"since": first.isoformat(), "until": (first + timedelta(len(counts) - 1)).isoformat()}


def recent(history: History) -> int:
    """How many things were finished in those days; 0 when they are too few to compare."""
    if not history.done:
        return 0
    counts = days_of(history)[1]
    return sum(counts) if len(counts) >= WEEK + MIN_BEFORE else 0


def infer_baseline(history: History) -> Inferred | None:
    first, counts = days_of(history)
    usual = mean(counts)
    sure = within_a_quarter(stdev(counts) / len(counts) ** 0.5, usual)
    evidence = {"done": sum(counts), "days": len(counts), **_dates(first, counts)}
    return Inferred(round(usual, 2), sure, evidence)


def infer_stdev(history: History) -> Inferred | None:
    first, counts = days_of(history)
    spread = stdev(counts)
    # The standard error of a standard deviation is about s / sqrt(2 (n - 1)) (Ahn and Fessler, 2003).
    sure = within_a_quarter(spread / (2 * (len(counts) - 1)) ** 0.5, spread)
    evidence = {
        "done": sum(counts),
        "days": len(counts),
        "least": min(counts),
        "most": max(counts),
        **_dates(first, counts),
    }
    return Inferred(round(spread, 2), sure, evidence)


def infer_trend(history: History) -> Inferred | None:
    first, counts = days_of(history)
    before, week = counts[:-WEEK], counts[-WEEK:]
    z = change_z(before, week)
    if z is None:
        return None
    evidence = {
        "week": sum(week),
        "before": sum(before),
        "before_days": len(before),
        "z": round(z, 2),
        "done": sum(counts),
        **_dates(first, counts),
    }
    moved = trend_of(z)
    # The change there really is, as far as the data tell, is normal around z: how much of that is on
    # the side of what is said.
    sure = normal(MOVED - abs(z)) if moved == "steady" else normal(abs(z))
    return Inferred(moved, sure, evidence)


def trend_of(z: float) -> str:
    return "more" if z >= MOVED else "less" if z <= -MOVED else "steady"


def say_baseline(value: Any, evidence: Mapping[str, Any]) -> str:
    if not evidence:
        return f"You usually finish about {words.number(value)} things a day."
    return (
        f"You finish about {words.number(value)} things a day:"
        f" {evidence['done']} in the {evidence['days']} days to {words.day(evidence['until'])}."
    )


def say_stdev(value: Any, evidence: Mapping[str, Any]) -> str:
    said = f"Your days differ by about {words.number(value)} from one to another"
    if not evidence:
        return f"{said}."
    return (
        f"{said}: from {evidence['least']} to {evidence['most']} things finished in a day, over the"
        f" {evidence['days']} days to {words.day(evidence['until'])}."
    )


def say_trend(value: Any, evidence: Mapping[str, Any]) -> str:
    said = {
        "more": "You finish more than before",
        "steady": "How much you finish has not clearly changed",
        "less": "It is quieter than before",
    }[value]
    if not evidence:
        return f"{said}."
    week = words.number(evidence["week"] / WEEK)
    before = words.number(evidence["before"] / evidence["before_days"])
    return (
        f"{said}: {week} things a day over the seven days to {words.day(evidence['until'])},"
        f" {before} over the {evidence['before_days']} days before them."
    )


def of_z(z: float) -> str:
    """How far apart the two are, in words: below one standard error is what chance does all the time."""
    if abs(z) < 1:
        return "within the usual ups and downs"
    how = "clearly" if abs(z) >= 2 else "a little"
    return f"{how} {'more' if z > 0 else 'less'} than before"


class Momentum(Agent):
    manifest = Manifest(
        id="momentum",
        version="2",
        says="Whether more or less is being finished lately than before.",
        listens=("signals.task.completed",),
        ttl=timedelta(hours=12),
        grain="day",
        params=(
            Param(
                "engagement_trend",
                default="steady",
                min_history=MIN_HISTORY,
                meaning="Whether more or less was finished in the last week than before.",
                accepts=values.choice("more", "steady", "less"),
                hint=values.choice("more", "steady", "less").hint,
                infer=infer_trend,
                says=say_trend,
                amount=recent,
                told_with=OF_PACE,
            ),
            Param(
                "baseline_completions_per_day",
                default=DEFAULT_PER_DAY,
                min_history=MIN_HISTORY,
                meaning="How many things a day are usual for you.",
                accepts=values.number(0, 1000),
                hint=values.number(0, 1000).hint,
                infer=infer_baseline,
                says=say_baseline,
                amount=recent,
                told_with=OF_PACE,
            ),
            Param(
                "completions_per_day_stdev",
                default=DEFAULT_STDEV,
                min_history=MIN_HISTORY,
                meaning="How much that differs from day to day (the standard deviation).",
                accepts=values.number(0, 1000),
                hint=values.number(0, 1000).hint,
                infer=infer_stdev,
                says=say_stdev,
                amount=recent,
                told_with=OF_PACE,
                asked=False,
            ),
        ),
    )

    def compute(self, inputs: Inputs) -> Snippet | None:
        moments = local(inputs.done_at, inputs.zone)
        today = inputs.now.date()
        reach = today - timedelta(days=INPUT_DAYS)
        if forgotten := inputs.forgotten_at(*OF_PACE):
            reach = max(reach, forgotten.astimezone(inputs.zone).date() + timedelta(days=1))
            moments = since(moments, reach)
        if len(moments) < MIN_HISTORY:
            return None
        first = max(reach, moments[0].date())
        counts = per_day(moments, first, today - timedelta(days=1))
        before, week = counts[:-WEEK], counts[-WEEK:]
        if len(before) < MIN_BEFORE:
            return None
        z = change_z(before, week)
        if z is None:
            return None
        usual = _own(inputs, "baseline_completions_per_day", DEFAULT_PER_DAY, mean(counts))
        spread = _own(inputs, "completions_per_day_stdev", DEFAULT_STDEV, stdev(counts))
        found = trend_of(z)
        own = "engagement_trend" in inputs.said
        trend = inputs.preferences["engagement_trend"] if own else found
        text = (
            f"Over the last seven days {words.number(mean(week))} things a day were finished and"
            f" {words.number(mean(before))} over the {len(before)} days before"
        )
        return Snippet(
            # Whether that is more is for the user to say, where they did.
            text=f"{text}: {of_z(z)}." if trend == found else f"{text}.",
            facts={
                "week_per_day": round(mean(week), 2),
                "before_per_day": round(mean(before), 2),
                "before_days": len(before),
                "per_day": round(mean(counts), 2),
                "z": round(z, 2),
                "trend": trend,
                "today": sum(moment.date() == today for moment in moments),
                "yesterday": counts[-1],
                "usual_per_day": round(usual, 2),
                "usual_stdev": round(spread, 2),
                "yesterday_z": round((counts[-1] - usual) / spread, 2) if spread else None,
            },
            confidence=normal(abs(z)) if found != "steady" else normal(MOVED - abs(z)),
        )


def _own(inputs: Inputs, name: str, default: float, measured: float) -> float:
    """The preference; but a default is a stand-in, and not to be said of anybody who did not say it."""
    value = inputs.preferences.get(name, default)
    return value if name in inputs.said or value != default else measured
