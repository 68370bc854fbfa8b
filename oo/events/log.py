"""Reading the log, trimming it, and erasing a person from it."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from oo.events.models import Inbound, Record
from oo.lib.prune import prune as delete_in_batches

TAIL = 500


def tail(limit: int = TAIL) -> list[Record]:
    """The newest events, newest first; at most 500."""
    return list(Record.objects.order_by("-pk")[: min(limit, TAIL)])


def find(
    *, subject: str = "", user_id: int | None = None, since: datetime | None = None
) -> "QuerySet[Record]":
    """Events by subject (`signals.task.*`: all that begin so), person and time; oldest first."""
    rows = Record.objects.order_by("pk")
    if subject.endswith("*"):
        rows = rows.filter(subject__startswith=subject[:-1])
    elif subject:
        rows = rows.filter(subject=subject)
    if user_id is not None:
        rows = rows.filter(user_id=user_id)
    return rows.filter(occurred_at__gte=since) if since else rows


def of_user(user_id: int) -> list[dict[str, Any]]:
    """All that the log holds about one person, oldest first."""
    rows = Record.objects.filter(user_id=user_id).order_by("pk")
    return [
        {"subject": r.subject, "occurred_at": r.occurred_at.isoformat(), **r.payload}
        for r in rows.iterator(chunk_size=500)
    ]


def messages_of(user_id: int) -> list[dict[str, Any]]:
    """What came in over the bus about one user, for their export."""
    rows = Inbound.objects.filter(user_id=user_id).order_by("pk")
    columns = ("message_id", "subject", "received_at", "parked", "error")
    return [
        {**row, "received_at": row["received_at"].isoformat()}
        for row in rows.values(*columns).iterator(chunk_size=1000)
    ]


def erase(user_id: int) -> int:
    """Deletes a person's events, delivered or not. Returns how many rows went."""
    deleted, _ = Record.objects.filter(user_id=user_id).delete()
    return deleted


def prune(*, now: datetime, older_than: timedelta, mirrored_only: bool = False) -> int:
    """Deletes delivered events past their retention. Returns how many rows went.

    With `mirrored_only` what still waits for the bus stays.
    """
    old = Record.objects.filter(delivered_at__isnull=False, occurred_at__lt=now - older_than)
    if mirrored_only:
        old = old.exclude(unmirrored=True)
    return delete_in_batches(old)


def prune_parked(*, now: datetime, older_than: timedelta) -> int:
    """Deletes what is known of messages that were refused, when the stream has dropped them too."""
    old = Inbound.objects.filter(parked=True, received_at__lt=now - older_than)
    return delete_in_batches(old)
