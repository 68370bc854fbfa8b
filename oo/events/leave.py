"""Deleting a person from the bus: at once when it answers, and once more when nothing can follow."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from oo.events.catalogue import OutsideNoted
from oo.events.models import Inbound, Pseudonym, Record
from oo.events.pseudonyms import pseudonym_of

log = logging.getLogger(__name__)

# Longer than a relay's lease: what it was sending when the person left has arrived by then.
SETTLED = timedelta(minutes=10)


def purge(user_id: int) -> None:
    """Deletes a person's messages from every stream. Raises BusDown."""
    token = pseudonym_of(user_id)
    if token and settings.NATS_URL:
        from oo.events.bus import Bus

        with Bus() as bus:
            bus.purge(token)


def unlink(user_id: int) -> int:
    """Nothing leads from a person to their name on the bus any more, or back. Returns how many rows
    were about them. The name alone stays until `sweep`."""
    token = pseudonym_of(user_id)
    # First the name: this waits for a note that is being taken in under it, and no other follows.
    cut = Pseudonym.objects.filter(user_id=user_id).update(user_id=None)
    about = Q(user_id=user_id) | (_named(token) if token else Q())
    gone, _ = Inbound.objects.filter(about).delete()
    Record.objects.filter(user_id=user_id, subject=OutsideNoted.subject).delete()
    return gone + cut


def sweep(*, now: datetime) -> int:
    """Purges the names of those who left once more, and then drops them. Returns how many it dropped.

    While the bus is down they wait: so a purge that the erasure had to give up is done in the end.
    """
    left = Pseudonym.objects.filter(user_id__isnull=True)
    left.filter(left_at__isnull=True).update(left_at=now)
    ready = left.filter(left_at__lte=now - SETTLED)
    tokens = list(ready.values_list("token", flat=True)[:500])
    if tokens and settings.NATS_URL:
        from oo.events.bus import Bus, BusDown

        try:
            with Bus() as bus:
                for token in tokens:
                    bus.purge(token)
        except BusDown as error:
            log.warning("%d people who left are still to be purged: %s", len(tokens), error)
            return 0
    for token in tokens:
        # What came since, about a name that was nobody's by then.
        Inbound.objects.filter(_named(token)).delete()
    return Pseudonym.objects.filter(token__in=tokens, user_id__isnull=True).delete()[0]


def _named(token: str) -> Q:
    return Q(subject__endswith=f".{token}")
