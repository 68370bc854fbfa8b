"""What operators did, and the sign of life of beat and worker."""

from django.conf import settings
from django.db import models


class AdminAction(models.Model):
    """One thing an operator did. Written once; nobody edits or deletes it, not even an admin."""

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    subject_user_id = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "admin_actions"
        indexes = [models.Index(fields=["-at"], name="admin_actions_newest")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"


class Heartbeat(models.Model):
    """When beat last sent a job that a worker ran. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        db_table = "heartbeat"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
