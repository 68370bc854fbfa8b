"""What is noted when someone signs in."""

import logging
from datetime import datetime

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import Consent, User
from accounts.zones import is_time_zone

log = logging.getLogger(__name__)


def note_sign_in(user: User, *, time_zone: str, now: datetime) -> None:
    """Dates the consent to the documents shown beside the button, keeps the browser's time zone,
    and gives the seed admin their role. The caller vouches that the e-mail address is verified.
    """
    with transaction.atomic():
        for document in (Consent.Document.TERMS, Consent.Document.PRIVACY):
            Consent.objects.get_or_create(
                user=user,
                document=document,
                version=settings.LEGAL_VERSION,
                defaults={"given_at": now},
            )
        changed = {}
        if is_time_zone(time_zone) and user.time_zone != time_zone:
            user.time_zone = changed["time_zone"] = time_zone
        seed = settings.ADMIN_SEED_EMAIL.strip().lower()
        if seed and (user.email or "").lower() == seed and user.role != User.Role.ADMIN:
            user.role = changed["role"] = User.Role.ADMIN
        if changed:
            # Someone who has just been deleted on another device stays deleted.
            User.objects.filter(pk=user.pk, is_active=True).update(**changed)


def follow_address(user: User, address: str) -> None:
    """Someone's verified address changed at Google: it changes here, unless it is another's here."""
    if not address or (user.email or "").lower() == address.lower():
        return
    if User.objects.filter(email__iexact=address).exclude(pk=user.pk).exists():
        log.warning("user %s keeps an old address: the new one is another account's", user.pk)
        return
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk, is_active=True).update(email=address)
            EmailAddress.objects.filter(user=user).delete()
            EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    except IntegrityError:
        log.warning("user %s keeps an old address: the new one was just taken", user.pk)
        return
    user.email = address
