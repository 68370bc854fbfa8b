"""The balance between kinds as people see and say it: none, a little, some, a lot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import product

from accounts import preferences
from accounts.models import User
from accounts.preferences import BadPreference
from recommender.balance import answers_of
from recommender.bandit.balance import Answers
from recommender.bandit.feature_list import KINDS
from recommender.preference_keys import BALANCE

# Word -> what it is called, and how much it weighs against the others.
WORDS: Mapping[str, tuple[str, int]] = {
    "none": ("None", 0),
    "little": ("A little", 1),
    "some": ("Some", 2),
    "much": ("A lot", 8),
}
# A kind has a word where its share is at least so much of the largest.
_FROM = (("much", 0.6), ("some", 0.18), ("little", 0.0))
# One word for all of them is the same shares whichever it is: what a person said is then kept in the
# last decimal, far below what mixing tells apart.
_MARK = {"little": 0.0002, "some": 0.0001, "much": 0.0}
_KINDS = {
    "task": ("Tasks", "What is in your own lists.", "task", "tasks"),
    "advice": (
        "Advice",
        "Small things to do now, written for oO.",
        "piece of advice",
        "pieces of advice",
    ),
    "insight": ("Insights", "What oO notices in your own numbers.", "insight", "insights"),
    "reminder": ("Reminders", "What begins or is due soon.", "reminder", "reminders"),
}
# A reminder comes when it is time, or not at all.
_WHEN_IT_IS_TIME = (("none", "None"), ("little", "When it is time"))
_STATES = {
    "user": "This is your own choice.",
    "inferred": "oO worked this out from your answers.",
    "default": "This is what everyone starts from.",
}


@dataclass(frozen=True)
class KindShown:
    """A kind on the page, with the words to choose from: value, label, chosen."""

    kind: str
    name: str
    says: str
    options: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True)
class BalanceShown:
    """The balance that holds, whose it is in words, and what a person answered of late."""

    source: str
    says: str
    answered: str
    kinds: Sequence[KindShown]


def shown(user: User, *, now: datetime, chosen: Mapping[str, str] | None = None) -> BalanceShown:
    """The balance as its page shows it; with the words that were just `chosen`, where it can't be so."""
    held = next(one for one in preferences.held(user) if one.key.name == BALANCE)
    _, answers = answers_of([user.pk], now=now).get(user.pk, (now, {}))
    words = {**_on_the_page(words_of(held.value)), **(chosen or {})}
    kinds = []
    for kind, (name, says, _, _) in _KINDS.items():
        options = _WHEN_IT_IS_TIME if kind == "reminder" else tuple(_labels())
        offered = [(value, label, value == words[kind]) for value, label in options]
        kinds.append(KindShown(kind, name, says, offered))
    return BalanceShown(held.source, _STATES[held.source], answered(answers), kinds)


def words_of(shares: Mapping[str, float]) -> dict[str, str]:
    """The word for each kind's share: those that were said, where it was said in words."""
    said = _said().get(tuple(shares.get(kind, 0) for kind in KINDS))
    if said is not None:
        return dict(zip(KINDS, said, strict=True))
    most = max(shares.values())
    return {
        kind: next(word for word, least in _FROM if shares[kind] >= least * most)
        if shares.get(kind, 0) > 0
        else "none"
        for kind in KINDS
    }


def says_nothing_new(words: Mapping[str, str], user: User) -> bool:
    """Whether words are those that the page shows of a balance that the user has no word on."""
    held = next(one for one in preferences.held(user) if one.key.name == BALANCE)
    return held.source != "user" and dict(words) == _on_the_page(words_of(held.value))


def _on_the_page(words: Mapping[str, str]) -> dict[str, str]:
    """With one of the two words that the page has for reminders."""
    return {**words, "reminder": "none" if words["reminder"] == "none" else "little"}


@cache
def _said() -> Mapping[tuple[float, ...], tuple[str, ...]]:
    """Every way to say a balance, by the shares it stands for."""
    ways = (way for way in product(WORDS, repeat=len(KINDS)) if set(way) != {"none"})
    shares = ((shares_of(dict(zip(KINDS, way, strict=True))), way) for way in ways)
    return {tuple(of[kind] for kind in KINDS): way for of, way in shares}


def shares_of(words: Mapping[str, str]) -> dict[str, float]:
    """The shares that words for each kind stand for. Raises BadPreference."""
    if set(words) != set(KINDS) or not set(words.values()) <= set(WORDS):
        raise BadPreference("Say how much of each kind you want.")
    weights = {kind: WORDS[words[kind]][1] for kind in KINDS}
    whole = sum(weights.values())
    if not whole:
        raise BadPreference("Then oO would have nothing to say. Leave at least one kind.")
    said = set(words.values()) - {"none"}
    mark = _MARK[said.pop()] if len(said) == 1 else 0.0
    return {
        kind: round(weight / whole - mark, 4) if weight else 0.0 for kind, weight in weights.items()
    }


def answered(answers: Mapping[str, Answers]) -> str:
    """How somebody answered each kind of late, in one sentence; "" where they did not."""
    told = []
    for kind, (_, _, one, many) in _KINDS.items():
        of = answers.get(kind, Answers())
        count = of.good + of.bad
        if count:
            told.append(f"{of.good} of {count} {one if count == 1 else many}")
    if not told:
        return ""
    listed = " and ".join([", ".join(told[:-1]), told[-1]] if told[1:] else told)
    return f"In the last eight weeks you took up {listed}."


def _labels() -> list[tuple[str, str]]:
    return [(word, label) for word, (label, _) in WORDS.items()]
