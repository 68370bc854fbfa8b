"""Why a decision was made, laid out to read: its candidates in the order of their scores."""

import math
from dataclasses import dataclass
from datetime import time
from typing import Any

from agents.models import Candidate
from recommender.bandit.features import KINDS
from recommender.featurise import unpack
from recommender.models import Score

CLOCK = ("hour_sin", "hour_cos", "weekday_sin", "weekday_cos")
MOMENT = (*CLOCK, "is_weekend", "meeting_soon", "meeting_in_minutes")
HIDDEN = (*MOMENT, "is_tip", "is_silence")  # the last two say what the kind says
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Line:
    """One candidate as the policy saw it. `candidate` is None when it has been pruned since."""

    rank: int
    chosen: bool
    kind: str
    candidate: Candidate | None
    features: list[float | None]
    score: float
    propensity: float

    @property
    def percent(self) -> float:
        return round(100 * self.propensity, 2)


@dataclass(frozen=True)
class Explanation:
    names: list[str]  # of the features that differ between candidates, or could
    moment: dict[str, float]
    said_as: str
    lines: list[Line]


def explain(score: Score) -> Explanation:
    """All candidates of a decision, the best first."""
    count = len(score.candidates)
    rows = unpack(score.features, count)
    found = Candidate.objects.in_bulk([id_ for id_ in score.candidates if id_])
    by_id = {str(key): candidate for key, candidate in found.items()}
    names = [n for n in score.features if n not in HIDDEN and not n.startswith("kind_")]
    order = sorted(range(count), key=lambda i: (-score.scores[i], i != score.chosen))
    lines = [
        Line(
            rank=rank,
            chosen=i == score.chosen,
            kind=_kind(rows[i]),
            candidate=by_id.get(score.candidates[i] or ""),
            features=[rows[i].get(name) for name in names],
            score=score.scores[i],
            propensity=score.propensities[i],
        )
        for rank, i in enumerate(order, start=1)
    ]
    moment = {name: rows[0][name] for name in MOMENT if name in rows[0]} if rows else {}
    return Explanation(names, moment, _said(moment), lines)


def _kind(row: dict[str, Any]) -> str:
    if row.get("is_silence"):
        return "silence"
    return next((kind for kind in KINDS if row.get(f"kind_{kind}")), "")


def _said(moment: dict[str, float]) -> str:
    """The moment's sines and cosines as a person would say it."""
    if any(name not in moment for name in CLOCK):
        return ""
    turn = 2 * math.pi
    minutes = round(math.atan2(moment["hour_sin"], moment["hour_cos"]) / turn * 1440) % 1440
    day = round(math.atan2(moment["weekday_sin"], moment["weekday_cos"]) / turn * 7) % 7
    return f"{WEEKDAYS[day]}, {time(minutes // 60, minutes % 60):%H:%M} where the user was"
