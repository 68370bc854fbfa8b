"""How fast a webhook becomes a fresh candidate, and how many the door takes.

    python -m bench.webhook                                  on SQLite, in a temporary folder
    DATABASE_URL=postgres://... python -m bench.webhook      on PostgreSQL, in a database of its own

One process and no waiting in between: the door (signature, one insert), the read of a Todoist that
answers at once with one changed task, ingest, delivery of its events, and the refresh of the pool.
What this leaves out is waited for on purpose: a second for changes to settle before a read, a second
before a refresh. Redis is not measured: the cache is kept in this process.
"""

import base64
import hashlib
import hmac
import json
import logging
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any

PEOPLE = 60
TASKS = 100
POSTS = 1_500
SECRET = "bench-secret"  # noqa: S105
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="oo-bench-") as folder:
        os.environ |= {"DEBUG": "no", "VAR_DIR": folder, "SECRET_KEY": "bench-" * 10}
        os.environ |= {"TODOIST_CLIENT_ID": "bench", "TODOIST_CLIENT_SECRET": SECRET}
        os.environ["DJANGO_SETTINGS_MODULE"] = "oo.settings"
        import django
        from django.conf import settings

        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        settings.ALLOWED_HOSTS = ["*"]
        settings.SECURE_SSL_REDIRECT = False
        settings.READS_PER_HOUR = 10**6
        django.setup()
        logging.disable(logging.ERROR)  # there is no broker, and events say so each time
        import oo.celery  # noqa: F401
        from oo.lib import jobs

        jobs._send = lambda *args, **more: True  # type: ignore[assignment]
        from django.test.runner import DiscoverRunner

        runner = DiscoverRunner(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        try:
            run()
        finally:
            runner.teardown_databases(databases)


def run() -> None:
    from django.db import connection as database

    links = [someone(number) for number in range(PEOPLE)]
    print(f"{database.display_name}, one process; {PEOPLE} people with {TASKS} tasks each.\n")
    print("| step | signals per second | p50 | p99 |")
    print("| --- | ---: | ---: | ---: |")
    show("the door: signed, new, one insert", [post(links[n % PEOPLE], n) for n in range(POSTS)])
    show("the door: the same once more", [post(links[n % PEOPLE], n) for n in range(POSTS)])
    clear()
    show("webhook to fresh candidate", [end_to_end(link, n) for n, link in enumerate(links)])
    show("of which ingest", [ingest_only(link, n) for n, link in enumerate(links)])


def show(what: str, took: list[float]) -> None:
    took = sorted(took)
    p50, p99 = took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.99))]
    rate = len(took) / sum(took)
    print(f"| {what} | {rate:,.0f} | {1000 * p50:.1f} ms | {1000 * p99:.1f} ms |", flush=True)


def someone(number: int) -> Any:
    from accounts.models import User
    from integrations.ingest import ingest_tasks
    from integrations.models import Connection

    user = User.objects.create_user(f"p{number}@example.com", time_zone="Europe/Berlin")
    User.objects.filter(pk=user.pk).update(last_login=NOW)
    connection = Connection.objects.create(
        user=user, source="todoist", zone=user.time_zone, created_at=NOW, due_at=NOW,
        access_token="t", granted_at=NOW,
    )  # fmt: skip
    ingest_tasks(connection, pull(number, "", complete=True), told_before=set(), now=NOW)
    Connection.objects.filter(pk=connection.pk).update(synced_at=NOW)
    connection.refresh_from_db()
    return connection


def pull(number: int, mark: str, *, complete: bool = False) -> Any:
    from integrations.formats.facts import SeenTask, TaskPull

    tasks = [
        SeenTask(
            external_id=f"6X{number:04}x{n:08}",
            title=f"Something to do, number {n}, in a sentence of the usual length{mark}",
            priority=1 + n % 4,
            due_on=(NOW + timedelta(days=n % 30 - 3)).date(),
            added_at=NOW - timedelta(days=n % 300),
        )
        for n in range(TASKS if complete else 1)
    ]
    account = str(1_000_000 + number)
    return TaskPull(tasks, complete=complete, cursor=f"c{mark}", account=account)


def body_of(connection: Any, n: int) -> bytes:
    number = int(connection.user.email[1:].split("@")[0])
    item = {"id": f"6X{number:04}x00000000", "content": "x" * 60, "priority": 1, "due": None}
    told = {"event_name": "item:updated", "user_id": str(1_000_000 + number), "event_data": item}
    extra = {"old_item": item, "update_intent": "item_updated"}
    return json.dumps(
        {**told, "event_data_extra": extra, "triggered_at": NOW.isoformat(), "n": n}
    ).encode()


def post(connection: Any, n: int) -> float:
    from django.test import Client

    body = body_of(connection, n)
    signature = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()
    headers = {"X-Todoist-Hmac-SHA256": signature, "X-Todoist-Delivery-ID": f"{n}"}
    client = Client(headers=headers)
    began = time.perf_counter()
    reply = client.post("/hooks/todoist/", body, content_type="application/json")
    took = time.perf_counter() - began
    assert reply.status_code == 200, reply.status_code
    return took


def clear() -> None:
    from integrations.models import Delivery

    Delivery.objects.all().delete()


def end_to_end(connection: Any, n: int) -> float:
    from agents.refresh import refresh
    from integrations.models import Connection
    from integrations.sync import read
    from oo.events.deliver import deliver

    took = post(connection, 10_000 + n)
    now = datetime.now(UTC)
    number = int(connection.user.email[1:].split("@")[0])
    answer_with(pull(number, " now"))
    row = Connection.objects.get(pk=connection.pk)
    began = time.perf_counter()
    read(row, now=now)
    deliver(now=now)
    refresh([connection.user_id], now=now)
    return took + time.perf_counter() - began


def ingest_only(connection: Any, n: int) -> float:
    from integrations.ingest import ingest_tasks

    connection.refresh_from_db()
    number = int(connection.user.email[1:].split("@")[0])
    answer = pull(number, " again")
    began = time.perf_counter()
    ingest_tasks(connection, answer, told_before=set(), now=NOW)
    return time.perf_counter() - began


def answer_with(answer: Any) -> None:
    from integrations.sources.todoist import Todoist

    setattr(Todoist, "pull", lambda self, token, *, cursor, now: answer)  # noqa: B010


if __name__ == "__main__":
    main()
