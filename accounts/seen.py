"""Who was here lately. A session is renewed as it is used, so that a sign-in may be long ago."""

from datetime import datetime, timedelta

from django.db.models import Q

from accounts.models import User

LATELY = timedelta(days=30)
A_DAY = timedelta(days=1)


def saw(user_id: int, *, now: datetime) -> None:
    """They look. Written at most once a day."""
    before = Q(seen_at=None) | Q(seen_at__lt=now - A_DAY)
    User.objects.filter(before, pk=user_id, is_active=True).update(seen_at=now)


def here_lately(now: datetime) -> Q:
    """Those who signed in or looked in the last 30 days, as a condition on users."""
    return Q(last_login__gt=now - LATELY) | Q(seen_at__gt=now - LATELY)
