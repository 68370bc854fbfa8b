"""Reading the log, trimming it, and erasing a person from it."""

from datetime import datetime, timedelta
from typing import Any

from oo.events.models import Record
from oo.lib.prune import prune as delete_in_batches

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


def prune(*, now: datetime, older_than: timedelta) -> int:
    """Deletes delivered events past their retention. Returns how many rows went."""
    return delete_in_batches(
        Record.objects.filter(delivered_at__isnull=False, occurred_at__lt=now - older_than)
    )
