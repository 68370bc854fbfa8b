"""What a text of a model may be made of. Pure.

A lint can tell a sentence that is unkind. It can't tell one that is a lie, a harm, a name or a secret.
So a model writes lead-ins only (framing.py), and names a time of day or a day only where it is that.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from agents.library.base import part_of_day
from agents.writing.framing import VOCABULARY, frames, tells_the_time

LONGEST, SHORTEST = 110, 8
MARKS = ("{title}", "{time}")
RUN = 3
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_SIGNS = re.compile(r"[A-Za-z ,.:;?“”…-]*")
_RUN_ON = re.compile(r"[.,:;?…][A-Za-z{]|[.]{2}|[-–—]{2}|[,:;?]{2}|  ")

_THEIRS = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cn", "Cs"))
_LOOK_ALIKES = str.maketrans("асеорхуіѕјһԁԛԝкмтвнοανι’", "aceopxyisjhdqwkmtbhoavi'")

# The words of the frame that name a part of the day.
PARTS = {
    "morning": "morning", "noon": "morning", "lunch": "morning", "afternoon": "afternoon",
    "evening": "evening",
}  # fmt: skip


def _load() -> dict[str, frozenset[str]]:
    sections: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in Path(__file__).with_name("words.txt").read_text().splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), set())
        elif not line.startswith("#"):
            current.update(line.split())
    return {name: frozenset(words) for name, words in sections.items()}


_LISTS = _load()
EVERYDAY = _LISTS["everyday"]
PLAIN = EVERYDAY | _LISTS["plain"]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str | None:
    """The word of the list that this is, or is made of in the usual ways; None where there is none."""
    return _among(word, PLAIN)


@lru_cache(maxsize=20_000)
def _everyday(word: str) -> bool:
    return word in VOCABULARY or _among(word, EVERYDAY) is not None


def _among(word: str, known: frozenset[str]) -> str | None:
    return next((form for form in _forms(word.replace("’", "'")) if form in known), None)


def _forms(word: str) -> Iterable[str]:
    yield word
    if word.endswith("'s"):
        yield word[:-2]
    for ending in ("s", "es", "ed", "ing", "er", "est", "ly"):
        if not word.endswith(ending) or len(word) - len(ending) < 3:
            continue
        bare = word[: -len(ending)]
        yield bare
        if ending in ("ing", "ed", "er", "est"):
            yield bare + "e"
            if len(bare) > 3 and bare[-1] == bare[-2]:
                yield bare[:-1]
        if ending in ("es", "ed", "er", "est", "ly") and bare.endswith("i"):
            yield bare[:-1] + "y"


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, as the list has them; marks are none."""
    for mark in MARKS:
        text = text.replace(mark, " ")
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


class Theirs(NamedTuple):
    """What of somebody's own texts no text of a model may repeat: the words that would tell what they
    are about, which is all but everyday ones, and however many of their words in a row.
    """

    words: frozenset[str] = frozenset()
    runs: frozenset[tuple[str, ...]] = frozenset()

    def in_(self, words: list[str]) -> bool:
        stems = (stem(word) or word for word in words)
        return bool(self.words.intersection((*words, *stems)) or self.runs & _runs(words))


def theirs_of(texts: Iterable[str]) -> Theirs:
    """Of these texts of somebody's."""
    found: set[str] = set()
    runs: set[tuple[str, ...]] = set()
    for reading in {reading for text in texts for reading in _readings(text)}:
        words = _THEIRS.findall(reading)
        runs |= _runs(words)
        for word in words:
            if len(word) > 2 and not _everyday(word):
                found.update((word, word.removesuffix("'s"), stem(word) or word))
    return Theirs(frozenset(found), frozenset(runs))


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[n : n + RUN]) for n in range(len(words) - RUN + 1)}


def _readings(text: str) -> tuple[str, str]:
    """How somebody may read a text: without its disguises, with what can't be seen as nothing or as
    a space.
    """
    shown = unicodedata.normalize("NFKD", text).lower().translate(_LOOK_ALIKES)
    shown = "".join(sign for sign in shown if unicodedata.category(sign) != "Mn")
    joined = "".join(sign for sign in shown if unicodedata.category(sign) not in _UNSEEN)
    parted = "".join(" " if unicodedata.category(sign) in _UNSEEN else sign for sign in shown)
    return joined, parted


def faults(
    text: str, *, now: datetime, theirs: Theirs, today: bool, event: bool = False
) -> list[str]:
    """What keeps a model's text from being shown, as sentences. `theirs` is what of the
    person's own texts may not come back; `today` says that it is about something of today, `event`
    that it is about an event, which begins at {time}, and not about a task, which is due then.
    """
    bare = text
    for mark in MARKS:
        bare = bare.replace(mark, "")
    if not SHORTEST <= len(text) <= LONGEST:
        return [f"A tip has {SHORTEST} to {LONGEST} characters."]
    if not _SIGNS.fullmatch(bare) or _RUN_ON.search(text):
        return ["A tip is one plain line: letters and simple punctuation, no digits, no markup."]
    if "{" in bare or "}" in bare:
        return ["There are no other braces than {title} and {time}."]
    words = words_of(text)
    found = []
    if not frames(text):
        found.append("It only leads in to {title}, calmly, as the examples do, and names nothing.")
    if not tells_the_time(text, event=event):
        found.append(
            "An entry that begins is at {time}, or begins or starts; any other is at, by or before."
        )
    if theirs.in_(words):
        found.append("Don't repeat what the person's own words say; {title} stands for them.")
    if not _timely(words, now, today=today):
        found.append("Name no day and no time of day but the present one.")
    return found


def _timely(words: list[str], now: datetime, *, today: bool) -> bool:
    part = part_of_day(now)
    return all(PARTS.get(word, part) == part and (word != "today" or today) for word in words)
