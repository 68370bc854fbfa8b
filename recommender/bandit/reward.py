"""What a reaction is worth. The one place where behaviour becomes a number."""

import math
from enum import StrEnum


class Reaction(StrEnum):
    DONE = "done"
    SNOOZE = "snooze"
    DISMISS = "dismiss"
    SHOW = "show"  # to silence: "show me one anyway"


DISMISSED = -1.0
SNOOZED = 0.1
# Silence cost nobody a glance, and brought about nothing. Who asks for a tip after all missed one,
# which is not as bad as a tip that was sent away.
SILENCE_KEPT = 0.0
SILENCE_BROKEN = -0.3

# (dwell below this many seconds, reward), the first that fits. Each band holds its lower bound and
# not its upper one: done after exactly 15 s is worth +1.0, after exactly 120 s +0.6.
DONE_WITHIN = (
    (15.0, -0.3),  # too quick to have been done because of the tip: a reflex, or done before
    (120.0, 1.0),
    (600.0, 0.6),
    (math.inf, 0.3),
)


def reward(reaction: Reaction | str, dwell_seconds: float) -> float:
    """The reward, within [-1, 1], of a reaction `dwell_seconds` (>= 0) after the tip was seen.

    The dwell counts for `done` only, yet is checked for all. A caller that measured none decides
    what stands for it: for a task completed in the source itself that is the time since the tip
    was shown. Raises ValueError for an unknown reaction and for a negative, NaN or infinite dwell.
    """
    reaction = Reaction(reaction)
    dwell = float(dwell_seconds)
    if not 0.0 <= dwell < math.inf:
        raise ValueError(f"dwell_seconds must be finite and not negative, got {dwell}")
    if reaction is Reaction.DISMISS:
        return DISMISSED
    if reaction is Reaction.SNOOZE:
        return SNOOZED
    if reaction is Reaction.SHOW:
        return SILENCE_BROKEN
    return next(worth for below, worth in DONE_WITHIN if dwell < below)
