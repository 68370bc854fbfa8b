"""What ops may do to an entry of the timetable: pause it, resume it, have its job run now; and
catching up on what beat let pass.
"""

import inspect
import json
import logging
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# Beat is given so long to send an entry itself, and to write down that it did.
LATE = timedelta(minutes=10)
OURS = "oO: "  # how entries that come from oo/schedule.py are marked


class CantRun(Exception):
    """The entry names a job that is not there, or nobody takes jobs. The message says which."""


def pause(entry: PeriodicTask) -> bool:
    """False when it was paused already."""
    return _switch(entry, on=False)


def resume(entry: PeriodicTask) -> bool:
    """False when it was running already."""
    return _switch(entry, on=True)


def _switch(entry: PeriodicTask, *, on: bool) -> bool:
    if entry.enabled is on:
        return False
    entry.enabled = on
    entry.save()  # which also tells beat to read the timetable again
    return True


def run_now(entry: PeriodicTask) -> None:
    """Hands the entry's job to a worker, outside its turn. Raises CantRun."""
    job = jobs().get(entry.task)
    if job is None:
        raise CantRun(f"There is no job called {entry.task}.")
    try:
        job.apply_async(
            args=json.loads(entry.args or "[]"),
            kwargs=json.loads(entry.kwargs or "{}"),
            queue=entry.queue or None,
            expires=entry.expire_seconds,
            retry=False,
        )
    except (OSError, OperationalError) as error:
        raise CantRun(f"The broker can't be reached: {type(error).__name__}.") from error


def catch_up(*, now: datetime) -> list[str]:
    """Has the jobs run that have a time of day and missed it, or never ran. Returns their names.

    An installation that is off at night, or asleep, has nothing that runs at night: beat itself
    passes over a time of day that is hours ago.
    """
    caught = []
    timed = PeriodicTask.objects.filter(name__startswith=OURS, enabled=True, crontab__isnull=False)
    for entry in timed.select_related("crontab").order_by("pk"):
        last = entry.last_run_at
        if last is not None and entry.crontab.schedule.remaining_estimate(last) > -LATE:
            continue
        # Claimed first, and without touching what beat counts from otherwise.
        this = PeriodicTask.objects.filter(pk=entry.pk)
        times = entry.total_run_count
        if not this.filter(last_run_at=last).update(last_run_at=now, total_run_count=times + 1):
            continue
        try:
            run_now(entry)
        except CantRun as error:
            log.warning("%s was missed, and can't be caught up on: %s", entry.name, error)
            this.filter(last_run_at=now).update(last_run_at=last, total_run_count=times)
        else:
            caught.append(entry.name)
    return caught


def jobs() -> dict[str, Any]:
    """The jobs of the house by name."""
    current_app.loader.import_default_modules()
    return {name: job for name, job in current_app.tasks.items() if not name.startswith("celery.")}


def periodic_jobs() -> list[str]:
    """The names of the jobs that need nothing told, so that beat can send them."""
    return sorted(
        name
        for name, job in jobs().items()
        if all(
            parameter.default is not inspect.Parameter.empty
            for parameter in inspect.signature(job.run).parameters.values()
        )
    )
