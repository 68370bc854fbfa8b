"""What a night of inference and a day of refreshing cost with the database: on one core.

    python -m bench.night [--people 300]

Starts its own PostgreSQL (with fsync); fills in people with a year behind them; has everything about
them inferred, then again where nothing is new, then after a day in which everybody finished things;
then refreshes their pools as the timetable does for three hours, in which now and then something
changes. Prints a markdown table: time on the processor of this process, and by the clock.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.services import environment
from tests.services.postgres import Postgres, find_postgres

DURABLE = "-c max_connections=20 -c shared_buffers=256MB"
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
BATCH = 100
OPEN = 30  # tasks each
CHANGING = 0.02  # of the people, in ten minutes


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, prog="python -m bench.night")
    options.add_argument("--people", type=int, default=300)
    people = options.parse_args().people
    binaries = find_postgres()
    if binaries is None:
        sys.exit("PostgreSQL's server is not installed.")
    folder = Path(tempfile.mkdtemp(prefix="oo-bench-"))
    with Postgres(binaries, DURABLE) as postgres:
        os.environ |= {
            **environment.development(folder),
            "DATABASE_URL": postgres.url,
            "REDIS_URL": f"unix://{folder}/none.sock",
            "DJANGO_SETTINGS_MODULE": "oo.settings",
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        import django

        django.setup()
        measure(fill(people))


def fill(people: int) -> list[int]:
    """People who finished two to six things a day for a year. Returns their ids."""
    import numpy as np

    from accounts.models import User
    from integrations.models import Connection, Task

    rng = np.random.default_rng(5)
    users = User.objects.bulk_create(
        User(email=f"p{n}@example.com", time_zone="Europe/Berlin", last_login=NOW)
        for n in range(people)
    )
    for user in users:
        link = Connection.objects.create(
            user=user, source="todoist", created_at=NOW, synced_at=NOW, access_token="x"
        )
        a_day, hours = rng.integers(2, 7), rng.normal(rng.integers(8, 20), 2.5, 3000)
        rows = []
        for number in range(int(a_day) * 365):
            at = NOW - timedelta(days=1 + number // int(a_day))
            at = at.replace(hour=int(hours[number % 3000]) % 24, minute=number % 60)
            rows.append(_task(user.pk, link, f"d{number}", at))
        rows += [_task(user.pk, link, f"o{number}", None) for number in range(OPEN)]
        Task.objects.bulk_create(rows, batch_size=2000)
    return [user.pk for user in users]


def _task(user_id: int, link: Any, name: str, at: datetime | None) -> Any:
    from integrations.models import Task

    added = (at or NOW) - timedelta(days=3)
    return Task(
        user_id=user_id, connection=link, external_id=name, text_hash="", added_at=added,
        project_ref=f"list-{len(name) % 3}", due_on=added.date() + timedelta(days=len(name) % 5),
        closed_at=at, closed_as="done" if at else "",
    )  # fmt: skip


def measure(ids: list[int]) -> None:
    from agents.infer import infer
    from agents.models import Belief
    from agents.refresh import refresh
    from integrations.models import Connection, Task

    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    per = 1000 / len(ids)

    def clocked(says: str, work: Callable[[], list[Any]], runs: str) -> None:
        cpu, clock = time.process_time(), time.perf_counter()
        tallies = work()
        cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
        skipped = sum(one.skipped for one in tallies)
        all_runs = skipped + sum(getattr(one, runs) for one in tallies)
        share = f"{skipped / all_runs:.1%}"
        print(
            f"| {says} | {all_runs} | {share} | {cpu * per:.1f} | {clock * per:.1f} |", flush=True
        )

    print("| what | runs of agents | nothing was new | s of processor per 1 000 | s by the clock |")
    print("|---|--:|--:|--:|--:|")
    clocked("the first night", lambda: [infer(b, now=NOW) for b in batches], "inferred")
    again = NOW + timedelta(hours=1)
    clocked("once more", lambda: [infer(b, now=again) for b in batches], "inferred")
    for n, link in enumerate(Connection.objects.filter(user__in=ids)):
        if n % 2:
            Task.objects.create(**_columns(_task(link.user_id, link, "new", again)))
    clocked("half did something", lambda: [infer(b, now=again) for b in batches], "inferred")
    clocked("first refresh", lambda: [refresh(b, now=NOW) for b in batches], "computed")
    every = max(1, round(1 / CHANGING))

    def day() -> list[Any]:
        tallies = []
        for step in range(1, 19):
            now = NOW + timedelta(minutes=10 * step)
            Connection.objects.update(synced_at=now)
            moved = [pk for n, pk in enumerate(ids) if n % every == step % every]
            Task.objects.filter(user__in=moved, external_id="o1").update(priority=1 + step % 4)
            tallies += [refresh(b, now=now) for b in batches]
        return tallies

    clocked("three hours of refreshing", day, "computed")
    print(f"\n{len(ids)} people, {Belief.objects.filter(why='').count()} beliefs held.")


def _columns(task: Any) -> dict[str, Any]:
    return {
        f.attname: getattr(task, f.attname) for f in task._meta.concrete_fields if f.attname != "id"
    }


if __name__ == "__main__":
    main()
