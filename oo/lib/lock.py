"""A lock that all processes and threads of one machine share, for where the database has none."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings


@contextmanager
def file_lock(name: str) -> Iterator[None]:
    """Waits until nobody else on this machine holds `name`. Let go when its holder dies."""
    folder = settings.VAR_DIR / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
