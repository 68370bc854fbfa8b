"""What ops may do to an entry of the timetable: pause it, resume it, have its job run now."""

import inspect
import json
from typing import Any

from celery import current_app
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError

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
