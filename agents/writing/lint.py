"""Whether a sentence may be shown: calm, plain, safe, and in the reader's language. Pure.

Every candidate passes here, whoever wrote it. It refuses what it can't read: a language whose words
it doesn't know, a character it has no use for. What it can't do: it knows words and shapes, not
meaning, and it tells languages apart by their commonest words, which is a heuristic.
"""

import re
import unicodedata
from functools import cache

from agents.writing import shape
from agents.writing.lexicon import LANGUAGES

TITLE = "{title}"

WRONG = {
    "blame": "It blames or presses",
    "hurry": "It hurries",
    "games": "It counts like a game",
    "unkind": "It is unkind or unsafe",
    "promise": "It promises or diagnoses",
    "errand": "It sends the reader on an errand or asks for something",
    "machine": "It speaks to a machine, or like one",
    "speaker": "It speaks of itself, or greets like a letter",
}
SHORTEST_FOREIGN = 5  # letters: a shorter word of another language is a plain word of this one

NUMBER = (
    r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|many|several|a few|zwei|drei|vier|viele|"
    r"mehrere|deux|trois|plusieurs|dos|tres|varios|varias|twee|enkele|meerdere)"
)
LONG = (
    r"(?:days?|weeks?|months?|years?|tage?n?|wochen?|monaten?|jahren?|jours?|semaines?|mois|ans|"
    r"dias?|semanas?|mes(?:es)?|anos?|dagen|weken|maanden|jaren)"
)
SINCE = r"(?:seit|depuis|desde(?: hace)?|sinds|al)"
THINGS = r"(?:tasks?|things?|items?|to-?dos?|reminders?)"
UNDONE = r"(?:left|open|waiting|undone|remaining|pending|to do)"
COUNTED = re.compile(rf"(?<!\w){NUMBER} {LONG}(?!\w)")
AGED = re.compile(
    rf"(?<!\w)(?:{LONG} (?:ago|old|past|late|overdue|zu spat|geleden|te laat)"
    rf"|since (?:last )?\w+day|{SINCE} {NUMBER} {LONG})(?!\w)"
)
PILED = re.compile(
    rf"(?<!\w){NUMBER} (?:\w+ )?{THINGS}(?: \w+){{0,2}} {UNDONE}(?!\w)"
    rf"|(?<!\w){NUMBER} (?:open|unfinished|undone|pending|remaining) {THINGS}"
)
BELITTLED = re.compile(
    r"(?<!\w)(?:only|merely|just \d+|fewer than|less than|dropp(?:ed|ing)|declin\w+|fell|"
    r"down (?:from|by)|slow(?:er|est)|worst|not a single|nothing done|nur|weniger als|seulement|"
    r"moins que|solo|menos que|slechts|minder dan)(?!\w)"
)


def faults(text: str, kind: str, *, language: str = "en") -> list[str]:
    """What is wrong with this text for a tip of this kind, each as a sentence to quote back; [] if nothing.

    `text` is what is stored: the user's own words stand in it as `{title}`. They are not checked
    here, and no fault repeats more of the text than a phrase that is known to be wrong.
    """
    code = language.casefold().replace("_", "-").partition("-")[0]
    if code not in LANGUAGES:
        return ["It is to be in a language that can't be checked here."]
    if kind not in shape.KINDS:
        return ["It is of no kind that is known here."]
    if not text.strip():
        return ["It says nothing."]
    if len(text) > shape.LONGEST:
        return [f"It is longer than {shape.LONGEST} characters."]
    found = shape.faults(text, kind, code)
    said = plain(text.replace(TITLE, "it"))
    found += _words(said, text, code)
    if kind != "insight" and COUNTED.search(said):
        found.append("It counts days: leave the number of days, weeks or months out.")
    if AGED.search(said):
        found.append("It says how old or late something is.")
    if PILED.search(said):
        found.append("It counts what is not done.")
    if kind == "insight" and BELITTLED.search(said):
        found.append("It belittles: say what is, without less, only or slower.")
    if (foreign := _foreign(text, code)) is not None:
        found.append(f"It does not read like {LANGUAGES[code].name}{foreign}.")
    return found


def plain(text: str) -> str:
    """In lower case, without accents, with one kind of apostrophe and single spaces."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    return " ".join(re.sub("[’ʼ‘`´]", "'", bare).split())


def _words(said: str, text: str, code: str) -> list[str]:
    """The phrases that are refused, in this language and in others that show in the text."""
    joined = re.sub(r"(?<=\w)[-–—.·'](?=\w)", "", said)  # hur-ry, dont
    here, elsewhere = evidence(text)[code], evidence(text, unlike=code)
    found: dict[str, str] = {}
    for other, language in LANGUAGES.items():
        if other != code and here and not elsewhere[other]:
            continue
        for wrong in language.refused:
            for form in (said, joined):
                match = _pattern(other, wrong).search(form)
                if match and (other == code or len(match[0]) >= SHORTEST_FOREIGN):
                    found.setdefault(wrong, match[0][:40])
    return [f"{WRONG[wrong]}: “{phrase}”." for wrong, phrase in found.items()]


@cache
def _pattern(code: str, wrong: str) -> re.Pattern[str]:
    phrases = "|".join(LANGUAGES[code].refused[wrong])
    return re.compile(rf"(?<![\w'])(?:{phrases})(?!\w)")


@cache
def _weights(code: str) -> dict[str, float]:
    """How much a common word speaks for this language: less, the more languages share it."""
    tongues = LANGUAGES.values()
    return {w: 1 / sum(w in one.common for one in tongues) for w in LANGUAGES[code].common}


def evidence(text: str, *, unlike: str = "") -> dict[str, float]:
    """How much speaks for each language. With `unlike`, words that are common there don't count."""
    taken = LANGUAGES[unlike].common if unlike else frozenset()
    words = [w for w in shape.words(text.replace(TITLE, " ")) if w not in taken]
    return {code: sum(_weights(code).get(word, 0) for word in words) for code in LANGUAGES}


def language_of(text: str) -> str | None:
    """The language a text reads like, or None where nothing tells. A guess from common words."""
    told = evidence(text)
    first, second = sorted(told, key=lambda code: -told[code])[:2]
    return first if told[first] >= 1 and told[first] - told[second] >= 0.5 else None


def _foreign(text: str, code: str) -> str | None:
    """What it reads like instead, as the rest of a sentence; None if it may be this language."""
    for part in (text, *re.split(r"[.?:;]\s", text)):
        told = evidence(part)
        other = max((c for c in LANGUAGES if c != code), key=lambda c: told[c])
        if told[other] >= 1 and told[other] - told[code] >= 0.75:
            return f" but like {LANGUAGES[other].name}"
        if told[code] == 0 and len(shape.words(part.replace(TITLE, " "))) >= 8:
            return ""
    return None
