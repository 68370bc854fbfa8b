"""The durable log, which is also the outbox; deliveries; and what the bus to the outside needs."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from oo.lib.claim import Claimable


class RecordQuerySet(models.QuerySet["Record"]):
    def due(self, now: datetime) -> "RecordQuerySet":
        """Not yet delivered to every handler, and not pushed away by an error."""
        return self.filter(delivered_at__isnull=True, due_at__lte=now).order_by("pk")

    def unmirrored(self) -> "RecordQuerySet":
        """What the bus hasn't confirmed yet, in the order in which it has to go there."""
        return self.filter(unmirrored=True).order_by("pk")


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
    # False where there is no bus: then nothing waits for one.
    unmirrored = models.BooleanField(default=False)
    mirrored_at = models.DateTimeField(null=True)
    mirror_error = models.CharField(max_length=300, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        db_table = "events"
        verbose_name = "event"
        indexes = [
            models.Index(
                fields=["due_at"], name="events_undelivered", condition=Q(delivered_at__isnull=True)
            ),
            models.Index(fields=["id"], name="events_unmirrored", condition=Q(unmirrored=True)),
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


class Relay(Claimable):
    """Who stands at the bus, by number (`lease.py`): each a row, leased by one worker at a time.

    One carries records out, alone because a person's events have to arrive in their order; one takes in.
    """

    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "event_relay"

    def __str__(self) -> str:
        return "the relay"


class Pseudonym(models.Model):
    """A person's name on the bus: random, so that without this row it leads to nobody.

    When the person goes, the row loses its user, and stays until their messages are gone for sure.
    """

    token = models.CharField(max_length=32, unique=True)
    user_id = models.BigIntegerField(null=True, unique=True)
    left_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "event_pseudonyms"

    def __str__(self) -> str:
        return self.token


class Inbound(models.Model):
    """A message that came in over the bus: taken once, or set aside with the reason.

    One that was taken is kept for ever, since it may come again at any time; one that was set aside as
    long as an event. An id is its sender's: the same one under another subject is another message.
    """

    message_id = models.CharField(max_length=80)
    user_id = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=200)
    sequence = models.BigIntegerField()
    sent_at = models.DateTimeField()  # when the bus stored it
    received_at = models.DateTimeField()
    parked = models.BooleanField(default=False)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "event_inbound"
        verbose_name = "inbound message"
        constraints = [
            models.UniqueConstraint(
                fields=["message_id", "subject"], name="one_message_per_subject"
            )
        ]
        indexes = [
            models.Index(fields=["user_id", "sent_at"], name="inbound_user"),
            models.Index(fields=["received_at"], name="inbound_parked", condition=Q(parked=True)),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.message_id}"
