"""The keys of preferences: each is declared once, by the floor that uses it."""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from accounts.preference_types import TYPES, Range, Type, fits, hint

Value = Any

LONGEST_KEY = 60


class BadPreference(ValueError):
    """Not a declared key, or not a value it can have. The message is for the user."""


@dataclass(frozen=True)
class Key:
    """A declared preference: who uses it, what it means, its default, and which values it can have.

    `scope` names who uses it ("moment", "agents", "mixing"). `type` with `low`, `high` and `choices`
    says what fits, see accounts.preference_types; `accepts` may narrow that, and then `hint` says it
    in words. The default may be None, for "nothing is known"; a value never is.

    With `own_word` it is a consent: nothing is ever inferred of it. With `worked_out` it is the
    opposite: the user's word would change nothing, so it can only be forgotten.
    """

    name: str
    meaning: str
    default: Value
    _: KW_ONLY
    scope: str
    type: Type
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    accepts: Callable[[Value], bool] | None = None
    hint: str = ""
    own_word: bool = False
    worked_out: bool = False

    @property
    def range(self) -> Range:
        return Range(self.low, self.high, self.choices)

    @property
    def wants(self) -> str:
        """What would fit, to be read after "should be"."""
        return self.hint or hint(self.type, self.range)

    def fits(self, value: Value) -> bool:
        if not fits(self.type, value, self.range):
            return False
        return self.accepts is None or bool(self.accepts(value))

    def check(self, value: Value) -> None:
        """Raises BadPreference."""
        if not self.fits(value):
            raise BadPreference(f"{self.name} should be {self.wants}.")


_keys: dict[str, Key] = {}


def declare(key: Key) -> None:
    """Makes a preference known. Saying the same again is fine; raises ValueError where it differs."""
    if _keys.get(key.name, key) != key:
        raise ValueError(f"The preference {key.name} is declared already, and differently.")
    if not 0 < len(key.name) <= LONGEST_KEY:
        raise ValueError(f"The name of a preference has at most {LONGEST_KEY} characters.")
    if key.type not in TYPES:
        raise ValueError(f"The preference {key.name} has a type that is none: {key.type!r}.")
    if key.default is not None and not key.fits(key.default):
        raise ValueError(f"The default of {key.name} is not {key.wants}.")
    _keys[key.name] = key


def declared() -> list[Key]:
    return sorted(_keys.values(), key=lambda key: key.name)


def key_of(name: str) -> Key:
    """Raises BadPreference."""
    try:
        return _keys[name]
    except KeyError:
        raise BadPreference(f"There is no preference {name[:LONGEST_KEY]!r}.") from None


def scopes() -> list[str]:
    return sorted({key.scope for key in _keys.values()})


def sayable(name: str) -> Key:
    """A key that the user has a word on. Raises BadPreference."""
    key = key_of(name)
    if key.worked_out:
        raise BadPreference(f"{name} is only worked out: it can be forgotten, not said.")
    return key


def inferable(name: str) -> Key:
    """A key that something may be inferred of. Raises BadPreference."""
    key = key_of(name)
    if key.own_word:
        raise BadPreference(f"{name} is for the user alone to say.")
    return key
