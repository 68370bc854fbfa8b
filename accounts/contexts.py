"""User contexts: the situations a user named, such as work and home, and which of them hold now.

A name is the user's own word: it is told to nobody outside, and is never an instruction.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from django.db import transaction

from accounts.faults import LONGEST_ECHO, Faults
from accounts.models import User, UserContext
from accounts.preference_types import is_text
from accounts.zones import zone_of
from oo.events.catalogue import ProfileChanged
from oo.events.publish import publish

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST = 20
LONGEST = 40
PARTS = ("weekdays", "begins", "ends")
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")

NAME = f"A situation needs a name of 1 to {LONGEST} characters in one line."
TAKEN = "There is a situation of this name already. Change that one, or choose another name."
TWICE = "This name is there twice: large and small letters do not differ."
SHAPE = "should be null, or have weekdays, begins and ends."
WEEKDAYS = f"weekdays should be a list of {', '.join(DAYS)}, each once, and one at least."
TIMES = "begins and ends should be times such as 09:00 or 17:30."
TOO_MANY = f"There can be {MOST} situations."


def of(user: User) -> list[UserContext]:
    return list(UserContext.objects.filter(user=user).order_by("name"))


def holding(user_ids: Iterable[int], now: datetime) -> dict[int, frozenset[str]]:
    """The names of the contexts that hold for each user at `now`, by the clock on their wall; one
    query for all of them."""
    found: dict[int, set[str]] = {user_id: set() for user_id in user_ids}
    rows = UserContext.objects.filter(user_id__in=found).select_related("user")
    for row in rows.only("user__time_zone", "user_id", "name", *PARTS):
        if holds(row, now.astimezone(zone_of(row.user.time_zone))):
            found[row.user_id].add(row.name)
    return {user_id: frozenset(names) for user_id, names in found.items()}


def holds(context: UserContext, local: datetime) -> bool:
    """Whether a wall clock that shows `local` is within the context.

    An hour that a day has twice is twice within; one that it does not have never is.
    """
    clock = local.time()
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    if context.begins < context.ends:
        return today in context.weekdays and context.begins <= clock < context.ends
    began_today = today in context.weekdays and clock >= context.begins
    return began_today or (yesterday in context.weekdays and clock < context.ends)


def change(user: User, wanted: Mapping[str, Any], *, now: datetime, only_new: bool = False) -> None:
    """Contexts by name, all or none: what is sent of one is changed, None takes it away. With
    `only_new` none that is there is changed.

    Raises Faults with a sentence for each that can't be.
    """
    with transaction.atomic():
        # Two who change them wait for each other, or both would find room for one more.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        there = {row.name: row for row in of(user)}
        if only_new and (taken := [name for name in wanted if _plain(name) in there]):
            raise Faults(dict.fromkeys(taken, TAKEN))
        kept, gone = _read(user, there, wanted)
        for row in kept:
            row.updated_at = now
            row.save()
        # The numbers first: a deleted row has none any more.
        changed = [str(row.pk) for row in (*kept, *gone)]
        for row in gone:
            row.delete()
        publish(
            *(ProfileChanged(user_id=user.pk, what="context", key=key) for key in changed), now=now
        )


def _read(
    user: User, there: Mapping[str, UserContext], wanted: Mapping[str, Any]
) -> tuple[list[UserContext], list[UserContext]]:
    """The rows to keep and those to delete. Raises Faults."""
    faults: dict[str, str] = {}
    seen: dict[str, UserContext | None] = {}
    for sent, parts in wanted.items():
        name = _plain(sent)
        if not is_text(name, LONGEST):
            faults[sent] = NAME
        elif name in seen:
            faults[sent] = TWICE
        elif parts is None:
            seen[name] = None
        else:
            row = there.get(name) or UserContext(user=user, name=name)
            if fault := _fill(row, parts):
                faults[sent] = f"{sent[:LONGEST_ECHO]}: {fault}"
            seen[name] = row
    kept = [row for row in seen.values() if row is not None]
    gone = [there[name] for name, row in seen.items() if row is None and name in there]
    if len(there.keys() | {row.name for row in kept}) - len(gone) > MOST:
        faults["contexts"] = TOO_MANY
    if faults:
        raise Faults(faults)
    return kept, gone


def _plain(name: str) -> str:
    """One spelling of a name, so that "Work" and "work " are the same."""
    return unicodedata.normalize("NFC", " ".join(name.split())).lower()


def _fill(row: UserContext, parts: Any) -> str:
    """Sets what was sent. Returns what is wrong with it, or nothing."""
    if not isinstance(parts, dict) or not set(parts) <= set(PARTS):
        return SHAPE
    if row._state.adding and set(parts) != set(PARTS):
        return SHAPE
    if "weekdays" in parts:
        if not _are_days(parts["weekdays"]):
            return WEEKDAYS
        row.weekdays = [day for day in DAYS if day in parts["weekdays"]]
    for part in ("begins", "ends"):
        if part in parts:
            if not (isinstance(parts[part], str) and _TIME.fullmatch(parts[part])):
                return TIMES
            setattr(row, part, time.fromisoformat(parts[part]))
    return ""


def _are_days(days: Any) -> bool:
    return (
        isinstance(days, list)
        and 0 < len(days) <= len(DAYS)
        and all(isinstance(day, str) and day in DAYS for day in days)
        and len(set(days)) == len(days)
    )
