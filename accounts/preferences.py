"""Preferences: declared by the floor that uses them, read with the user's own word first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models

from accounts.models import Preference, User

Value = Any


class BadPreference(ValueError):
    """Not a declared key, or not a value it can have. The message is for the user."""


@dataclass(frozen=True)
class Key:
    """A declared preference: what it means, its default, and which values it can have.

    With `own_word` it is a consent: nothing is ever inferred of it.
    """

    name: str
    meaning: str
    default: Value
    accepts: Callable[[Value], bool]
    hint: str
    own_word: bool = False


_keys: dict[str, Key] = {}


def declare(key: Key) -> None:
    _keys[key.name] = key


def declared() -> list[Key]:
    return sorted(_keys.values(), key=lambda key: key.name)


def hour(value: Value) -> bool:
    """An hour of the day, 0 to 23."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 23


def yes_or_no(value: Value) -> bool:
    return isinstance(value, bool)


def _write(
    user: User, name: str, value: Value, source: str, confidence: float, now: datetime
) -> Preference:
    key = _keys.get(name)
    if key is None:
        raise BadPreference(f"There is no preference {name!r}.")
    if not key.accepts(value):
        raise BadPreference(f"{name} should be {key.hint}.")
    preference, _ = Preference.objects.update_or_create(
        user=user,
        key=name,
        source=source,
        defaults={"value": value, "confidence": confidence, "updated_at": now},
    )
    return preference


def say(user: User, name: str, value: Value, *, now: datetime) -> Preference:
    """The user's own word. Raises BadPreference."""
    return _write(user, name, value, Preference.Source.USER, 1.0, now)


def infer(user: User, name: str, value: Value, *, confidence: float, now: datetime) -> Preference:
    """What an agent believes; kept beside the user's own word, never over it. Raises BadPreference."""
    if name in _keys and _keys[name].own_word:
        raise BadPreference(f"{name} is for the user alone to say.")
    return _write(user, name, value, Preference.Source.INFERRED, confidence, now)


def of_users(user_ids: Iterable[int]) -> dict[int, dict[str, Value]]:
    """The values in force for each user, defaults included; one query for all of them."""
    defaults = {key.name: key.default for key in _keys.values()}
    found = {user_id: dict(defaults) for user_id in user_ids}
    # "inferred" sorts before "user", so the user's own word is written last and stays.
    for row in Preference.objects.filter(user_id__in=found, key__in=defaults).order_by("source"):
        found[row.user_id][row.key] = row.value
    return found


def of(user: User) -> dict[str, Value]:
    return of_users([user.pk])[user.pk]


def who_said(name: str, value: Value) -> "models.QuerySet[Preference, int]":
    """The ids of the people who said so themselves, and are still here."""
    said = Preference.objects.filter(
        key=name, source=Preference.Source.USER, value=value, user__is_active=True
    )
    return said.values_list("user_id", flat=True)
