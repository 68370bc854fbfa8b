"""Mixing for one request: what was shown, what is wanted, who may be chosen; and the same made again.

What it went by is kept with the decision (`Score.mixed`): texts and whole numbers, by name

    rule       which rule it was (recommender.bandit.mixing)
    shares     the balance between kinds, in thousandths, and `whose` it was: user, inferred, default
    shown      the last tips: kind, minutes ago, candidate, what it was about, topic, cluster
    before     the kinds of those shown before them
    living     of all living candidates, in order: kind, about, topic, cluster; one value where all
               are alike
    left_out   which of them were: index, candidate, because
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from accounts.models import Preference
from accounts.preferences import key_of
from recommender.bandit.balance import in_parts
from recommender.bandit.mixing import RULE, SAME, WINDOW, Item, Narrowed, Shown, narrow
from recommender.contenders import Contender
from recommender.featurise import alike
from recommender.models import Feedback
from recommender.preference_keys import BALANCE
from recommender.seat import time_of

# What was shown longer ago says nothing of a balance.
LATELY = timedelta(days=28)
_LABELS = ("kind", "about", "topic", "cluster")


class Mixed(NamedTuple):
    """Indices of the candidates that may be chosen, and what that went by."""

    eligible: tuple[int, ...]
    facts: dict[str, Any]


class NoRule(LookupError):
    """It was narrowed by a rule that is not here any more."""


def mix(
    living: Sequence[Contender],
    lately: Sequence[Mapping[str, Any]],
    words: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
) -> Mixed:
    """Who of `living` may be chosen. `lately` and `words` are a seat's `lately` and `balance`."""
    items = [
        Item(str(one.id), one.kind, _about(one.task_id, one.event_id), one.topic, one.cluster)
        for one in living
    ]
    ages = sorted(
        ((now - time_of(row["at"]), row["id"], row) for row in lately), key=lambda a: a[:2]
    )
    rows = [(age, row) for age, _, row in ages[:WINDOW] if age < LATELY]
    shown = [_shown(row, age, whole=place < SAME) for place, (age, row) in enumerate(rows)]
    whose, shares = balance(words)
    narrowed = narrow(items, shown, shares)
    return Mixed(narrowed.eligible, _facts(items, shown, shares, whose, narrowed))


def wanted(words: Sequence[Mapping[str, Any]]) -> set[str]:
    """The kinds that are wanted at all."""
    return {kind for kind, share in balance(words)[1].items() if share}


def balance(words: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, int]]:
    """Whose word on the balance holds, and what it is: the user's own before what was inferred."""
    key = key_of(BALANCE)
    said = {row["source"]: row["value"] for row in words}
    for source in (Preference.Source.USER, Preference.Source.INFERRED):
        if key.fits(said.get(source)):
            return str(source), in_parts(said[source])
    return "default", in_parts(key.default)


def narrowed_again(facts: Mapping[str, Any], eligible: Sequence[str]) -> bool:
    """Whether a decision's facts leave exactly these candidates to choose from, in this order.

    Raises NoRule where they were narrowed by another rule, KeyError or the like where they are no
    such facts.
    """
    if facts["rule"] != RULE:
        raise NoRule(f"rule {facts['rule']} of mixing is not here any more")
    out = {index: id_ for index, id_, _ in facts["left_out"]}
    count = len(eligible) + len(out)
    rest = iter(eligible)
    ids = [out[index] if index in out else next(rest) for index in range(count)]
    labels = [_spread(facts["living"][name], count) for name in _LABELS]
    items = [Item(id_, *values) for id_, *values in zip(ids, *labels, strict=True)]
    shown = [Shown(*row) for row in facts["shown"]]
    shown += [Shown(kind, 0) for kind in facts["before"]]
    narrowed = narrow(items, shown, facts["shares"])
    same = [[i, ids[i], str(why)] for i, why in narrowed.left_out.items()] == facts["left_out"]
    return same and [ids[i] for i in narrowed.eligible] == list(eligible)


def _facts(
    items: Sequence[Item],
    shown: Sequence[Shown],
    shares: Mapping[str, int],
    whose: str,
    narrowed: Narrowed,
) -> dict[str, Any]:
    return {
        "rule": RULE,
        "shares": dict(shares),
        "whose": whose,
        "shown": [
            [one.kind, one.minutes, one.id, one.about, one.topic, one.cluster]
            for one in shown[:SAME]
        ],
        "before": [one.kind for one in shown[SAME:]],
        "living": {name: alike([getattr(one, name) for one in items]) for name in _LABELS},
        "left_out": [[i, items[i].id, str(why)] for i, why in narrowed.left_out.items()],
    }


def _shown(row: Mapping[str, Any], age: timedelta, *, whole: bool) -> Shown:
    if not whole:
        return Shown(row["kind"], 0)
    minutes = max(0, int(age.total_seconds() // 60))
    if row["reaction"] == Feedback.Reaction.SNOOZE or row["candidate"] is None:
        return Shown(row["kind"], minutes)
    about = _about(row["task"], row["event"])
    return Shown(
        row["kind"], minutes, str(row["candidate"]), about, row["topic"] or "", row["cluster"] or ""
    )


def _about(task: int | None, event: int | None) -> str:
    if task is not None:
        return f"t{task}"
    return "" if event is None else f"e{event}"


def _spread(column: Any, count: int) -> list[Any]:
    return column if isinstance(column, list) else [column] * count
