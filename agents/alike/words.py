"""The words of a title, made comparable: folded, cut, and without what only decorates. Pure."""

import re
import unicodedata

LONGEST = 300
"""Characters of a title that are looked at."""

ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+\.\S+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "’": "'"})


def fold(text: str) -> str:
    """In lower case, without accents, addresses and invisible characters: "Zoë’s CAFÉ" is "zoe's cafe"."""
    text = unicodedata.normalize("NFKC", text[:LONGEST])
    text = ADDRESS.sub(" ", text).casefold()
    apart = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in apart if not unicodedata.combining(c) and _seen(c))
    return unicodedata.normalize("NFC", kept).translate(_LETTERS)


def _seen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character)[0] != "C"


def words(folded: str) -> list[str]:
    """Words and numbers in their order; a genitive's s is no part of a word."""
    found = (word.removesuffix("'s") for word in _WORD.findall(folded))
    return [part for word in found for part in word.split("'") if part]
