"""What was delivered to our door: webhooks, before and after they were worked off."""

from django.db import models
from django.db.models import Q

from integrations.models.connection import Connection
from oo.lib.claim import Claimable
from oo.lib.encrypted import EncryptedTextField


class DeliveryManager(models.Manager["Delivery"]):
    """Leaves the body sealed until it is worked off."""

    def get_queryset(self) -> "models.QuerySet[Delivery]":
        return super().get_queryset().defer("body")


class Delivery(Claimable):
    """A webhook that was let in: its signature was right and its connection is known.

    `delivery_id` is what its sender calls it, for an endpoint of the user's as a fingerprint: the same
    one twice is one delivery. Senders choose these ids, so they are kept apart by connection. `body` is
    what is needed to work it off, sealed, and empty as soon as it is not needed. `reason` says why it
    was not taken, without text of theirs.
    """

    class Outcome(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        REFUSED = "refused"
        FAILED = "failed"

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="deliveries")
    source = models.CharField(max_length=30)
    delivery_id = models.CharField(max_length=100)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True)
    body = EncryptedTextField(default="", blank=True)

    objects = DeliveryManager()

    class Meta:
        db_table = "deliveries"
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "delivery_id"], name="one_row_per_delivery"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="deliveries_waiting", condition=Q(outcome="waiting")
            ),
            models.Index(fields=["received_at"], name="deliveries_received"),
            models.Index(fields=["connection", "received_at"], name="deliveries_of_connection"),
        ]

    def __str__(self) -> str:
        return f"{self.source} delivery ({self.outcome})"
