"""Deleting what is past its time: in batches, so that no sweep is too long to finish."""

from typing import Any

from django.db import models


def prune(rows: "models.QuerySet[Any]", *, batch: int = 1_000) -> int:
    """Deletes all of `rows`, a batch in a transaction of its own each. Returns how many rows went."""
    total = 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:batch]):
        total += rows.model._default_manager.filter(pk__in=ids).delete()[0]
    return total
