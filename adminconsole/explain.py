"""Why a decision was made, laid out to read: its candidates in the order of their scores."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any

from adminconsole.private import tells_private, with_ground
from agents.models import Candidate
from recommender.bandit.features import KINDS
from recommender.featurise import unpack
from recommender.models import Score

CLOCK = ("hour_sin", "hour_cos", "weekday_sin", "weekday_cos")
MOMENT = (*CLOCK, "is_weekend", "meeting_soon", "meeting_in_minutes")
HIDDEN = (*MOMENT, "is_tip", "is_silence")  # the last two say what the kind says
WHOSE = {"user": "the user’s own", "inferred": "learned", "default": "what everyone starts from"}
BECAUSE = {
    "unwanted": "of a kind that is not wanted",
    "shown": "shown just before",
    "alike": "alike to one shown before",
    "topic": "of the topic of one shown before",
    "share": "of a kind that had its share",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Line:
    """One candidate as the policy saw it. `candidate` is None when it has been pruned since;
    `private` says that its words are not for operators.
    """

    rank: int
    chosen: bool
    kind: str
    candidate: Candidate | None
    features: list[float | None]
    score: float
    propensity: float
    private: bool = False

    @property
    def percent(self) -> float:
        return round(100 * self.propensity, 2)


@dataclass(frozen=True)
class Explanation:
    names: list[str]  # of the features that differ between candidates, or could
    moment: dict[str, float]
    said_as: str
    lines: list[Line]
    mixed: list[tuple[str, str]]


def explain(score: Score) -> Explanation:
    """All candidates of a decision, the best first."""
    count = len(score.candidates)
    rows = unpack(score.features, count)
    found = with_ground(Candidate.objects.all()).in_bulk([id_ for id_ in score.candidates if id_])
    by_id = {str(key): candidate for key, candidate in found.items()}
    private = {key for key, candidate in by_id.items() if tells_private(candidate)}
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
            private=score.candidates[i] in private,
        )
        for rank, i in enumerate(order, start=1)
    ]
    moment = {name: rows[0][name] for name in MOMENT if name in rows[0]} if rows else {}
    return Explanation(names, moment, _said(moment), lines, mixing(score.mixed))


def mixing(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How the candidates were narrowed before the choice (recommender.mix), in plain rows. Topics are
    not told: those of health are for nobody's eyes.
    """
    if not facts:
        return []
    shares = ", ".join(
        f"{kind} {round(share / 10)} %" for kind, share in facts["shares"].items() if share
    )
    shown = ", ".join(f"{one[0]} {_ago(one[1])}" for one in facts["shown"])
    before = Counter(facts["before"])
    left_out = Counter(because for _, _, because in facts["left_out"])
    return [
        ("balance", f"{shares} ({WHOSE.get(facts['whose'], facts['whose'])})"),
        ("shown just before", shown or "nothing"),
        ("and before that", _counted(before) or "nothing"),
        ("left out", "; ".join(f"{n} {BECAUSE.get(why, why)}" for why, n in left_out.items()) or "none"),
        ("rule", str(facts["rule"])),
    ]  # fmt: skip


def _ago(minutes: int) -> str:
    return f"{minutes} min ago" if minutes < 120 else f"{minutes // 60} h ago"


def _counted(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in found.items())


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
