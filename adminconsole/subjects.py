"""What the operators' log calls the thing that was acted on, and whose it is."""

from django.db import models
from django_celery_beat.models import PeriodicTask

from accounts.models import Erasure, User


def named(row: models.Model) -> tuple[str, int | None]:
    """A name made of ids, and the id of the person it is about, if any."""
    if isinstance(row, User):
        return f"user {row.pk}", row.pk
    if isinstance(row, Erasure):
        return f"erasure {row.receipt}", None
    if isinstance(row, PeriodicTask):
        return row.name, None
    return str(row), getattr(row, "user_id", None)
