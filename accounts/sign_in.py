"""What is noted when someone signs in."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from accounts.models import Consent, User
from accounts.zones import is_time_zone


def note_sign_in(user: User, *, time_zone: str, now: datetime) -> None:
    """Dates the consent to the documents shown beside the button, keeps the browser's time zone,
    and gives the seed admin their role. The caller vouches that the e-mail address is verified.
    """
    with transaction.atomic():
        for document in Consent.Document:
            Consent.objects.get_or_create(
                user=user,
                document=document,
                version=settings.LEGAL_VERSION,
                defaults={"given_at": now},
            )
        changed = []
        if is_time_zone(time_zone) and user.time_zone != time_zone:
            user.time_zone = time_zone
            changed.append("time_zone")
        seed = settings.ADMIN_SEED_EMAIL.strip().lower()
        if seed and (user.email or "").lower() == seed and user.role != User.Role.ADMIN:
            user.role = User.Role.ADMIN
            changed.append("role")
        if changed:
            user.save(update_fields=changed)
