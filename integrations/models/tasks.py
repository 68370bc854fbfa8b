"""Tasks, and what is still to be done about them in their source. Their text is not here."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.models.connection import Connection
from oo.lib.claim import Claimable


class Task(models.Model):
    """An item in the user's own list. Its text is not here but in the snapshot.

    `due_on` is the day and `due_at` the instant it is due, both for a user in `connection.zone`.
    `due_time` is set when the time floats: then it is that time of day wherever the user is.
    `done_at` is when an occurrence of a recurring task was last completed in its source.
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
    done_at = models.DateTimeField(null=True)
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


class Command(Claimable):
    """Something to do in the source for the user. Its uuid makes it happen once, however often sent.

    `moves_to` is the day that a task is postponed to.
    """

    class Kind(models.TextChoices):
        COMPLETE = "complete"
        REOPEN = "reopen"
        POSTPONE = "postpone"

    class Outcome(models.TextChoices):
        WAITING = "waiting"
        OK = "ok"
        GONE = "gone"
        FAILED = "failed"

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="commands")
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="commands")
    kind = models.CharField(
        max_length=8, choices=Kind.choices, default=Kind.COMPLETE, db_default=Kind.COMPLETE
    )
    moves_to = models.DateField(null=True)
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
        return f"{self.kind} {self.task_id} ({self.outcome})"


class History(Claimable):
    """What of a connection's completed tasks is still to be read, backwards from `until` to `since`.

    `seen` counts the tasks found so far. `finished_at` is set when there is no more to read.
    """

    connection = models.OneToOneField(
        Connection, primary_key=True, on_delete=models.CASCADE, related_name="history"
    )
    since = models.DateTimeField()
    until = models.DateTimeField()
    seen = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "task_histories"
        verbose_name_plural = "histories"
        indexes = [
            models.Index(
                fields=["due_at"], name="histories_due", condition=Q(finished_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"history of {self.connection_id}"
