"""Consents that are asked for by themselves, apart from the documents accepted at sign-in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.faults import LONGEST_ECHO, Faults
from accounts.models import Consent, User
from oo.events.catalogue import ProfileChanged
from oo.events.publish import publish

Changes = Literal["give and take back", "take back", "no"]


@dataclass(frozen=True)
class Offer:
    """What a document allows, in a sentence, and what of it the profile lets its user change."""

    says: str
    changes: Changes
    instead: str = ""


OFFERS: dict[str, Offer] = {
    Consent.Document.TERMS: Offer(
        "You use oO under its terms.",
        "no",
        "is agreed to by signing in, and ends with your account: delete that in your settings.",
    ),
    Consent.Document.PRIVACY: Offer(
        "You know how oO handles what it holds about you.",
        "no",
        "is agreed to by signing in, and ends with your account: delete that in your settings.",
    ),
    Consent.Document.HEALTH: Offer(
        "oO may read sleep, steps, mindful minutes and resting heart rate from a file you hand over.",
        "take back",
        "is given beside the health export that you hand over; here it can be taken back.",
    ),
    Consent.Document.REMOTE_MODEL: Offer(
        "A model in the cloud may write for me, if this installation uses one. It is told numbers, "
        "never my titles, names or health.",
        "give and take back",
    ),
}


# What upper floors undo when a consent is taken back.
_ends: list[Callable[[User, str, datetime], object]] = []


def when_taken_back(end: Callable[[User, str, datetime], object]) -> None:
    """Registers `end(user, document, now)`, called before a consent is taken back through the profile
    and outside any transaction: what the document allowed is gone when it returns. Idempotent.
    """
    _ends.append(end)


def give(user: User, document: Consent.Document, *, now: datetime) -> None:
    """Dates the user's own yes. One that stands keeps its date."""
    if stands(user.pk, document):
        return
    with transaction.atomic():
        Consent.objects.update_or_create(
            user=user,
            document=document,
            version=settings.LEGAL_VERSION,
            defaults={"given_at": now, "withdrawn_at": None},
        )
        publish(ProfileChanged(user_id=user.pk, what="consent", key=str(document)), now=now)


def withdraw(user_id: int, document: Consent.Document, *, now: datetime) -> None:
    """The user's no. That there was a yes, and until when, stays known; what it allowed goes."""
    standing = Consent.objects.filter(user=user_id, document=document, withdrawn_at=None)
    with transaction.atomic():
        if standing.update(withdrawn_at=now):
            publish(ProfileChanged(user_id=user_id, what="consent", key=str(document)), now=now)


def stands(user_id: int, document: Consent.Document) -> bool:
    """Whether the user said yes and has not taken it back."""
    return Consent.objects.filter(user=user_id, document=document, withdrawn_at=None).exists()


def standing(user_ids: Iterable[int]) -> dict[int, frozenset[str]]:
    """The documents that each user agrees to now; one query for all of them."""
    found: dict[int, set[str]] = {user_id: set() for user_id in user_ids}
    rows = Consent.objects.filter(user_id__in=found, withdrawn_at=None)
    for user_id, document in rows.values_list("user_id", "document"):
        found[user_id].add(document)
    return {user_id: frozenset(documents) for user_id, documents in found.items()}


def taken_back(user_id: int) -> dict[str, datetime]:
    """When the user last took back each document that they do not agree to now."""
    rows = Consent.objects.filter(user=user_id).values_list("document", "withdrawn_at")
    found: dict[str, datetime] = {}
    for document, at in rows.order_by(F("withdrawn_at").asc(nulls_last=True)):
        if at is None:
            found.pop(document, None)  # it stands, whatever became of an earlier version
        else:
            found[document] = at
    return found


def change(user: User, answers: Mapping[str, Any], *, now: datetime) -> None:
    """The user's yes or no to each document, all or none. Call it outside any transaction.

    Raises Faults with a sentence for each that can't be.
    """
    stood = standing([user.pk])[user.pk]
    faults = {name: fault for name, yes in answers.items() if (fault := _fault(name, yes, stood))}
    if faults:
        raise Faults(faults)
    for name in sorted(stood & answers.keys()):
        if not answers[name]:
            for end in _ends:
                end(user, name, now)
    with transaction.atomic():
        for name in sorted(answers):
            if answers[name]:
                give(user, Consent.Document(name), now=now)
            else:
                withdraw(user.pk, Consent.Document(name), now=now)


def _fault(name: str, yes: Any, stood: frozenset[str]) -> str:
    offer = OFFERS.get(name)
    if offer is None:
        return f"There is no consent {name[:LONGEST_ECHO]!r}."
    if not isinstance(yes, bool):
        return f"{name} should be true or false."
    may = offer.changes == "give and take back" or (offer.changes == "take back" and not yes)
    return "" if may or yes == (name in stood) else f"{name} {offer.instead}"
