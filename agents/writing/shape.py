"""The shape of a sentence that may be shown: its characters, its length, its marks. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

TITLE = "{title}"
LONGEST = 300  # what a candidate can hold at all


@dataclass(frozen=True)
class KindShape:
    """What a kind of tip looks like. Lengths are without the title."""

    longest: int
    fewest_words: int
    titles: int  # how often {title} stands in it
    sentences: int
    ends: str  # one of these, or nothing where it is empty


KINDS = {
    "task": KindShape(longest=90, fewest_words=0, titles=1, sentences=2, ends=""),
    "reminder": KindShape(longest=90, fewest_words=0, titles=1, sentences=2, ends=""),
    "advice": KindShape(longest=120, fewest_words=3, titles=0, sentences=3, ends=".?"),
    "insight": KindShape(longest=160, fewest_words=3, titles=0, sentences=2, ends="."),
}

# What the five languages are written with, and no letter that only looks like one of them.
LETTERS = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿßœÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŒẞ"
)
MARKS = frozenset(".,:;?'‘’\"“”„«»‹›–—-…()%¿½°")
FRENCH_SPACES = "\u00a0\u202f"  # stand before ? : ; and inside quotes in French

SHORT_FORMS = re.compile(
    r"(?<![\w.])(?<!\. )(?:[ap]\.m|e\.g|i\.e|z\.\s?b|d\.h|u\.a|p\.\s?ej|b\.v|bijv|etc|dr|mr|mrs|st)\.",
    re.IGNORECASE,
)
MIXED = re.compile(r"\b(?=\w*\d)(?=\w*[^\W\d])\w+\b")
VOWEL = re.compile("[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœ]", re.IGNORECASE)
ORDINAL = re.compile(r"\d{1,2}(?:am|pm|h|h\d\d|st|nd|rd|th|er|e|ste|de|min)", re.IGNORECASE)
NUMERALS = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|null|eins|zwei|drei|vier|funf|sechs)"
)
CAPITALS_ALLOWED = frozenset({"AM", "PM", "TV"})
LONG_WORD = {"de": 36, "nl": 36}  # where words are joined
REPEATED = {"de": 4}  # Schifffahrt


def faults(text: str, kind: str, language: str) -> list[str]:
    """What is wrong with how it looks, each as a sentence to quote back."""
    wants = KINDS[kind]
    bare = text.replace(TITLE, "")
    if strange := _strange(bare, language):
        return [f"It holds a character that does not belong: {', '.join(strange)}."]
    found = []
    if text.count(TITLE) != wants.titles:
        found.append(
            "It names the task exactly once, as {title}." if wants.titles
            else "It has no {title}: there is none to fill in."
        )  # fmt: skip
    if len(bare) > wants.longest:
        found.append(f"It is longer than {wants.longest} characters.")
    if len(words(bare)) < wants.fewest_words:
        found.append("It is too short to say something.")
    plain = SHORT_FORMS.sub("", text.replace(TITLE, "It"))
    if re.search(rf"\w{re.escape(TITLE)}|{re.escape(TITLE)}\w", text):
        found.append("It leaves no space around {title}.")
    if len(re.findall(r"[.?…](?=\s|$)", plain)) > wants.sentences:
        found.append(f"It has more than {wants.sentences} sentences.")
    if wants.ends and not text.rstrip("\"”»’'").endswith(tuple(wants.ends)):
        found.append(
            "It ends with a full stop."
            if wants.ends == "."
            else "It ends with a full stop or a question mark."
        )
    if text[0].isalpha() and not text[0].isupper():
        found.append("It begins with a capital letter.")
    if text != " ".join(re.sub(f"[{FRENCH_SPACES}]", " ", text).split(" ")).strip() and not (
        language == "fr" and any(space in text for space in FRENCH_SPACES)
    ):
        found.append("It begins or ends with a space.")
    if "  " in text:
        found.append("It has two spaces in a row.")
    return found + _links(plain) + _loud(bare, language) + _coded(plain, language)


def words(text: str) -> list[str]:
    """Its words in lower case; l'eau and don't are two each."""
    return re.findall(r"[^\W\d_]+", text.casefold())


def _strange(text: str, language: str) -> list[str]:
    """What it is not written with: by name, never the character itself."""
    allowed = (
        LETTERS | MARKS | set("0123456789 ") | (set(FRENCH_SPACES) if language == "fr" else set())
    )
    named = {
        "!": "an exclamation mark", "@": "an at sign", "/": "a slash", "{": "a brace", "}": "a brace",
        "<": "an angle bracket", ">": "an angle bracket", "\n": "a line break", "\t": "a tab",
    }  # fmt: skip
    seen = dict.fromkeys(sign for sign in text if sign not in allowed)
    return [named.get(sign) or _named(sign) for sign in seen][:5]


def _named(sign: str) -> str:
    return f"U+{ord(sign):04X} {unicodedata.name(sign, 'unnamed').lower()}"


def _links(text: str) -> list[str]:
    found = []
    if re.search(r"\w\.[^\W\d]|[^\W\d]\.\w|\d\.\d+\.\d|[^\W\d]:[^\W\d]", text):
        found.append("It holds something like a link: leave a space after a full stop or a colon.")
    # "evil . com", "bit. ly": after a full stop and a space there is a capital, or it is a dot.
    if re.search(r"\s\.\s*\w|[^\W\d]\.\s+(?!oO\b)[^\W\dA-ZÀ-ÖØ-ÞŒẞ]", text):
        found.append("It holds something like a link: a capital comes after a full stop.")
    if re.search(r"\(\s*(?:dot|at|punkt|point|punto|punt)\s*\)", text, re.IGNORECASE):
        found.append("It holds something like a link or an address.")
    digits = re.search(r"\d(?:[\s().,:–-]*\d){6,}", text)
    if digits or re.search(rf"(?:\b{NUMERALS}\b[\s,.-]*){{6,}}", text, re.IGNORECASE):
        found.append("It holds something like a phone or account number.")
    elif re.search(r"\d{5,}", text):
        found.append("It holds a number that is too long to take in.")
    return found


def _loud(text: str, language: str) -> list[str]:
    found = []
    capitals = {w for w in re.findall(r"[^\W\d_]{2,}", text) if w.isupper()} - CAPITALS_ALLOWED
    if capitals:
        found.append("It shouts: no word is in capitals.")
    if re.search(rf"([^\W\d_])\1{{{REPEATED.get(language, 3) - 1},}}", text, re.IGNORECASE):
        found.append("It draws out a word.")
    if re.search(r"([^\w\s])\1", text.replace("...", "…")) or re.search(r"[?.,:;]\s?[?,:;]", text):
        found.append("It has too many marks in a row.")
    if re.search(r"(?<!\w)(?:[^\W\d_][\s.,'’–—-]+){3,}[^\W\d_](?!\w)", text) or re.search(
        r"(?<!\w)[^\W\d_]([.–—-])[^\W\d_]\1[^\W\d_](?!\w)", text
    ):
        found.append("It spells a word out letter by letter.")
    return found


def _coded(text: str, language: str) -> list[str]:
    found = []
    if any(not ORDINAL.fullmatch(word) for word in MIXED.findall(text)):
        found.append("It mixes letters and digits in one word.")
    longest = LONG_WORD.get(language, 22)
    letters = re.findall(r"[^\W\d_]+", text)
    if any(len(word) > longest for word in letters):
        found.append("It holds a word that is too long.")
    mixed = any(re.search(r"[^\W\d_]", w[1:]) and _camel(w) for w in letters)
    dull = any(len(word) > 5 and not VOWEL.search(word) for word in letters)
    if mixed or dull or re.search(r"\w\(|\(\s*\)|%(?=\w)|(?<!\d)(?<!\d )%", text):
        found.append("It looks like code.")
    return found


def _camel(word: str) -> bool:
    return word != "oO" and any(a.islower() and b.isupper() for a, b in pairwise(word))
