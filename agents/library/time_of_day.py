"""What part of the user's day it is, and whether it is theirs to be left alone."""

from collections import Counter
from datetime import timedelta

from agents.library.base import Agent, Inputs, Manifest, Param, Snippet, part_of_day

# Below this many completions an hour of the day says nothing about a person.
MIN_HISTORY = 20


class TimeOfDay(Agent):
    manifest = Manifest(
        id="time-of-day",
        version="1",
        says="Part of the day, quiet hours, and the hour in which things get done.",
        listens=("signals.task.completed", "signals.tip.feedback"),
        ttl=timedelta(hours=1),
        params=(
            Param(
                "preferred_hour",
                default=9,
                min_history=MIN_HISTORY,
                meaning="The hour in which most tasks were completed.",
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
        hours = Counter(moment.astimezone(inputs.zone).hour for moment in inputs.done_at)
        enough = sum(hours.values()) >= MIN_HISTORY
        preferred = min(hours, key=lambda hour: (-hours[hour], hour)) if enough else None
        part = part_of_day(now)
        text = f"It is {part} on a {now:%A}."
        if preferred is not None:
            text += f" Most things get done around {preferred}:00."
        return Snippet(
            text=text,
            facts={"part": part, "quiet": quiet, "preferred_hour": preferred},
            confidence=1.0 if enough else 0.5,
        )


def is_quiet(hour: int, *, start: int, end: int) -> bool:
    """Whether an hour lies in [start, end), which may span midnight; equal ends mean never."""
    if start == end:
        return False
    return start <= hour < end if start < end else hour >= start or hour < end
