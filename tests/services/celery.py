"""A real Celery worker on the test database, which a test may kill at any moment."""

import sys

from tests.services.plugin import child_environment
from tests.services.process import Service


class Worker(Service):
    """`kill()` is kill -9 to the parent and its children; `restart()` comes back after it."""

    def __init__(self, **environment: str) -> None:
        super().__init__(
            "worker",
            [
                *(sys.executable, "-m", "celery", "--quiet", "-A", "oo.celery", "worker"),
                *("--concurrency", "2", "--loglevel", "INFO"),
                *("--without-mingle", "--without-gossip"),
            ],
            child_environment(PYTHONWARNINGS="ignore::UserWarning:celery.platforms", **environment),
        )
        self._starts = 0

    def start(self) -> None:
        self._starts += 1
        super().start()

    def ready(self) -> bool:
        return self.log.count(" ready.") >= self._starts
