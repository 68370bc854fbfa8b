"""The values that a parameter can have: a test, its words, and what a form needs to ask for one."""

import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

LONGEST_NAME = 64
MOST_SHARES = 50


@dataclass(frozen=True)
class Values:
    """Callable: whether a JSON value is one of these. `hint` completes "should be …".

    `type` is hour, hours, number, choice, names, shares (names with a number from 0 to 1 each) or
    zone.
    """

    type: str
    hint: str
    low: float | None = None
    high: float | None = None
    whole: bool = False
    choices: tuple[str, ...] = ()
    most: int | None = None

    def __call__(self, value: Any) -> bool:
        return _TESTS[self.type](self, value)


def hour() -> Values:
    return Values("hour", "an hour from 0 to 23", low=0, high=23, whole=True)


def hours() -> Values:
    return Values("hours", "a list of hours from 0 to 23", low=0, high=23, whole=True)


def number(low: float, high: float, *, of: str = "a number") -> Values:
    return Values("number", f"{of} from {low:g} to {high:g}", low=low, high=high)


def whole(low: int, high: int, *, of: str = "a whole number") -> Values:
    return Values("number", f"{of} from {low} to {high}", low=low, high=high, whole=True)


def choice(*choices: str) -> Values:
    return Values("choice", "one of " + ", ".join(choices), choices=choices)


def names(most: int) -> Values:
    return Values("names", f"a list of at most {most} different names", most=most)


def shares() -> Values:
    hint = f"up to {MOST_SHARES} names with a number from 0 to 1 each"
    return Values("shares", hint, low=0, high=1, most=MOST_SHARES)


def zone() -> Values:
    return Values("zone", 'the name of a time zone, like "Europe/Berlin", or empty')


def _is_number(values: Values, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if values.whole else (int, float)):
        return False
    assert values.low is not None
    assert values.high is not None
    return values.low <= value <= values.high  # never so of NaN


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


def _is_hours(values: Values, value: Any) -> bool:
    return (
        isinstance(value, list)
        and all(_is_number(values, one) for one in value)
        and len(set(value)) == len(value)
    )


def _are_names(values: Values, value: Any) -> bool:
    assert values.most is not None
    if not isinstance(value, list) or len(value) > values.most:
        return False
    return all(map(_is_name, value)) and len(set(value)) == len(value)


def _are_shares(values: Values, value: Any) -> bool:
    assert values.most is not None
    if not isinstance(value, dict) or len(value) > values.most:
        return False
    return all(_is_name(name) and _is_number(values, share) for name, share in value.items())


def _is_zone(values: Values, value: Any) -> bool:
    if value == "":
        return True
    # A name of a zone is a path of words: nothing else gets as far as the file system.
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", value):
        return False
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError):
        return False
    return True


def _is_choice(values: Values, value: Any) -> bool:
    return isinstance(value, str) and value in values.choices


_TESTS = {
    "hour": _is_number,
    "hours": _is_hours,
    "number": _is_number,
    "choice": _is_choice,
    "names": _are_names,
    "shares": _are_shares,
    "zone": _is_zone,
}
