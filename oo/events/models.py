"""The durable log, which is also the outbox, and the deliveries that make handlers run once."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from oo.lib.claim import Claimable


class RecordQuerySet(models.QuerySet["Record"]):
    def due(self, now: datetime) -> "RecordQuerySet":
        """Not yet delivered to every handler, and not pushed away by an error."""
        return self.filter(delivered_at__isnull=True, due_at__lte=now).order_by("pk")


class Record(Claimable):
    """One published event. No foreign key to the user: the ground floor knows no one, only ids."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.CharField(max_length=80)
    user_id = models.BigIntegerField()
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    due_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        db_table = "events"
        verbose_name = "event"
        indexes = [
            models.Index(
                fields=["due_at"], name="events_undelivered", condition=Q(delivered_at__isnull=True)
            ),
            models.Index(fields=["user_id"], name="events_user"),
            models.Index(fields=["occurred_at"], name="events_occurred"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} #{self.pk}"


class Delivery(models.Model):
    """A handler has had an event: written in the transaction of the handler's own effect."""

    record = models.ForeignKey(Record, on_delete=models.CASCADE, related_name="deliveries")
    handler = models.CharField(max_length=120)

    class Meta:
        db_table = "event_deliveries"
        constraints = [
            models.UniqueConstraint(fields=["record", "handler"], name="one_delivery_per_handler")
        ]

    def __str__(self) -> str:
        return f"{self.record_id} to {self.handler}"
