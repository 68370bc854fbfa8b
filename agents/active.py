"""Whose pools are worth keeping warm: people with a connection, and who were here lately."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from accounts.models import User

LATELY = timedelta(days=30)


def active_users(*, now: datetime, size: int, after: int = 0) -> Iterator[list[int]]:
    """Their ids in batches of `size`, in order, never all at once; those behind `after`."""
    last = after
    while True:
        people = User.objects.filter(
            pk__gt=last, is_active=True, last_login__gt=now - LATELY, connections__isnull=False
        )
        batch = list(people.order_by("pk").values_list("pk", flat=True).distinct()[:size])
        if not batch:
            return
        yield batch
        last = batch[-1]
