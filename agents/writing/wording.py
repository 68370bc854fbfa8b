"""What a text of a model may be made of. Pure.

A lint can tell a sentence that is unkind. It can't tell one that is a lie, a name or a secret. So a
model writes with a list of plain words, says nothing of the person, counts nothing, and names a time
of day or a day only where it is that: then there is nothing left that could be untrue or another's.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from agents.library.base import part_of_day

LONGEST, SHORTEST = 110, 8
MARKS = ("{title}", "{time}")
RUN = 3
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_SIGNS = re.compile(r"[A-Za-z ,.:;?'’“”–—…-]*")
_RUN_ON = re.compile(r"[.,:;?…][A-Za-z{]|[.]{2}|[-–—]{2}|[,:;?]{2}|  ")
_SENTENCE = re.compile(r"[.?:…]\s+|\A[“]?")

_THEIRS = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cn", "Cs"))
_LOOK_ALIKES = str.maketrans("асеорхуіѕјһԁԛԝкмтвнοανι’", "aceopxyisjhdqwkmtbhoavi'")

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
          "october", "november", "december")  # fmt: skip
PARTS = {
    "morning": "morning", "breakfast": "morning", "noon": "", "lunch": "", "afternoon": "afternoon",
    "evening": "evening", "tonight": "evening", "supper": "evening", "dinner": "evening",
    "sunset": "", "yesterday": "", "tomorrow": "",
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
COUNTS, COUNTED, HOW = _LISTS["counts"], _LISTS["counted"], _LISTS["how"]
BEFORE_YOU, AFTER_YOU, OF_PEOPLE = _LISTS["before you"], _LISTS["after you"], _LISTS["of people"]
PAST, NOT, BODY = _LISTS["past"], _LISTS["not"], _LISTS["body"]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str | None:
    """The word of the list that this is, or is made of in the usual ways; None where there is none."""
    return _among(word, PLAIN)


@lru_cache(maxsize=20_000)
def _everyday(word: str) -> bool:
    return _among(word, EVERYDAY) is not None


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


def faults(text: str, *, now: datetime, theirs: Theirs, today: bool) -> list[str]:
    """What keeps a model's text from being shown, as sentences. `theirs` is what of the
    person's own texts may not come back; `today` says that it is about something of today.
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
    stems = [stem(word) or word for word in words]
    found = []
    if any(stem(word) is None for word in words):
        found.append("Write with plain everyday words only, and without names.")
    if _shouted(bare):
        found.append("Only a sentence, a day and a month begin with a capital letter.")
    if theirs.in_(words):
        found.append("Don't repeat what the person's own words say; {title} stands for them.")
    if _of_the_person(words):
        found.append("Don't say what the person is, did or has; say what could be done.")
    if _counts(words, stems):
        found.append("Don't count anything but minutes, breaths, lines, pages and the like.")
    if PAST.intersection(words):
        found.append("Don't speak of what was, of how often, or of late and early.")
    if NOT.intersection((*words, *stems)) and BODY.intersection((*words, *stems)):
        found.append("Say what to do, not what to do without.")
    if not _timely(words, now, today=today):
        found.append("Name no day and no time of day but the present one.")
    return found


def _shouted(text: str) -> bool:
    starts = {match.end() for match in _SENTENCE.finditer(text)}
    starts |= {0, len(text) - len(text.lstrip(" .:,;?“”–—-"))}
    for match in _WORD.finditer(text):
        word = match.group()
        if word[1:] != word[1:].lower():
            return True
        if word[0].isupper() and match.start() not in starts:
            before = text[: match.start()].rstrip()
            if before.endswith((".", "?", ":", "…", "“")) or word.lower() in DAYS + MONTHS:
                continue
            return True
    return False


def _of_the_person(words: list[str]) -> bool:
    if OF_PEOPLE.intersection(words):
        return True
    for index, word in enumerate(words):
        if word != "you":
            continue
        before = words[index - 1] if index else ""
        after = words[index + 1] if index + 1 < len(words) else ""
        if after and after not in AFTER_YOU:
            return True
        if (stem(before) or before) not in BEFORE_YOU:
            return True
    return False


def _counts(words: list[str], stems: list[str]) -> bool:
    for index, word in enumerate(words):
        if word in COUNTS:
            after = [one for one in stems[index + 1 : index + 4] if one not in HOW]
            if not after or after[0] not in COUNTED:
                return True
    return False


def _timely(words: list[str], now: datetime, *, today: bool) -> bool:
    part = part_of_day(now)
    for word in words:
        if word in PARTS and PARTS[word] != part:
            return False
        if word in DAYS and DAYS[now.weekday()] != word:
            return False
        if word in MONTHS and word != "may" and MONTHS[now.month - 1] != word and word != "march":
            return False
        if word == "weekend" and now.weekday() < 5:
            return False
        if word == "today" and not today:
            return False
    return True
