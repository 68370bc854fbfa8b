"""Files that were handed over and are read later. The file itself is on disk, see upload_files.py."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from oo.lib.claim import Claimable


class Upload(Claimable):
    """A file on its way in: how far it is, or what came of it. `reason` is a sentence for its user.

    The file is gone from disk as soon as `state` says that it is over.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        READING = "reading"
        DONE = "done"
        REFUSED = "refused"

    UNDER_WAY = (State.WAITING, State.READING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads"
    )
    source = models.CharField(max_length=30)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    progress = models.PositiveSmallIntegerField(default=0)  # percent of the file that was read
    reason = models.CharField(max_length=600, blank=True)
    size = models.BigIntegerField()
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "uploads"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "source"],
                condition=Q(state__in=["waiting", "reading"]),
                name="one_upload_at_a_time",
            )
        ]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="uploads_under_way",
                condition=Q(state__in=["waiting", "reading"]),
            )
        ]

    def __str__(self) -> str:
        return f"upload to {self.source} ({self.state})"
