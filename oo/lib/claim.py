"""Claim before acting: rows leased to one worker by a conditional update, on any database.

A lease that runs out (the worker was killed) makes the row claimable again, so nothing is lost;
whoever acts on a claimed row must be idempotent or guard its effect in the same transaction.
"""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import models, transaction
from django.db.models import Q

Row = TypeVar("Row", bound="Claimable")


class Claimable(models.Model):
    """A row of work. `claim_token` is the current lease, `claimed_until` its end."""

    claim_token = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


def claim(
    rows: "models.QuerySet[Row]", *, now: datetime, lease: timedelta, limit: int
) -> list[Row]:
    """Leases up to `limit` of `rows`, in their order, and returns them as read after the claim.

    On PostgreSQL concurrent claimers skip each other's rows (SKIP LOCKED); elsewhere the
    conditional update decides.
    """
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    token = uuid.uuid4()
    with transaction.atomic():
        wanted = rows.filter(free)
        if transaction.get_connection().features.has_select_for_update_skip_locked:
            wanted = wanted.select_for_update(skip_locked=True, of=("self",))
        ids = list(wanted.values_list("pk", flat=True)[:limit])
        if not ids:
            return []
        model = rows.model._default_manager
        model.filter(free, pk__in=ids).update(claim_token=token, claimed_until=now + lease)
    # The filters of `rows` may depend on what the update changed, so read back by the token.
    claimed = model.filter(pk__in=ids, claim_token=token).in_bulk()
    return [claimed[pk] for pk in ids if pk in claimed]


def one_by_one(
    rows: "models.QuerySet[Row]", *, now: datetime, lease: timedelta, limit: int
) -> Iterator[Row]:
    """Claims up to `limit` rows, each only when its turn has come.

    For work that takes time: a row that waits for those before it would wait under a lease, and one
    that can't even be read would take them along.
    """
    for _ in range(limit):
        claimed = claim(rows, now=now, lease=lease, limit=1)
        if not claimed:
            return
        yield claimed[0]
