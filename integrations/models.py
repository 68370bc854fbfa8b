"""Links to sources, and what we keep of what they told us: ids, hashes, dates and numbers."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from oo.lib.claim import Claimable
from oo.lib.encrypted import EncryptedTextField


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def due(self, now: datetime) -> "ConnectionQuerySet":
        return self.filter(
            status=Connection.Status.CONNECTED, due_at__lte=now, user__is_active=True
        ).order_by("due_at")


class ConnectionManager(models.Manager["Connection"]):
    """Leaves the tokens sealed: they are opened one connection at a time, by who uses them.

    So a value that no key opens troubles its own connection and no list of many.
    """

    def get_queryset(self) -> ConnectionQuerySet:
        return ConnectionQuerySet(self.model, using=self._db).defer("access_token", "refresh_token")

    def due(self, now: datetime) -> ConnectionQuerySet:
        return self.get_queryset().due(now)


class Connection(Claimable):
    """One user's link to one source. `due_at` is when it is next read; null for uploaded files.

    `granted_at` is when the user gave the present grant, `zone` the time zone that the due times of
    its tasks were last worked out for.
    """

    class Status(models.TextChoices):
        CONNECTED = "connected"
        RECONNECT = "reconnect"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="connections"
    )
    source = models.CharField(max_length=30)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CONNECTED)
    access_token = EncryptedTextField(default="", blank=True)
    refresh_token = EncryptedTextField(default="", blank=True)
    access_expires_at = models.DateTimeField(null=True)
    scope = models.CharField(max_length=200, blank=True)
    cursor = models.CharField(max_length=1000, blank=True)
    zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    created_at = models.DateTimeField()
    granted_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    trouble = models.CharField(max_length=30, blank=True)

    objects = ConnectionManager()

    class Meta:
        db_table = "connections"
        constraints = [
            models.UniqueConstraint(fields=["user", "source"], name="one_connection_per_source")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="connections_due", condition=Q(status="connected")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} of user {self.user_id}"


class Task(models.Model):
    """An item in the user's own list. Its text is not here but in the snapshot.

    `due_on` is the day and `due_at` the instant it is due, both for a user in `connection.zone`.
    `due_time` is set when the time floats: then it is that time of day wherever the user is.
    """

    class Closed(models.TextChoices):
        DONE = "done"
        DELETED = "deleted"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tasks"
    )
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="tasks")
    external_id = models.CharField(max_length=64)
    text_hash = models.CharField(max_length=32)
    project_ref = models.CharField(max_length=64, blank=True)
    priority = models.PositiveSmallIntegerField(default=1)
    due_on = models.DateField(null=True)
    due_time = models.TimeField(null=True)
    due_at = models.DateTimeField(null=True)
    recurring = models.BooleanField(default=False)
    added_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_as = models.CharField(max_length=8, choices=Closed.choices, blank=True)

    class Meta:
        db_table = "tasks"
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="one_row_per_task")
        ]
        indexes = [
            models.Index(fields=["user"], name="tasks_open", condition=Q(closed_at__isnull=True)),
            models.Index(fields=["user", "closed_at"], name="tasks_closed"),
        ]

    def __str__(self) -> str:
        return f"task {self.external_id}"


class CalendarEvent(models.Model):
    """A coming occurrence in a calendar. Its text is not here but in the snapshot."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="calendar_events"
    )
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="calendar_events"
    )
    external_id = models.CharField(max_length=64)
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


class Command(Claimable):
    """Something to do in the source for the user. Its uuid makes it happen once, however often sent."""

    class Outcome(models.TextChoices):
        WAITING = "waiting"
        OK = "ok"
        GONE = "gone"
        FAILED = "failed"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="commands")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="commands")
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=60, blank=True)

    class Meta:
        db_table = "source_commands"
        indexes = [
            models.Index(fields=["due_at"], name="commands_due", condition=Q(outcome="waiting"))
        ]

    def __str__(self) -> str:
        return f"complete {self.task_id} ({self.outcome})"


class RevocationManager(models.Manager["Revocation"]):
    """Leaves the token sealed until it is used."""

    def get_queryset(self) -> "models.QuerySet[Revocation]":
        return super().get_queryset().defer("token")


class Revocation(Claimable):
    """A token still to be revoked at its source, after the connection it was for is gone."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="revocations"
    )
    source = models.CharField(max_length=30)
    token = EncryptedTextField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)

    objects = RevocationManager()

    class Meta:
        db_table = "revocations"

    def __str__(self) -> str:
        return f"revocation at {self.source}"
