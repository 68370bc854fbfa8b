"""Why an action was chosen, and what would have had to be different: the scorer, run again.

*What spoke for it.* The chosen row x is held against the mean m of the other candidates, so that
what all have in common says nothing. A part is what the score loses when a group of columns of x
takes m's values: s(x) - s(x with m there). For a linear scorer that is weights times differences,
and the parts add up to s(x) - s(m); for any other they are exact differences, and need not add up.
A group is one fact of a candidate, alone or with one side of the moment: the products of a fact
with the sine and the cosine of the hour are one group.

*What would have changed it.* One named fact is changed in the stored columns and the whole
distribution is made again, with the decision's own seed: the nearest change, in a stated order,
after which one other action is the likeliest. A part of the day or the week is named only where that
holds for all of it, else the hour or the day. (Wachter, Mittelstadt & Russell 2018,
"Counterfactual explanations without opening the black box", for one fact at a time.)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from recommender.bandit.arrays import Floats
from recommender.bandit.choose import seeded
from recommender.bandit.explore import TIE
from recommender.bandit.features import KINDS, FeatureSet, vectorise_columns
from recommender.bandit.policies.base import Policy
from recommender.bandit.why_changes import Change, changed, changes, throughout, value

Columns = Mapping[str, object]

# Which side of the moment a feature tells of. What is not here is a fact of the candidate.
SIDES = {
    "hour_sin": "hour",
    "hour_cos": "hour",
    "weekday_sin": "weekday",
    "weekday_cos": "weekday",
    "is_weekend": "weekend",
    "meeting_soon": "meeting",
}
SPEECH = "speech"  # the fact of being silence or not
OFFER = "offer"  # all facts of candidates taken together, where silence is held against them

# In units of reward. Less than this is not worth a word, nor is what is far behind the first.
WORTH_SAYING = 0.01
BESIDE_THE_FIRST = 1 / 3
MOST_REASONS = 2
# A draw this far below the likeliest, as a share of it, is a try.
TRY_BELOW = 0.5
_EQUAL = 1e-9
NEXT_BEST = (
    20  # of so many candidates, the best, it is tried whether they could have broken a silence
)

FACTS = FeatureSet(
    "facts",
    ("is_overdue", "is_due_today", "task_age_days", "priority", *(f"kind_{k}" for k in KINDS)),
)


class Manner(StrEnum):
    """How the action came to be the one, read from the distribution it was drawn from."""

    ONLY = "only"  # there was nothing else
    BEST = "best"  # the likeliest
    DRAWN = "drawn"  # as likely as another, and none likelier
    CLOSE = "close"  # another was likelier, by little
    TRY = "try"  # another was likelier by far


@dataclass(frozen=True, slots=True)
class Part:
    """What one fact, alone or with one side of the moment ("" for alone), was worth to the choice.

    In reward units, as are `learned`, the share of it that the person's own rewards made, and
    `curious`, the share that is not expectation but the policy's wish to know more. `more` says
    that the chosen has more of the fact than the others have on average.
    """

    fact: str
    side: str
    worth: float
    learned: float
    curious: float
    more: bool


@dataclass(frozen=True, slots=True)
class Instead:
    """The action that would be the likeliest after a change; without one, the likeliest there was."""

    index: int
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """All parts, the heaviest first; those to tell of; and what it would have been instead.

    `silent` says that silence was chosen, `alike` how many actions were equally likely.
    """

    manner: Manner
    silent: bool
    alike: int
    parts: tuple[Part, ...]
    reasons: tuple[Part, ...]
    instead: Instead | None


def why(
    policy: Policy, newcomer: Policy, columns: Columns, count: int, chosen: int, *, seed: int
) -> Why:
    """Explains a decision: `policy` in the state that made it, `newcomer` the same before any reward.

    `columns` are the stored named features of `count` actions, silence last where it was offered.
    Raises IndexError for a `chosen` that is not one of them.
    """
    if not 0 <= chosen < count:
        raise IndexError(f"{chosen} is not one of {count} actions")
    silent = is_silence(columns, count, chosen)
    parts = contributions(policy, newcomer, columns, count, chosen)
    pmf = distribution(policy, columns, count, seed)
    manner = _manner(pmf, chosen)
    instead = None
    if manner in (Manner.CLOSE, Manner.TRY):
        other = likeliest(pmf, chosen)
        instead = None if other is None else Instead(other)
    elif manner is not Manner.ONLY:
        instead = nearest(policy, columns, count, chosen, seed=seed)
    alike = int(np.count_nonzero(np.abs(pmf - pmf[chosen]) <= _EQUAL))
    return Why(manner, silent, alike, parts, _telling(parts), instead)


def is_silence(columns: Columns, count: int, index: int) -> bool:
    """Whether an action is silence."""
    return bool(value(columns, "is_silence", index))


def distribution(policy: Policy, columns: Columns, count: int, seed: int) -> Floats:
    """The whole distribution (count,), with the decision's own seed."""
    X = vectorise_columns(columns, count, policy.feature_set)
    return policy.pmf(X, seeded(seed))


def contributions(
    policy: Policy, newcomer: Policy, columns: Columns, count: int, chosen: int
) -> tuple[Part, ...]:
    """Every group's part in the chosen one's score, the heaviest first; none where it was alone.

    A candidate is held against the other candidates, and against silence where there is no other;
    silence against all candidates.
    """
    others = [i for i in range(count) if i != chosen]
    spoken = [i for i in others if not is_silence(columns, count, i)] or others
    if not others:
        return ()
    X = vectorise_columns(columns, count, policy.feature_set)
    groups = _groups(policy.feature_set, whole_offer=is_silence(columns, count, chosen))
    mean = X[spoken].mean(axis=0)
    rows = np.repeat(X[[chosen]], len(groups) + 1, axis=0)
    for row, where in zip(rows[1:], groups.values(), strict=True):
        row[where] = mean[where]
    worth = _losses(policy.scores(rows))
    expected = _losses(_expected(policy, rows))
    before = _losses(_expected(newcomer, rows))
    facts = vectorise_columns(columns, count, FACTS)
    differs = dict(zip(FACTS.names, facts[chosen] - facts[spoken].mean(axis=0), strict=True))
    parts = [
        Part(fact, side, float(w), float(e - b), float(w - e), differs.get(fact, 0.0) > 0)
        for (fact, side), w, e, b in zip(groups, worth, expected, before, strict=True)
    ]
    return tuple(sorted(parts, key=lambda part: -part.worth))


def nearest(
    policy: Policy, columns: Columns, count: int, chosen: int, *, seed: int
) -> Instead | None:
    """The nearest change after which another action is the likeliest, None where there is none."""
    X = vectorise_columns(columns, count, policy.feature_set)
    order = np.argsort(-policy.scores(X), kind="stable")
    for change in changes(columns, chosen, map(int, order[:NEXT_BEST])):
        other = after(policy, columns, count, chosen, change, seed=seed)
        if other is None:
            continue
        whole = all(
            after(policy, columns, count, chosen, like, seed=seed) == other
            for like in throughout(change)
        )
        return Instead(other, replace(change, exactly=not whole))
    return None


def after(
    policy: Policy, columns: Columns, count: int, chosen: int, change: Change, *, seed: int
) -> int | None:
    """Which other action is the likeliest after a change, by the whole distribution made again.

    None when it is still the chosen one, or none by itself.
    """
    other = likeliest(distribution(policy, changed(columns, count, change), count, seed), chosen)
    # What a change makes of another candidate is told of that one only.
    return None if change.of not in (None, chosen, other) else other


def likeliest(pmf: Floats, chosen: int) -> int | None:
    """The one action that is likelier than every other, None if that is `chosen` or there is none."""
    order = np.argsort(-pmf, kind="stable")
    best = int(order[0])
    if best == chosen or (pmf.size > 1 and pmf[best] - pmf[order[1]] <= _EQUAL):
        return None
    return best


def _manner(pmf: Floats, chosen: int) -> Manner:
    most = float(pmf.max())
    mine = float(pmf[chosen])
    if pmf.size == 1:
        return Manner.ONLY
    if mine < TRY_BELOW * most:
        return Manner.TRY
    if mine < most - _EQUAL:
        return Manner.CLOSE
    alike = np.count_nonzero(pmf >= most - _EQUAL)
    return Manner.BEST if alike == 1 else Manner.DRAWN


def _telling(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The heaviest, of different facts: of one fact the heaviest part says enough."""
    if not parts or parts[0].worth < WORTH_SAYING:
        return ()
    least = max(WORTH_SAYING, parts[0].worth * BESIDE_THE_FIRST)
    heavy = [part for part in parts if part.worth >= least]
    firsts = [p for i, p in enumerate(heavy) if p.fact not in {q.fact for q in heavy[:i]}]
    return tuple(firsts[:MOST_REASONS])


def _losses(scores: Floats) -> Floats:
    """What each changed row (after the first) has less than the first."""
    losses: Floats = scores[0] - scores[1:]
    losses[np.abs(losses) <= TIE] = 0.0
    return losses


def _expected(policy: Policy, rows: Floats) -> Floats:
    scorer = getattr(policy, "expected", policy.scores) if policy.optimistic else policy.scores
    expected: Floats = scorer(rows)
    return expected


def _groups(feature_set: FeatureSet, *, whole_offer: bool) -> dict[tuple[str, str], list[int]]:
    """Columns by (fact, side of the moment). Those of the moment alone are the same for all."""
    groups: dict[tuple[str, str], list[int]] = {}
    for column, names in enumerate(_pairs(feature_set)):
        facts = [name for name in names if name not in SIDES]
        sides = [SIDES[name] for name in names if name in SIDES]
        if not facts:
            continue
        alone = OFFER if whole_offer else "*".join(facts)
        fact = SPEECH if {"is_tip", "is_silence"} & set(facts) else alone
        side = "" if fact == OFFER else "".join(sides)
        groups.setdefault((fact, side), []).append(column)
    return groups


def _pairs(feature_set: FeatureSet) -> Iterator[tuple[str, ...]]:
    yield from ((name,) for name in feature_set.names)
    yield from feature_set.products
