"""Links to sources, and grants still to be revoked."""

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
    """Leaves what is sealed so: it is opened one connection at a time, by who uses it.

    So a value that no key opens troubles its own connection and no list of many.
    """

    def get_queryset(self) -> ConnectionQuerySet:
        return ConnectionQuerySet(self.model, using=self._db).defer(
            "access_token", "refresh_token", "label"
        )

    def due(self, now: datetime) -> ConnectionQuerySet:
        return self.get_queryset().due(now)


class Connection(Claimable):
    """One user's link to one place of a source. `due_at` is when it is next read; null for what is
    handed over: files and webhooks.

    `slot` tells links of one user to one source apart, where there may be several: feeds, endpoints.
    `label` is what the user calls it. The secret of a feed (its address) or of an endpoint is its
    `access_token`.

    `account` is a keyed hash of whose account there it is, where the source says so.

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
    slot = models.CharField(max_length=40, blank=True, default="", db_default="")
    label = EncryptedTextField(default="", blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CONNECTED)
    access_token = EncryptedTextField(default="", blank=True)
    refresh_token = EncryptedTextField(default="", blank=True)
    access_expires_at = models.DateTimeField(null=True)
    scope = models.CharField(max_length=200, blank=True)
    account = models.CharField(max_length=32, blank=True, default="", db_default="")
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
            models.UniqueConstraint(
                fields=["user", "source", "slot"], name="one_connection_per_slot"
            )
        ]
        indexes = [
            # Not a partial one: SQLite can't tell that a parameter fits a condition.
            models.Index(fields=["source", "status", "due_at"], name="connections_due"),
            models.Index(fields=["account"], name="connections_account", condition=~Q(account="")),
        ]

    def __str__(self) -> str:
        return f"{self.source} of user {self.user_id}"


class RevocationManager(models.Manager["Revocation"]):
    """Leaves the token sealed until it is used."""

    def get_queryset(self) -> "models.QuerySet[Revocation]":
        return super().get_queryset().defer("token")


class Revocation(Claimable):
    """A token still to be revoked at its source, after the connection it was for is gone.

    `channels` are to be stopped before, as pairs of their id and what they watch.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="revocations"
    )
    source = models.CharField(max_length=30)
    token = EncryptedTextField()
    channels = models.JSONField(default=list)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)

    objects = RevocationManager()

    class Meta:
        db_table = "revocations"

    def __str__(self) -> str:
        return f"revocation at {self.source}"
