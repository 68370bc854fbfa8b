"""What is on in calendars. Its text is not here."""

import uuid

from django.conf import settings
from django.db import models

from integrations.models.connection import Connection
from oo.lib.encrypted import EncryptedTextField


class CalendarEvent(models.Model):
    """A coming occurrence in a calendar. Its text is not here but in the snapshot.

    `kind` says whether it merely takes the user's time (busy) or was set aside by them (focus, away):
    then they are not nudged.
    """

    class Kind(models.TextChoices):
        BUSY = "busy"
        FOCUS = "focus"
        AWAY = "away"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_events"
    )
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="calendar_events"
    )
    external_id = models.CharField(max_length=64)
    kind = models.CharField(
        max_length=5, choices=Kind.choices, default=Kind.BUSY, db_default=Kind.BUSY
    )
    text_hash = models.CharField(max_length=32)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    all_day = models.BooleanField(default=False)

    class Meta:
        db_table = "calendar_events"
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="one_row_per_event")
        ]
        indexes = [models.Index(fields=["user", "starts_at"], name="events_coming")]

    def __str__(self) -> str:
        return f"event {self.external_id}"


class Channel(models.Model):
    """Where a source tells us at once that a calendar changed, until `expires_at`.

    `id` and `token` come back with each call; `resource_id` is the source's name for what is watched.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="channels")
    token = EncryptedTextField()
    resource_id = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "calendar_channels"

    def __str__(self) -> str:
        return f"channel of {self.connection_id}"
