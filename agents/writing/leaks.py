"""Whether a text gives away what a model was told: the mark of the page, or the page itself. Pure.

The examples on a page are tips like any other: who writes one gives nothing away.
"""

import base64
import codecs
import re
from functools import lru_cache

RUN = 6  # so many words in a row are from the page, not from chance
_EXAMPLE = re.compile(r"^\{.*\}$", re.MULTILINE)
_LETTERS = re.compile(r"[^a-z0-9+/=]")
_WORDS = re.compile(r"[a-z']+")


def gives_away(text: str, *, page: str, mark: str) -> bool:
    """Whether the mark is in a text, in a disguise too, or a run of words of the page."""
    return _has_mark(text, mark) or _quotes(text, page)


def _has_mark(text: str, mark: str) -> bool:
    bare = _LETTERS.sub("", text.lower())
    letters = re.sub(r"[^a-z]", "", bare)
    initials = "".join(word[0] for word in _WORDS.findall(text.lower()))
    disguises = {mark, mark[::-1], codecs.encode(mark, "rot13"), mark.encode().hex()}
    disguises |= {_in_base64(mark, shift) for shift in range(3)}
    if any(_LETTERS.sub("", one.lower()) in bare for one in disguises):
        return True
    return any(one in found for one in (mark, mark[::-1]) for found in (letters, initials))


def _in_base64(mark: str, shift: int) -> str:
    """What base64 makes of a mark wherever in a text it begins: its middle, which is always there."""
    padded = base64.b64encode(b" " * shift + mark.encode() + b"  ").decode()
    return padded[4 if shift else 0 : 4 * ((shift + len(mark)) // 3)]


def _quotes(text: str, page: str) -> bool:
    words = _WORDS.findall(text.lower())
    runs = {tuple(words[n : n + RUN]) for n in range(len(words) - RUN + 1)}
    return bool(runs and runs & _runs_of(page))


@lru_cache(maxsize=8)
def _runs_of(page: str) -> frozenset[tuple[str, ...]]:
    words = _WORDS.findall(_EXAMPLE.sub(" ", page).lower())
    return frozenset(tuple(words[n : n + RUN]) for n in range(len(words) - RUN + 1))
