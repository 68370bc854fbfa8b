"""What a reaction is worth. The one place where behaviour becomes a number.

Every kind of tip has its own table. A task that is done is what oO is for. To take up an advice, to
have heard of a reminder or an insight costs one word, so it is worth less: else a policy would learn
to live on easy nods. What was sent away costs less, too, where less was asked.
"""

import math
from collections.abc import Mapping
from enum import StrEnum


class Reaction(StrEnum):
    DONE = "done"  # the good answer: to an advice "I'll do it", to an insight "good to know"
    SNOOZE = "snooze"
    DISMISS = "dismiss"
    SHOW = "show"  # to silence: "show me one anyway"


DISMISSED = -1.0
SNOOZED = 0.1
# Silence cost nobody a glance, and brought about nothing. Who asks for a tip after all missed one,
# which is not as bad as a tip that was sent away.
SILENCE_KEPT = 0.0
SILENCE_BROKEN = -0.3

Bands = tuple[tuple[float, float], ...]

# (dwell below this many seconds, reward), the first that fits. Each band holds its lower bound and
# not its upper one: done after exactly 15 s is worth +1.0, after exactly 120 s +0.6.
DONE_WITHIN: Bands = (
    (15.0, -0.3),  # too quick to have been done because of the tip: a reflex, or done before
    (120.0, 1.0),
    (600.0, 0.6),
    (math.inf, 0.3),
)
# What is no task needs no time but that of reading it, and is worth nothing without that.
SAID_WITHIN: Mapping[str, Bands] = {
    "task": DONE_WITHIN,
    "advice": ((3.0, 0.0), (math.inf, 0.5)),
    "insight": ((3.0, 0.0), (math.inf, 0.3)),
    "reminder": ((1.0, 0.0), (math.inf, 0.5)),
}
SENT_AWAY: Mapping[str, float] = {
    "task": DISMISSED,
    "advice": -0.7,
    "insight": -0.5,
    "reminder": -0.7,
}


def reward(reaction: Reaction | str, dwell_seconds: float, kind: str = "task") -> float:
    """The reward, within [-1, 1], of a reaction `dwell_seconds` (>= 0) after a tip of this kind was
    seen. That of `show`, to silence, is the same for every kind.

    The dwell counts for `done` only, yet is checked for all. A caller that measured none decides
    what stands for it: for a task completed in the source itself that is the time since the tip
    was shown. Raises ValueError for an unknown reaction or kind and for a negative, NaN or infinite
    dwell.
    """
    reaction = Reaction(reaction)
    dwell = float(dwell_seconds)
    if not 0.0 <= dwell < math.inf:
        raise ValueError(f"dwell_seconds must be finite and not negative, got {dwell}")
    if reaction is Reaction.SHOW:
        return SILENCE_BROKEN
    if kind not in SAID_WITHIN:
        raise ValueError(f"there are no rewards for {kind!r}")
    if reaction is Reaction.DISMISS:
        return SENT_AWAY[kind]
    if reaction is Reaction.SNOOZE:
        return SNOOZED
    return next(worth for below, worth in SAID_WITHIN[kind] if dwell < below)
