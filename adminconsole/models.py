"""What operators did, and the sign of life of beat and worker."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models

NOBODY = "a deleted person"


class WrittenOnce(Exception):
    """The operators' log is added to; nothing in it is changed or deleted."""


class ActionLog(models.QuerySet["AdminAction"]):
    def update(self, **fields: Any) -> NoReturn:
        raise WrittenOnce("A logged action is never changed.")

    def delete(self) -> NoReturn:
        raise WrittenOnce("A logged action is never deleted.")

    def forget(self, user_id: int) -> int:
        """What operators did stays; whom they did it to, and who did it, goes. Returns how many."""
        gone = models.QuerySet.update(self.filter(actor_id=user_id), actor=None)
        done_to_them = self.filter(subject_user_id=user_id)
        return gone + models.QuerySet.update(done_to_them, subject_user_id=None, subject=NOBODY)


class AdminAction(models.Model):
    """One thing an operator did. Written once; nobody edits or deletes it, not even an admin.

    Said three times: the console offers no way, this model refuses, and triggers in the database
    (migration 0002) refuse whoever goes past it. All three leave the way open for `forget`.
    """

    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    subject_user_id = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()

    objects = ActionLog.as_manager()

    class Meta:
        db_table = "admin_actions"
        verbose_name = "operator action"
        indexes = [
            models.Index(fields=["-at"], name="admin_actions_newest"),
            models.Index(fields=["subject_user_id"], name="admin_actions_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise WrittenOnce("A logged action is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise WrittenOnce("A logged action is never deleted.")


class Heartbeat(models.Model):
    """When beat last sent a job that a worker ran. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        db_table = "heartbeat"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}"
