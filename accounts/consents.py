"""Consents that are asked for by themselves, apart from the documents accepted at sign-in."""

from datetime import datetime

from django.conf import settings

from accounts.models import Consent, User


def give(user: User, document: Consent.Document, *, now: datetime) -> None:
    """Dates the user's own yes. One that stands keeps its date."""
    if stands(user.pk, document):
        return
    Consent.objects.update_or_create(
        user=user,
        document=document,
        version=settings.LEGAL_VERSION,
        defaults={"given_at": now, "withdrawn_at": None},
    )


def withdraw(user_id: int, document: Consent.Document, *, now: datetime) -> None:
    """The user's no. That there was a yes, and until when, stays known; what it allowed goes."""
    standing = Consent.objects.filter(user=user_id, document=document, withdrawn_at=None)
    standing.update(withdrawn_at=now)


def stands(user_id: int, document: Consent.Document) -> bool:
    """Whether the user said yes and has not taken it back."""
    return Consent.objects.filter(user=user_id, document=document, withdrawn_at=None).exists()
