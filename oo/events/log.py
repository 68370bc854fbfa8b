"""Reading the log, trimming it, and erasing a person from it."""

from datetime import datetime, timedelta
from typing import Any

from oo.events.models import Record

TAIL = 500


def tail(limit: int = TAIL) -> list[Record]:
    """The newest events, newest first; at most 500."""
    return list(Record.objects.order_by("-pk")[: min(limit, TAIL)])


def of_user(user_id: int) -> list[dict[str, Any]]:
    """All that the log holds about one person, oldest first."""
    rows = Record.objects.filter(user_id=user_id).order_by("pk")
    return [
        {"subject": r.subject, "occurred_at": r.occurred_at.isoformat(), **r.payload}
        for r in rows.iterator(chunk_size=500)
    ]


def erase(user_id: int) -> int:
    """Deletes a person's events, delivered or not. Returns how many rows went."""
    deleted, _ = Record.objects.filter(user_id=user_id).delete()
    return deleted


def prune(*, now: datetime, older_than: timedelta, batch: int = 5_000) -> int:
    """Deletes delivered events past their retention, in batches. Returns how many."""
    total = 0
    while True:
        old = Record.objects.filter(delivered_at__isnull=False, occurred_at__lt=now - older_than)
        ids = list(old.order_by("pk").values_list("pk", flat=True)[:batch])
        if not ids:
            return total
        Record.objects.filter(pk__in=ids).delete()
        total += len(ids)
