"""Preferences: declared by the floor that uses them, read with the user's own word first."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from django.db import models, transaction

from accounts.faults import Faults
from accounts.keys import (
    BadPreference,
    Key,
    Value,
    declare,
    declared,
    inferable,
    key_of,
    sayable,
    scopes,
)
from accounts.models import Preference, User
from oo.events.catalogue import ProfileChanged
from oo.events.publish import publish

__all__ = [
    "BadPreference", "Held", "Inference", "Key", "NoScope", "Wishes", "changed", "declare",
    "declared", "forget", "forgotten", "held", "infer", "infer_many", "key_of", "of", "of_users", "say",
    "say_all", "sayable", "scopes", "unsay", "when_changed", "who_said", "wishes",
]  # fmt: skip


class NoScope(LookupError):
    """No preference is declared in that scope."""


# What upper floors bring in line with what the user wants.
_follows: list[Callable[[int, datetime], object]] = []


def when_changed(follow: Callable[[int, datetime], object]) -> None:
    """Registers `follow(user_id, now)`, called after someone changed what they want by a door: what
    they see next goes by it.
    """
    _follows.append(follow)


def changed(user_id: int, *, now: datetime) -> None:
    """For a door, after what the user wants was written, and outside any transaction."""
    for follow in _follows:
        follow(user_id, now)


def _tell(user_id: int, name: str, now: datetime) -> None:
    publish(ProfileChanged(user_id=user_id, what="preference", key=name), now=now)


def say(user: User, name: str, value: Value, *, now: datetime) -> Preference:
    """The user's own word, which holds over whatever is inferred. Raises BadPreference."""
    sayable(name).check(value)
    with transaction.atomic():
        preference, _ = Preference.objects.update_or_create(
            user=user,
            key=name,
            source=Preference.Source.USER,
            defaults={"value": value, "confidence": 1.0, "updated_at": now},
        )
        _tell(user.pk, name, now)
    return preference


def unsay(user: User, name: str, *, now: datetime) -> bool:
    """Takes the user's own word back; what is inferred holds again. False when there was none.

    Raises BadPreference.
    """
    said = Preference.objects.filter(
        user=user, key=key_of(name).name, source=Preference.Source.USER
    )
    with transaction.atomic():
        gone = bool(said.delete()[0])
        if gone:
            _tell(user.pk, name, now)
    return gone


def say_all(user: User, scope: str, values: Mapping[str, Value], *, now: datetime) -> None:
    """The user's own words in one scope, all or none; None takes one back.

    Raises NoScope, or Faults with a sentence for each that can't be.
    """
    here = {key.name: key for key in declared() if key.scope == scope}
    if not here:
        raise NoScope(scope)
    faults = {}
    for name, value in values.items():
        try:
            key = key_of(name)
            if name not in here:
                raise BadPreference(f"{name} belongs to the scope {key.scope}.")
            if value is not None:
                sayable(name).check(value)
        except BadPreference as error:
            faults[name] = str(error)
    if faults:
        raise Faults(faults)
    with transaction.atomic():
        for name in sorted(values):  # two who write the same wait for each other in one order
            if values[name] is None:
                unsay(user, name, now=now)
            else:
                say(user, name, values[name], now=now)


class Inference(NamedTuple):
    """What an agent believes of someone. `since` is when the history it read begins."""

    user_id: int
    name: str
    value: Value
    confidence: float
    since: datetime | None = None


def infer(
    user: User,
    name: str,
    value: Value,
    *,
    confidence: float,
    now: datetime,
    since: datetime | None = None,
) -> bool:
    """What an agent believes; kept beside the user's own word, never over it. See infer_many."""
    return infer_many([Inference(user.pk, name, value, confidence, since)], now=now) == 1


def infer_many(found: Iterable[Inference], *, now: datetime) -> int:
    """Keeps what agents believe of many people, in a few queries. Returns how many were kept.

    What was inferred from anything before the user had it forgotten is passed over: from a history
    that begins before then or, where its beginning is not told, when they forgot after `now`.

    Raises BadPreference, or ValueError for a confidence that is none; then nothing is kept.
    """
    wanted = {(one.user_id, one.name): one for one in found}
    for one in wanted.values():
        inferable(one.name).check(one.value)
        if not 0 <= one.confidence <= 1:
            raise ValueError(f"{one.confidence} is no confidence: those are from 0 to 1.")
    inferred = Preference.objects.filter(
        source=Preference.Source.INFERRED,
        user_id__in={user_id for user_id, _ in wanted},
        key__in={name for _, name in wanted},
    )
    with transaction.atomic():
        changed = []
        for row in inferred.select_for_update().order_by("user_id", "key"):
            new = wanted.pop((row.user_id, row.key), None)
            if new is None or (row.forgotten_at and row.forgotten_at > (new.since or now)):
                continue
            row.value, row.confidence, row.updated_at = new.value, new.confidence, now
            changed.append(row)
        Preference.objects.bulk_update(
            changed, ["value", "confidence", "updated_at"], batch_size=500
        )
        made = [
            Preference(
                user_id=one.user_id,
                key=one.name,
                source=Preference.Source.INFERRED,
                value=one.value,
                confidence=one.confidence,
                updated_at=now,
            )
            for one in sorted(wanted.values(), key=lambda one: (one.user_id, one.name))
        ]
        # A row that appeared meanwhile is a younger belief, or the wish to have none: it stays.
        Preference.objects.bulk_create(made, batch_size=500, ignore_conflicts=True)
    return len(changed) + len(made)


def forget(user: User, name: str, *, now: datetime) -> None:
    """What was inferred goes, and nothing from before `now` may be inferred from again.

    The user's own word stays; `unsay` takes that back. Raises BadPreference.
    """
    inferable(name)
    with transaction.atomic():
        Preference.objects.update_or_create(
            user=user,
            key=name,
            source=Preference.Source.INFERRED,
            defaults={"value": None, "confidence": 0.0, "updated_at": now, "forgotten_at": now},
        )
        _tell(user.pk, name, now)


def forgotten(user_ids: Iterable[int]) -> dict[int, dict[str, datetime]]:
    """When each user last had each key forgotten; one query for all of them."""
    found: dict[int, dict[str, datetime]] = {user_id: {} for user_id in user_ids}
    rows = Preference.objects.filter(user_id__in=found, forgotten_at__isnull=False)
    for user_id, key, at in rows.values_list("user_id", "key", "forgotten_at"):
        assert at is not None
        found[user_id][key] = at
    return found


def of_users(user_ids: Iterable[int]) -> dict[int, dict[str, Value]]:
    """The values in force for each user, defaults included; one query for all of them.

    A value that its key does not take any more, since oO was renewed, does not count.
    """
    return {user_id: one.values for user_id, one in wishes(user_ids).items()}


@dataclass(frozen=True)
class Wishes:
    """The values in force for a user, whose own word which are, and what they had forgotten when."""

    values: dict[str, Value]
    said: set[str] = field(default_factory=set)
    forgotten: dict[str, datetime] = field(default_factory=dict)


def wishes(user_ids: Iterable[int]) -> dict[int, Wishes]:
    """What each user wants, as `of_users` tells it, and whose word it is; one query."""
    keys = {key.name: key for key in declared()}
    defaults = {key.name: key.default for key in declared()}
    found = {user_id: Wishes(deepcopy(defaults)) for user_id in user_ids}
    # "inferred" sorts before "user", so the user's own word is written last and stays.
    for row in Preference.objects.filter(user_id__in=found, key__in=defaults).order_by("source"):
        one = found[row.user_id]
        if row.forgotten_at is not None:
            one.forgotten[row.key] = row.forgotten_at
        if row.value is None or not keys[row.key].fits(row.value):
            continue
        if row.source == Preference.Source.USER:
            if keys[row.key].worked_out:
                continue
            one.said.add(row.key)
        one.values[row.key] = row.value
    return found


def of(user: User) -> dict[str, Value]:
    return of_users([user.pk])[user.pk]


@dataclass(frozen=True)
class Held:
    """A preference of someone: the value in force, whose word it is, and what is believed beside it."""

    key: Key
    value: Value
    source: Literal["user", "inferred", "default"]
    confidence: float | None = None
    inferred: Value = None
    forgotten_at: datetime | None = None


def held(user: User) -> list[Held]:
    """Every declared preference of a user, by name; one query."""
    rows = {(row.key, row.source): row for row in Preference.objects.filter(user=user)}
    return [
        _held(
            key,
            rows.get((key.name, Preference.Source.USER)),
            rows.get((key.name, Preference.Source.INFERRED)),
        )
        for key in declared()
    ]


def _held(key: Key, said: Preference | None, believed: Preference | None) -> Held:
    guess = believed.value if believed and key.fits(believed.value) else None
    forgotten_at = believed.forgotten_at if believed else None
    if said and not key.worked_out and key.fits(said.value):
        return Held(key, said.value, "user", said.confidence, guess, forgotten_at)
    if believed and guess is not None:
        return Held(key, guess, "inferred", believed.confidence, guess, forgotten_at)
    return Held(key, key.default, "default", None, None, forgotten_at)


def who_said(name: str, value: Value) -> "models.QuerySet[Preference, int]":
    """The ids of the people who said so themselves, and are still here."""
    said = Preference.objects.filter(
        key=name, source=Preference.Source.USER, value=value, user__is_active=True
    )
    return said.values_list("user_id", flat=True)
