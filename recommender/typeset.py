"""How large a sentence is set: by the room it takes, not by how many characters it has. Pure."""

import re
import unicodedata

# The stylesheet has a class of each name. Room is in Latin characters; a wide one counts as two.
SIZES = (("xs", 26, 11), ("s", 64, 14), ("m", 130, 19), ("l", 280, 10_000))
SMALLEST = "xl"


def typeset(text: str) -> str:
    """The largest size in which the sentence stays calm and a long word is not torn apart."""
    room = sum(_width(character) for character in text)
    runs = [run for run in re.findall(r"[\w.'’/@:-]+", text) if _unbroken(run)]
    longest = max(map(len, runs), default=0)
    for size, most, word in SIZES:
        if room <= most and longest <= word:
            return size
    return SMALLEST


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _unbroken(run: str) -> bool:
    """Whether lines can't break inside it: they can between any two wide characters."""
    return not any(_width(character) == 2 for character in run)
