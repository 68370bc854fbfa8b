"""Simulations take long and may be killed: how one shows that it runs, and who says that it does not."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Coalesce

from recommender.models import SimRun
from recommender.simulation.run import Progress

BEAT = 30.0  # seconds between signs of life, as long as decisions are made
LOST_AFTER = timedelta(minutes=30)


def heartbeat(row: SimRun, progress: Progress, clock: Callable[[], datetime]) -> Progress:
    """Counts what is made, and every now and then lets the row tell that somebody is at it."""
    last = time.monotonic()

    def made(count: int) -> None:
        nonlocal last
        row.made += count
        if time.monotonic() - last >= BEAT:
            last = time.monotonic()
            row.heard_at = clock()
            SimRun.objects.filter(pk=row.pk).update(made=row.made, heard_at=row.heard_at)
        progress(count)

    return made


def give_up(*, now: datetime) -> int:
    """Marks runs of which nothing was heard for long as interrupted: whoever made them was killed.

    One that was only put to sleep says otherwise when it ends. Returns how many.
    """
    silent = SimRun.objects.annotate(heard=Coalesce("heard_at", "started_at")).filter(
        status=SimRun.Status.RUNNING, heard__lt=now - LOST_AFTER
    )
    return silent.update(
        status=SimRun.Status.INTERRUPTED,
        error="It ended without a word.",
        finished_at=Coalesce(F("heard_at"), F("started_at")),
    )
