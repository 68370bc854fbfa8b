"""What it costs to take one connection that is due, however many there are.

python -m bench.claim                                  on SQLite
DATABASE_URL=postgres://... python -m bench.claim       on PostgreSQL, in a database of its own
python -m bench.claim 1000 10000                        other sizes

Prints a markdown table: milliseconds per claim of one connection and of its settling, median and
p99, with all connections due at once (the worst hour) and with one in a hundred due; and how the
database finds the next one. Rows are made by SQL. A tenth of them belong to a source that is silent
and are in front of the queue.
"""

import logging
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any

SIZES = (1_000, 100_000, 1_000_000)
CLAIMS = 300
PEOPLE = 1_000
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
# The columns that are neither empty nor the same in each row.
SQLITE = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {size})
INSERT INTO connections ({columns})
SELECT {values} FROM n
"""
POSTGRES = (
    "INSERT INTO connections ({columns}) SELECT {values} FROM generate_series(0, {size} - 1) n(i)"
)


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or SIZES
    with tempfile.TemporaryDirectory(prefix="oo-bench-") as folder:
        os.environ |= {"DEBUG": "no", "VAR_DIR": folder, "SECRET_KEY": "bench-" * 10}
        os.environ["DJANGO_SETTINGS_MODULE"] = "oo.settings"
        import django
        from django.conf import settings

        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        # In a file, as it is used: not in memory, as tests have it.
        if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
            settings.DATABASES["default"]["TEST"] = {"NAME": f"{folder}/bench.sqlite3"}
        django.setup()
        logging.disable(logging.WARNING)
        from django.test.runner import DiscoverRunner

        runner = DiscoverRunner(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        try:
            run(sizes)
        finally:
            runner.teardown_databases(databases)


def run(sizes: Any) -> None:
    from django.core.cache import cache
    from django.db import connection as database

    from integrations.due import SILENT_AFTER

    cache.set("silent:ical_feed", SILENT_AFTER, timeout=3_600)
    print(f"{database.display_name}: milliseconds to claim and settle one, median (p99).\n")
    print("| connections | all due | one in 100 due | how the next is found |")
    print("| ---: | ---: | ---: | --- |")
    people()
    for size in sizes:
        cells = []
        for share in (1, 100):
            fill(size, share)
            cells.append(measured(min(CLAIMS, size // share // 2)))
        print(f"| {size:,} | " + " | ".join(cells) + f" | {plan()} |", flush=True)


def people() -> None:
    from accounts.models import User

    User.objects.bulk_create(User(email=f"p{n}@example.com") for n in range(PEOPLE))


def fill(size: int, share: int) -> None:
    """`size` connections, of which one in `share` is due."""
    from django.db import connection as database

    from accounts.models import User
    from integrations.models import Connection

    first = User.objects.order_by("pk").values_list("pk", flat=True)[0]
    sqlite = database.vendor == "sqlite"
    values: dict[str, str] = {}
    for field in Connection._meta.concrete_fields:
        empty = "NULL" if field.null else "''"
        assert field.column is not None
        values[field.column] = "0" if field.get_internal_type() == "PositiveIntegerField" else empty
    start, day = (f"'{NOW - timedelta(days=1):%Y-%m-%d %H:%M:%S}'", 86_400)
    ahead = f"i * {day}.0 / {size} - (CASE WHEN (i + 3) % {share} = 0 THEN 0 ELSE -2 * {day} END)"
    ahead += f" - (CASE WHEN i % 10 = 0 THEN {day} ELSE 0 END)"  # the silent source comes first
    if sqlite:
        values["id"] = "lower(hex(randomblob(16)))"
        values["due_at"] = f"strftime('%Y-%m-%d %H:%M:%f', {start}, ({ahead}) || ' seconds')"
    else:
        values["id"] = "gen_random_uuid()"
        values["due_at"] = f"timestamptz {start} + ({ahead}) * interval '1 second'"
        start = f"timestamptz {start}"
    values |= {
        "user_id": f"{first} + i % {PEOPLE}",
        "source": "CASE WHEN i % 10 = 0 THEN 'ical_feed' ELSE 'todoist' END",
        "slot": "CAST(i AS TEXT)",
        "status": "'connected'",
        "created_at": start,
    }
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM connections" if sqlite else "TRUNCATE connections CASCADE")
        cursor.execute(
            (SQLITE if sqlite else POSTGRES).format(
                size=size, columns=", ".join(values), values=", ".join(values.values())
            )
        )
        cursor.execute("ANALYZE" if sqlite else "VACUUM ANALYZE connections")


def measured(count: int) -> str:
    """As a sweep does it: the time from one connection to the next, with all it takes."""
    from integrations.due import settle, take_turns

    now = NOW
    times: list[float] = []
    while len(times) < count:
        start = time.perf_counter()
        taken = list(take_turns(now=now, limit=1))
        assert taken, "nothing is due"
        settle(taken[0], now=now, wait=timedelta(minutes=5))
        times.append((time.perf_counter() - start) * 1e3)
        now += timedelta(milliseconds=1)
    return f"{median(times):.2f} ({quantiles(times, n=100)[98]:.2f})"


def plan() -> str:
    """How the database finds the next connection of a source."""
    from django.db import connection as database

    from integrations.due import next_of

    rows = next_of("todoist", now=NOW)[:1]
    sql, parameters = rows.values("pk").query.sql_with_params()
    explain = "EXPLAIN QUERY PLAN " if database.vendor == "sqlite" else "EXPLAIN "
    with database.cursor() as cursor:
        cursor.execute(explain + sql, parameters)
        lines = [str(row[-1]).strip() for row in cursor.fetchall()]
    return "; ".join(lines if database.vendor == "sqlite" else lines[1:3])


if __name__ == "__main__":
    main()
