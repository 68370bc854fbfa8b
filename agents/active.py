"""Whose pools are worth keeping warm: people with a connection, and who were here lately; and of whom
something is believed still, so that it goes when what it came from is gone.
"""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.models import User
from accounts.seen import here_lately
from agents.models import Belief
from integrations.models import Connection


def active_users(*, now: datetime, size: int, after: int = 0) -> Iterator[list[int]]:
    """Their ids in batches of `size`, in order, never all at once; those behind `after`."""
    last = after
    while True:
        people = User.objects.filter(
            Exists(Connection.objects.filter(user=OuterRef("pk")))
            | Exists(Belief.objects.filter(user=OuterRef("pk"), why="")),
            here_lately(now),
            pk__gt=last,
            is_active=True,
        )
        batch = list(people.order_by("pk").values_list("pk", flat=True)[:size])
        if not batch:
            return
        yield batch
        last = batch[-1]
