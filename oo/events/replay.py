"""Sending events again: to handlers by name, or to the bus."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from oo.events.models import Delivery, Record
from oo.events.subscribe import handlers_of

BATCH = 500


class NoSuchHandler(Exception):
    """No handler of that name hears any of these events."""


@dataclass(frozen=True)
class Again:
    """What a replay would do: how many events go to whom."""

    events: int
    handlers: dict[str, int]


def plan(records: "models.QuerySet[Record]", handlers: list[str]) -> Again:
    """What `to_handlers` would do. Raises NoSuchHandler."""
    counts = dict(records.order_by().values_list("subject").annotate(how_many=models.Count("pk")))
    hears = {
        handler: sum(n for subject, n in counts.items() if handler in handlers_of(subject))
        for handler in handlers
    }
    for handler, count in hears.items():
        known = any(handler in handlers_of(subject) for subject in counts)
        if not known and not count:
            raise NoSuchHandler(handler)
    return Again(sum(counts.values()), hears)


def to_handlers(records: "models.QuerySet[Record]", handlers: list[str], *, now: datetime) -> int:
    """Has `handlers`, and no other, meet these events again. Returns how many events are due.

    Only what they wrote down as done is taken back; the delivery itself is `deliver`'s. Asked twice
    before that has happened, they meet them once.
    """
    due = 0
    for batch in _batches(records):
        with transaction.atomic():
            for record in batch.select_for_update():
                named = [name for name in handlers if name in handlers_of(record.subject)]
                if not named:
                    continue
                due += 1
                if record.delivered_at is not None:
                    # One that came with a later version has not had it, and was not asked for.
                    others = set(handlers_of(record.subject)) - set(named)
                    Delivery.objects.bulk_create(
                        [Delivery(record=record, handler=name) for name in others],
                        ignore_conflicts=True,
                    )
                record.deliveries.filter(handler__in=named).delete()
                Record.objects.filter(pk=record.pk).update(
                    delivered_at=None, due_at=now, attempts=0, error=""
                )
    return due


def to_bus(records: "models.QuerySet[Record]") -> int:
    """Has these events mirrored again, under their old ids. Returns how many wait now."""
    return sum(batch.update(unmirrored=True, mirror_error="") for batch in _batches(records))


def _batches(records: "models.QuerySet[Record]") -> "list[models.QuerySet[Record]]":
    ids = list(records.order_by("pk").values_list("pk", flat=True))
    return [
        Record.objects.filter(pk__in=ids[start : start + BATCH]).order_by("pk")
        for start in range(0, len(ids), BATCH)
    ]
