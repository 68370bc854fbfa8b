"""The types a preference can have: which values fit, and how that is said to a person.

Values are JSON. A truth is not a number, what is not finite is no number, and no text goes in that
a database could not take back out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from accounts.zones import is_time_zone

Type = Literal[
    "hour", "hours", "number", "yes_or_no", "choice", "names", "shares", "numbers", "zone"
]
TYPES: tuple[Type, ...] = get_args(Type)

MOST_NAMES = 20
MOST_NUMBERS = 200
LONGEST_NAME = 80
FARTHEST = 1e9  # where a number's range is not given
ROUNDING = 0.001
_JOINERS = str.maketrans("", "", "\u200c\u200d")  # letters and emoji need them, and they show


@dataclass(frozen=True)
class Range:
    """What a type leaves open: bounds (of `names` how many), and the names that may be chosen."""

    low: float | None = None
    high: float | None = None
    choices: Sequence[str] = ()

    @property
    def least(self) -> float:
        return -FARTHEST if self.low is None else self.low

    @property
    def most(self) -> float:
        return FARTHEST if self.high is None else self.high

    @property
    def most_names(self) -> int:
        return MOST_NAMES if self.high is None else int(self.high)


def is_text(value: Any, longest: int) -> bool:
    """Whether it is a short text that shows: no line ends, no NUL, no half of a letter."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= longest
        and value.strip() == value
        and value.translate(_JOINERS).isprintable()
    )


def _is_number(value: Any, low: float, high: float) -> bool:
    # The comparison is false for what is not a number, and exact for whole numbers of any length.
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_hour(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value, 0, 23)


def _is_name(value: Any, choices: Sequence[str]) -> bool:
    return is_text(value, LONGEST_NAME) and (not choices or value in choices)


def _hours(value: Any, _: Range) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= 24
        and all(_is_hour(one) for one in value)
        and len(set(value)) == len(value)
    )


def _names(value: Any, within: Range) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= within.most_names
        and all(_is_name(one, within.choices) for one in value)
        and len(set(value)) == len(value)
    )


def _numbers(value: Any, within: Range) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= MOST_NUMBERS
        and all(_is_name(name, within.choices) for name in value)
        and all(_is_number(one, within.least, within.most) for one in value.values())
    )


def _shares(value: Any, within: Range) -> bool:
    parts = Range(0, 1, within.choices)
    return _numbers(value, parts) and abs(sum(value.values()) - 1) <= ROUNDING


_FITS: dict[Type, Callable[[Any, Range], bool]] = {
    "hour": lambda value, _: _is_hour(value),
    "hours": _hours,
    "number": lambda value, within: _is_number(value, within.least, within.most),
    "yes_or_no": lambda value, _: isinstance(value, bool),
    "choice": lambda value, within: isinstance(value, str) and value in within.choices,
    "names": _names,
    "shares": _shares,
    "numbers": _numbers,
    "zone": lambda value, _: isinstance(value, str) and is_time_zone(value),
}


def fits(kind: Type, value: Any, within: Range) -> bool:
    return _FITS[kind](value, within)


def hint(kind: Type, within: Range) -> str:
    """What would fit, to be read after "should be"."""
    bounds = f"from {within.least:g} to {within.most:g}"
    chosen = ", ".join(within.choices)
    match kind:
        case "hour":
            return "an hour from 0 to 23"
        case "hours":
            return "a list of hours from 0 to 23, each once"
        case "number":
            return f"a number {bounds}"
        case "yes_or_no":
            return "true or false"
        case "choice":
            return f"one of {chosen}"
        case "names":
            return f"a list of at most {within.most_names} names, each once" + (
                f", out of {chosen}" if chosen else ""
            )
        case "shares":
            return f"shares of {chosen or 'the whole'}, from 0 to 1, that make 1 together"
        case "numbers":
            return f"numbers {bounds}, by name" + (f": {chosen}" if chosen else "")
        case "zone":
            return "the name of a time zone, such as Europe/Lisbon"
