"""How the user slept and moved, against what is usual for them. Only of who consented to it.

Facts, None where not known: `sleep_minutes` of the night to today, `usual_sleep_minutes` (the preference of
that name where the user said it or it is not at its default, else the median of the nights before,
seven or more of them), `sleep_z` (robust: how many usual deviations apart), `level` (low, usual,
high); `steps` of yesterday and `usual_steps` in the same way; `resting` heartbeats a minute of today,
else of yesterday, `usual_resting` and `resting_z`; `nights` known before this one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from agents.inference import values, words
from agents.inference.days import done_locally
from agents.inference.statistics import (
    median,
    normal,
    quantile_within,
    rank_correlation,
    rank_correlation_error,
    robust_z,
)
from agents.library.base import (
    Agent,
    HealthFact,
    History,
    Inferred,
    Inputs,
    Manifest,
    Param,
    Snippet,
)

MIN_NIGHTS = 14
MIN_PAIRS = 30
DAYS = 90  # what is usual changes with the seasons
FEWEST = 7  # days from which a snippet may say what is usual
DEFAULT_SLEEP, DEFAULT_STEPS = 480, 6000
LONGEST_SLEEP, MOST_STEPS = 1440, 100_000
NOTED_MINUTES = 30  # a difference that is felt
NOTED_Z = 1.5
LINKED = 1.96  # standard errors: one in twenty comes this far by chance
NO_LINK = 0.3  # a correlation below this is not felt in a day


def by_day(health: Iterable[HealthFact], measure: str) -> dict[date, float]:
    """One measure of each day, the days in order; of two sources the later word counts."""
    found = {fact.day: fact.value for fact in health if fact.measure == measure}
    return dict(sorted(found.items()))


def of_measure(history: History, measure: str) -> list[float]:
    """The whole days of the last ninety; the night to today is over, the day is not."""
    today = history.now.astimezone(history.zone).date()
    last = today if measure == "sleep" else today - timedelta(days=1)
    first = last - timedelta(days=DAYS - 1)
    found = by_day(history.health, measure)
    return [value for day, value in found.items() if first <= day <= last]


def nights(history: History) -> int:
    return len(of_measure(history, "sleep"))


def days_walked(history: History) -> int:
    return len(of_measure(history, "steps"))


def infer_sleep(history: History) -> Inferred | None:
    slept = of_measure(history, "sleep")
    usual = round(median(slept))
    sure = quantile_within(slept, 0.5, usual - NOTED_MINUTES, usual + NOTED_MINUTES)
    return Inferred(usual, sure, {"nights": len(slept)})


def infer_steps(history: History) -> Inferred | None:
    steps = of_measure(history, "steps")
    usual = round(median(steps))
    sure = quantile_within(steps, 0.5, 0.75 * usual, 1.25 * usual)
    return Inferred(usual, sure, {"days": len(steps)})


def pairs(history: History) -> list[tuple[float, int]]:
    """The sleep of each night since the first thing finished, and how much was on the day after it."""
    done = Counter(moment.date() for moment in done_locally(history))
    if not done:
        return []
    first, today = min(done), history.now.astimezone(history.zone).date()
    slept = by_day(history.health, "sleep")
    return [(minutes, done[day]) for day, minutes in slept.items() if first <= day < today]


def days_after_nights(history: History) -> int:
    return len(pairs(history))


def infer_link(history: History) -> Inferred | None:
    """Spearman's rank correlation of a night's sleep and what is finished on the day after it."""
    both = pairs(history)
    rho = rank_correlation([slept for slept, _ in both], [done for _, done in both])
    if rho is None:
        return None
    shifted, error = rank_correlation_error(rho, len(both))
    middle = median([slept for slept, _ in both])
    longer = [done for slept, done in both if slept > middle]
    shorter = [done for slept, done in both if slept < middle]
    if not longer or not shorter:
        return None
    evidence = {
        "days": len(both),
        "longer_days": len(longer),
        "longer_done": sum(longer),
        "shorter_days": len(shorter),
        "shorter_done": sum(shorter),
    }
    if abs(shifted) >= LINKED * error:
        more, less = _halves(evidence)
        # The sentence is about the two halves: where they say something else than rho, or read the
        # same, nothing is said.
        if (more - less) * rho <= 0 or words.number(more) == words.number(less):
            return None
        return Inferred(round(rho, 2), normal(abs(shifted) / error), evidence)
    edge, _ = rank_correlation_error(NO_LINK, len(both))
    sure = normal((edge - shifted) / error) - normal((-edge - shifted) / error)
    return Inferred(0.0, sure, evidence)


def _halves(evidence: Mapping[str, Any]) -> tuple[float, float]:
    """What is finished a day after the longer nights, and after the shorter ones."""
    return (
        evidence["longer_done"] / evidence["longer_days"],
        evidence["shorter_done"] / evidence["shorter_days"],
    )


def say_sleep(value: Any, evidence: Mapping[str, Any]) -> str:
    said = f"A usual night of yours has about {words.duration(value)} of sleep"
    return f"{said}: the middle of {evidence['nights']} nights." if evidence else f"{said}."


def say_steps(value: Any, evidence: Mapping[str, Any]) -> str:
    said = f"A usual day of yours has about {value:,.0f} steps"
    return f"{said}: the middle of {evidence['days']} days." if evidence else f"{said}."


def say_link(value: Any, evidence: Mapping[str, Any]) -> str:
    if not value:
        said = "oO sees no clear link between how long you sleep and how much you finish"
        return f"{said}, over {evidence['days']} days." if evidence else f"{said}."
    said = f"You finish {'more' if value > 0 else 'less'} on days after longer nights"
    if not evidence:
        return f"{said}."
    longer, shorter = map(words.number, _halves(evidence))
    return (
        f"{said}: {longer} things a day, against {shorter} after the shorter ones,"
        f" over {evidence['days']} days."
    )


class Energy(Agent):
    manifest = Manifest(
        id="energy",
        version="2",
        says="How last night and yesterday compare with what is usual.",
        listens=("signals.health.sampled",),
        ttl=timedelta(hours=12),
        grain="day",
        needs=("apple_health",),
        consents=("health",),
        params=(
            Param(
                "usual_sleep_minutes",
                default=DEFAULT_SLEEP,
                min_history=MIN_NIGHTS,
                meaning="How long a usual night is for you.",
                accepts=values.whole(0, LONGEST_SLEEP, of="a number of minutes"),
                hint=values.whole(0, LONGEST_SLEEP, of="a number of minutes").hint,
                infer=infer_sleep,
                says=say_sleep,
                amount=nights,
            ),
            Param(
                "usual_steps",
                default=DEFAULT_STEPS,
                min_history=MIN_NIGHTS,
                meaning="How many steps a usual day has for you.",
                accepts=values.whole(0, MOST_STEPS, of="a number of steps"),
                hint=values.whole(0, MOST_STEPS, of="a number of steps").hint,
                infer=infer_steps,
                says=say_steps,
                amount=days_walked,
            ),
            Param(
                "sleep_link",
                default=0.0,
                min_history=MIN_PAIRS,
                meaning="How a longer night goes with what you finish: from -1 (less) to 1 (more).",
                accepts=values.number(-1, 1),
                hint=values.number(-1, 1).hint,
                infer=infer_link,
                says=say_link,
                amount=days_after_nights,
                sayable=False,
            ),
        ),
    )

    def compute(self, inputs: Inputs) -> Snippet | None:
        today = inputs.now.date()
        yesterday = today - timedelta(days=1)
        slept, before = _of(inputs, "sleep", today, "usual_sleep_minutes")
        usual = _usual(inputs, "usual_sleep_minutes", DEFAULT_SLEEP, before)
        z = None if slept is None or usual is None else robust_z(slept, before, usual)
        level = None if slept is None or usual is None else level_of(slept - usual, z)
        steps, walked = _of(inputs, "steps", yesterday, "usual_steps")
        usual_steps = _usual(inputs, "usual_steps", DEFAULT_STEPS, walked)
        resting, beats = _of(inputs, "resting", today)
        if resting is None:
            resting, beats = _of(inputs, "resting", yesterday)
        usual_resting = median(beats) if len(beats) >= FEWEST else None
        said = []
        if slept is not None and usual is not None and level is not None:
            said.append(
                f"Last night had {words.duration(slept)} of sleep, {_SAID[level]}"
                f" ({words.duration(usual)})."
            )
        if steps is not None and usual_steps is not None:
            said.append(
                f"Yesterday had {steps:,.0f} steps; a usual day has about {usual_steps:,.0f}."
            )
        if not said:
            return None
        return Snippet(
            text=" ".join(said),
            facts={
                "sleep_minutes": slept,
                "usual_sleep_minutes": usual,
                "sleep_z": _rounded(z),
                "level": level,
                "steps": steps,
                "usual_steps": usual_steps,
                "resting": resting,
                "usual_resting": usual_resting,
                "resting_z": None
                if resting is None or usual_resting is None
                else _rounded(robust_z(resting, beats, usual_resting)),
                "nights": len(before),
            },
        )


_SAID = {"low": "shorter than usual", "usual": "about as usual", "high": "longer than usual"}


def level_of(minutes: float, z: float | None) -> str:
    """low, usual or high, by minutes more than usual and how many usual deviations those are."""
    if abs(minutes) < NOTED_MINUTES or (z is not None and abs(z) < NOTED_Z):
        return "usual"
    return "low" if minutes < 0 else "high"


def _of(inputs: Inputs, measure: str, day: date, *names: str) -> tuple[float | None, list[float]]:
    """What was measured on a day, and on the days before it: since what these preferences say of them
    was forgotten.
    """
    found = by_day(inputs.health, measure)
    forgotten = inputs.forgotten_at(*names)
    first = forgotten.astimezone(inputs.zone).date() if forgotten else date.min
    return found.get(day), [value for other, value in found.items() if first < other < day]


def _usual(inputs: Inputs, name: str, default: int, measured: list[float]) -> float | None:
    """The preference; but a default is a stand-in, and not to be said of anybody who did not say it."""
    value = inputs.preferences.get(name, default)
    if name in inputs.said or value != default:
        return float(value)
    return median(measured) if len(measured) >= FEWEST else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
