"""Machine tokens: given for ADMIN_TOKEN, short-lived, kept as hashes, acting as the seed admin.

Hashes are keyed with ADMIN_TOKEN: whoever changes or removes it ends every token given for it.
"""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import ApiToken, User


class NotOffered(Exception):
    """ADMIN_TOKEN is not set, so there are no machine tokens here."""


class Refused(Exception):
    """Not the admin token, or no admin to act as. The message says which."""


def _digest(token: str) -> str:
    return hmac.new(settings.ADMIN_TOKEN.encode(), token.encode(), hashlib.sha256).hexdigest()


def issue(offered: str, *, now: datetime) -> tuple[str, datetime]:
    """A new token and its end, for who knows ADMIN_TOKEN. Raises NotOffered, Refused."""
    if not settings.ADMIN_TOKEN:
        raise NotOffered
    if not hmac.compare_digest(_digest(offered), _digest(settings.ADMIN_TOKEN)):
        raise Refused("That is not the admin token.")
    admin = User.objects.filter(
        email__iexact=settings.ADMIN_SEED_EMAIL, role=User.Role.ADMIN, is_active=True
    ).first()
    if admin is None:
        raise Refused("There is no admin to act as: sign in once as ADMIN_SEED_EMAIL.")
    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(minutes=settings.API_TOKEN_MINUTES)
    ApiToken.objects.create(
        user=admin, digest=_digest(token), created_at=now, expires_at=expires_at
    )
    return token, expires_at


def revoke(token: ApiToken) -> None:
    """From here on it opens nothing."""
    token.delete()


def find(token: str, *, now: datetime) -> ApiToken | None:
    """The living token this is, with its user, or None. It lives no longer than the admin's role."""
    if not settings.ADMIN_TOKEN:
        return None
    return (
        ApiToken.objects.filter(
            digest=_digest(token),
            expires_at__gt=now,
            user__is_active=True,
            user__role=User.Role.ADMIN,
        )
        .select_related("user")
        .first()
    )
