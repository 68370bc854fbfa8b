"""Whether a sentence about the user follows from facts: each claim, and each quantity in it. Pure.

A claim is "<agent id>.<fact>" and the value that the sentence rests on. It holds while the fact has
that value. A number, time, length or day of the week in the text must be the value of a claim that
is of that unit by its name. Digits are read in any language, number words in English. What else a
sentence says is not looked at: which way round two numbers stand is for whoever wrote it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from agents.library.base import Snippet

Unit = Literal["count", "time", "weekday", "minutes", "days", "steps", "beats", "share"]

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NUMBERS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)  # fmt: skip
ROUND = {"thirteen": 13, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
         "sixty": 60, "hundred": 100, "dozen": 12, "once": 1, "twice": 2, "thrice": 3}  # fmt: skip
SHARES = {
    "half": 0.5,
    "third": 1 / 3,
    "quarter": 0.25,
    "double": 2.0,
    "triple": 3.0,
    "tenfold": 10.0,
}
UNITS: Mapping[str, Unit] = {
    "minute": "minutes", "minutes": "minutes", "min": "minutes", "day": "days", "days": "days",
    "night": "days", "nights": "days", "step": "steps", "steps": "steps", "heartbeats": "beats",
    "beats": "beats", "thing": "count", "things": "count", "task": "count", "tasks": "count",
}  # fmt: skip
UNSEEN = frozenset({"weeks", "week", "months", "month", "years", "year", "percent"})

CLOCK = re.compile(r"(?<![\d.])([01]?\d|2[0-3]):([0-5]\d)(?!\d)")
LENGTH = re.compile(r"(?<![\d.])(\d+) h(?: (\d+) min)?(?!\w)")
NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?%?")
WORD = re.compile(r"[a-z]+(?:-[a-z]+)?")


@dataclass(frozen=True)
class Quantity:
    """Something said in a text that a fact has to bear out. `unit` is None where the text has none."""

    value: float
    unit: Unit | None
    decimals: int = 0


def facts_of(snippets: Mapping[str, Snippet]) -> dict[str, Any]:
    """All that the agents say, by the names that claims use."""
    return {
        f"{agent}.{name}": value
        for agent, snippet in snippets.items()
        for name, value in snippet.facts.items()
    }


def holds(claims: Mapping[str, Any], facts: Mapping[str, Any], text: str = "") -> bool:
    """Whether every claim is still a fact, and every quantity in the text is one of the claims."""
    if not claims:
        return False
    if not all(name in facts and _same(value, facts[name]) for name, value in claims.items()):
        return False
    said = quantities(text)
    return said is not None and all(
        any(_bears_out(name, value, one) for name, value in claims.items()) for one in said
    )


def quantities(text: str) -> list[Quantity] | None:
    """Every number, time, length and weekday in a text; None where one has a unit no fact has."""
    rest = text.casefold()
    clocks = CLOCK.findall(rest)
    rest = CLOCK.sub(" ", rest)
    lengths = LENGTH.findall(rest)
    rest = LENGTH.sub(" ", rest)
    found = [Quantity(int(hour) * 60 + int(minute), "time") for hour, minute in clocks]
    found += [Quantity(int(hours) * 60 + int(more or 0), "minutes") for hours, more in lengths]
    for match in NUMBER.finditer(rest):
        after = WORD.match(rest[match.end() :].lstrip(" -"))
        if after and after[0] in UNSEEN:
            return None
        digits = match[0].rstrip("%").replace(",", "")
        decimals = len(digits.partition(".")[2])
        if match[0].endswith("%"):
            found.append(Quantity(float(digits) / 100, "share", decimals + 2))
        else:
            found.append(Quantity(float(digits), UNITS.get(after[0]) if after else None, decimals))
    words = [piece for word in WORD.findall(rest) for piece in word.split("-")]
    for word, after_it in pairwise([*words, ""]):
        if word.removesuffix("s") in WEEKDAYS:
            found.append(Quantity(WEEKDAYS.index(word.removesuffix("s")), "weekday"))
        elif word in SHARES:
            found.append(Quantity(SHARES[word], "share", 2))
        elif word in ROUND or (word in NUMBERS and word != "one"):
            if after_it in UNSEEN:
                return None
            value = ROUND[word] if word in ROUND else NUMBERS.index(word)
            found.append(Quantity(value, UNITS.get(after_it)))
    return found


def unit_of(name: str) -> Unit | None:
    """What a fact is counted in, by its name; None for what is never said as a quantity."""
    fact = name.partition(".")[2]
    if fact.endswith(("_id", "_ids", "z", "trend", "level")):
        return None
    if fact.endswith("weekday") and not fact.startswith(("on_", "at_")):
        return "weekday"
    if fact in ("from", "until", "hour") or (
        fact.endswith(("_from", "_until", "_hour")) and not fact.startswith(("at_", "in_"))
    ):
        return "time"
    for ending, unit in (("minutes", "minutes"), ("minutes_today", "minutes"), ("days", "days")):
        if fact.endswith(ending):
            return UNITS[unit]
    if fact.endswith("steps"):
        return "steps"
    if fact.endswith("resting"):
        return "beats"
    if fact.endswith(("_cycle", "_share")):
        return "share"
    return "days" if fact.endswith("nights") else "count"


def _bears_out(name: str, value: Any, said: Quantity) -> bool:
    unit = unit_of(name)
    if unit is None or isinstance(value, bool):
        return False
    if unit == "time":
        return said.unit == "time" and _minute(value) == said.value
    if not isinstance(value, int | float) or unit != (said.unit or unit):
        return False
    if said.unit is None and unit not in ("count", "steps", "beats"):
        return False
    if isinstance(value, int) and unit not in ("minutes", "steps"):
        return bool(value == said.value)
    return bool(abs(value - said.value) <= 0.5 * 10.0**-said.decimals + 1e-9)


def _minute(value: Any) -> int | None:
    """The minute of the day of an hour, or of a moment as ISO text in the user's zone."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return moment.hour * 60 + moment.minute
    return value % 24 * 60 if isinstance(value, int) else None


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: true is not 1, and two numbers are equal to a billionth."""
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)
