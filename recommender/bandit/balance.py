"""The balance between kinds: what a newcomer starts from, and what a person's answers teach of it.

A kind's share is what it is for a newcomer, times how often a tip of the kind is taken up, as a Beta
posterior expects it. Nothing that is learned takes a kind away altogether: that is for the person to
say.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from recommender.bandit.feature_list import KINDS

# Most of what oO is for is in people's own lists.
START: Mapping[str, float] = {"task": 0.7, "advice": 0.15, "insight": 0.1, "reminder": 0.05}
# Of any kind a newcomer is expected to take up three tips in five, as surely as ten answers would tell.
GOOD, BAD = 6.0, 4.0
LEAST_SHARE = 0.03
LEAST_ANSWERS = 10
HALF_SURE = 20  # after so many answers
PARTS = 1000  # a share in whole numbers


@dataclass(frozen=True, slots=True)
class Answers:
    """How often tips of a kind were taken up, and sent away. What was put off is neither."""

    good: int = 0
    bad: int = 0


@dataclass(frozen=True, slots=True)
class Learned:
    """Shares by kind, which add up to 1, and how sure they are, 0 to 1."""

    shares: Mapping[str, float]
    confidence: float


def learned(answers: Mapping[str, Answers]) -> Learned | None:
    """What answers say of the balance; None where they are too few to say anything."""
    of = {kind: answers.get(kind, Answers()) for kind in KINDS}
    count = sum(one.good + one.bad for one in of.values())
    if count < LEAST_ANSWERS:
        return None
    weights = {kind: START[kind] * expected(of[kind]) for kind in KINDS}
    # The least first, so that what they lack of the least share is taken from the others.
    shares: dict[str, float] = {}
    for kind in sorted(KINDS, key=lambda kind: weights[kind]):
        left = 1.0 - sum(shares.values())
        rest = sum(weight for other, weight in weights.items() if other not in shares)
        shares[kind] = max(LEAST_SHARE, round(left * weights[kind] / rest, 2))
    most = max(KINDS, key=lambda kind: shares[kind])
    shares[most] = round(shares[most] + 1.0 - sum(shares.values()), 2)
    return Learned({kind: shares[kind] for kind in KINDS}, round(count / (count + HALF_SURE), 2))


def expected(answers: Answers) -> float:
    """How often a tip of the kind will be taken up."""
    return (GOOD + answers.good) / (GOOD + BAD + answers.good + answers.bad)


def in_parts(shares: Mapping[str, float]) -> dict[str, int]:
    """Shares in whole numbers, for mixing. A kind that is not named has none, and only that, and a
    share of exactly 0, is none: whoever wants little of a kind wants some.
    """
    return {
        kind: max(1, round(PARTS * shares[kind])) if shares.get(kind, 0) > 0 else 0
        for kind in KINDS
    }
