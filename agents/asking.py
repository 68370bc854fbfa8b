"""Asking a person for a value by a form, and reading what they answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.preferences import BadPreference, Key
from agents.inference.values import Values

# What a form can ask for. The others a person confirms or has forgotten: nobody types the id of a
# list, and the clock follows the device.
ASKED = ("hour", "hours", "number", "choice", "yes_or_no")


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Asking:
    """A form for one value: a number between bounds, or one or several of these options."""

    type: str
    label: str
    hint: str = ""
    options: tuple[Option, ...] = ()
    value: Any = None
    low: float | None = None
    high: float | None = None
    step: str = "any"


def asking(key: Key, value: Any) -> Asking | None:
    """The form for a preference that has this value, None for one that no form asks for."""
    if key.worked_out or key.type not in ASKED:
        return None
    return Asking(
        key.type,
        key.meaning,
        hint=f"{key.wants[:1].upper()}{key.wants[1:]}." if key.type == "number" else "",
        options=_options(key, value),
        value=value,
        low=key.low,
        high=key.high,
        step="1" if _is_whole(key) else "any",
    )


def _options(key: Key, value: Any) -> tuple[Option, ...]:
    match key.type:
        case "hour":
            return tuple(Option(str(hour), f"{hour}:00", hour == value) for hour in range(24))
        case "hours":
            chosen = set(value or ())
            return tuple(Option(str(hour), f"{hour}:00", hour in chosen) for hour in range(24))
        case "choice":
            return tuple(Option(one, one.capitalize(), one == value) for one in key.choices)
        case "yes_or_no":
            return (Option("yes", "Yes", value is True), Option("no", "No", value is False))
    return ()


def _is_whole(key: Key) -> bool:
    return isinstance(key.accepts, Values) and key.accepts.whole


def answer(key: Key, sent: Sequence[str]) -> Any:
    """The value that a form sent as these texts; whether it fits is for `say` to tell.

    Raises BadPreference.
    """
    wanted = f"That should be {key.wants}."
    text = sent[0].strip() if sent else ""
    try:
        match key.type:
            case "hour":
                return int(text)
            case "hours":
                return sorted({int(one) for one in sent})
            case "number":
                return _number(text)
            case "choice":
                return text
            case "yes_or_no":
                return {"yes": True, "no": False}[text]
    except (ValueError, KeyError, OverflowError):
        raise BadPreference(wanted) from None
    raise BadPreference("That can’t be said here.")


def _number(text: str) -> int | float:
    number = float(text.replace(",", "."))
    return int(number) if number.is_integer() else number
