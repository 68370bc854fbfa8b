"""Who stands at the bus: one worker at a time, under a lease that others take over when it runs out."""

import uuid
from datetime import datetime, timedelta

from django.db.models import Q

from oo.events.models import Relay

# The rows: who carries events out, and who takes notes in.
RELAY, TAKER = 1, 2
LEASE = timedelta(seconds=60)


class LostLease(Exception):
    """Another worker has taken over: it was thought that we had died."""


def take(who: int, now: datetime) -> uuid.UUID | None:
    """The lease, unless someone has it or it is too early to try again."""
    Relay.objects.get_or_create(pk=who)
    token = uuid.uuid4()
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    due = Q(due_at__isnull=True) | Q(due_at__lte=now)
    taken = Relay.objects.filter(free, due, pk=who).update(
        claim_token=token, claimed_until=now + LEASE
    )
    return token if taken else None


def renew(lease: uuid.UUID, now: datetime) -> None:
    """Raises LostLease."""
    if not Relay.objects.filter(claim_token=lease).update(claimed_until=now + LEASE):
        raise LostLease


def let_go(lease: uuid.UUID, **facts: object) -> None:
    Relay.objects.filter(claim_token=lease).update(claim_token=None, claimed_until=None, **facts)
