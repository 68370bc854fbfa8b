"""How fast one read of a task list becomes rows, events and a snapshot.

    python -m bench.ingest                                   on SQLite, in a temporary folder
    DATABASE_URL=postgres://... python -m bench.ingest       on PostgreSQL, in a database of its own

Prints a markdown table: tasks per second, median of interleaved rounds, and the time as a ratio to a
bare `bulk_create` of the same rows in the same run, which says more than the speed when machines
differ. Redis is not measured: the snapshot is sealed as always and kept in this process.
"""

import logging
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integrations.formats.facts import TaskPull
    from integrations.models import Connection

SIZES = (100, 1_000, 5_000)
ROUNDS = 7
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="oo-bench-") as folder:
        os.environ |= {"DEBUG": "no", "VAR_DIR": folder, "SECRET_KEY": "bench-" * 10}
        os.environ["DJANGO_SETTINGS_MODULE"] = "oo.settings"
        import django
        from django.conf import settings

        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        django.setup()
        logging.disable(logging.WARNING)  # there is no broker, and events say so each time
        from django.test.runner import DiscoverRunner

        runner = DiscoverRunner(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        try:
            run()
        finally:
            runner.teardown_databases(databases)


def run() -> None:
    from django.db import connection as database

    print(f"{database.display_name}, median of {ROUNDS} rounds; (x) against a bare bulk_create.\n")
    print("| tasks | bare bulk_create | first read | nothing changed | all changed | all gone |")
    print("|" + " ---: |" * 6)
    for size in SIZES:
        took = measure(size)
        bare = took["bare"]
        cells = [f"{size:,}", f"{size / bare:,.0f}/s"]
        cells += [f"{size / t:,.0f}/s ({t / bare:.2f}x)" for n, t in took.items() if n != "bare"]
        print("| " + " | ".join(cells) + " |", flush=True)


def measure(size: int) -> dict[str, float]:
    """Seconds for each way of taking in `size` tasks."""
    from integrations.models import Task

    connection = someone(size)
    first, altered, empty = pulls(size)
    times: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, job in {
            "bare": lambda: bare(connection, first),
            "first": lambda: take_in(connection, first),
            "nothing": lambda: take_in(connection, first),
            "all changed": lambda: take_in(connection, altered),
            "all gone": lambda: take_in(connection, empty),
        }.items():
            if name in ("bare", "first"):
                Task.objects.all().delete()
            times.setdefault(name, []).append(seconds(job))
    return {name: median(values) for name, values in times.items()}


def seconds(job: Callable[[], None]) -> float:
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


def someone(size: int) -> "Connection":
    from accounts.models import User
    from integrations.models import Connection

    user = User.objects.create_user(f"p{size}@example.com", time_zone="Europe/Berlin")
    return Connection.objects.create(
        user=user, source="todoist", zone=user.time_zone, created_at=NOW, due_at=NOW
    )


def pulls(size: int) -> "tuple[TaskPull, TaskPull, TaskPull]":
    """A list, the same with every task altered, and an empty one."""
    from integrations.formats.facts import SeenTask, TaskPull

    tasks = [
        SeenTask(
            external_id=f"6X{n:014}",
            title=f"Something to do, number {n}, in a sentence of the usual length",
            project_id=f"6Xproject{n % 20}",
            priority=1 + n % 4,
            due_on=date(2026, 11, 18) + timedelta(days=n % 30),
            due_local=datetime(2026, 11, 18, 9) + timedelta(days=n % 30) if n % 3 else None,  # noqa: DTZ001
            added_at=NOW - timedelta(days=n % 300),
        )
        for n in range(size)
    ]
    altered = [replace(task, title=f"{task.title}!") for task in tasks]
    return (
        TaskPull(open=tasks, cursor="a"),
        TaskPull(open=altered, cursor="b"),
        TaskPull(open=[], cursor="c"),
    )


def take_in(connection: "Connection", pull: "TaskPull") -> None:
    from integrations.ingest import ingest_tasks

    ingest_tasks(connection, pull, told_before=set(), now=NOW)


def bare(connection: "Connection", pull: "TaskPull") -> None:
    """The least that could be done: the same rows, in one go."""
    from django.db import transaction

    from integrations.models import Task

    rows = [
        Task(
            user_id=connection.user_id,
            connection=connection,
            external_id=task.external_id,
            text_hash=f"{n:032}",
            project_ref=task.project_id,
            priority=task.priority,
            due_on=task.due_on,
            due_at=NOW,
            added_at=NOW,
        )
        for n, task in enumerate(pull.open)
    ]
    with transaction.atomic():
        Task.objects.bulk_create(rows, batch_size=500)


if __name__ == "__main__":
    main()
