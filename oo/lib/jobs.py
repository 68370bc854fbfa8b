"""Waking a worker, without ever failing the one who wakes it.

Every job that matters is also swept by Celery beat from rows in the database, so a wake-up that is
lost (the broker is down) delays its work, by a minute mostly, and loses nothing.
"""

import hashlib
import logging
from typing import Any

from celery import Task
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def wake(job: "Task[Any, Any]", *args: Any) -> None:
    """Enqueues `job` after the current transaction has committed. Never raises, never retries."""
    transaction.on_commit(lambda: _send(job, args) and None)


def wake_soon(job: "Task[Any, Any]", key: object, *, seconds: float) -> None:
    """Debounced: however often it is asked within `seconds`, `job(key)` runs once after them.

    The job says `awake(job, key)` before it looks at anything, so that nothing new is missed.
    """

    def send() -> None:
        mark = _mark(job, key)
        # A cache that can't be reached holds no mark either: then it is tried, and said to be lost.
        first = cache.add(mark, 1, timeout=60) or cache.get(mark) is None
        if first and not _send(job, (key,), countdown=seconds):
            cache.delete(_mark(job, key))

    transaction.on_commit(send)


def awake(job: "Task[Any, Any]", key: object) -> None:
    cache.delete(_mark(job, key))


def _mark(job: "Task[Any, Any]", key: object) -> str:
    # A mark may outlive its job by a minute, and tells nobody whose it is.
    digest = hashlib.blake2s(str(key).encode(), digest_size=16).hexdigest()
    return f"soon:{job.name}:{digest}"


def _send(job: "Task[Any, Any]", args: tuple[Any, ...], countdown: float = 0) -> bool:
    try:
        job.apply_async(args, countdown=countdown, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("%s was not woken, the sweep will: %s", job.name, error)
        return False
    return True
