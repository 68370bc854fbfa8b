"""How fast recorded events reach the bus, beside a bare loop that publishes the same bytes.

    python -m bench.relay [--events 10000] [--rounds 5]
    DATABASE_URL=postgres://... python -m bench.relay       on PostgreSQL, in a database of its own

Starts its own NATS. Two bare loops, both with a JetStream acknowledgement of every message and the same
headers: one that waits for each before it sends the next, and one that sends 500 and then waits, as the
relay does. Neither has a database. Prints a markdown table: median of interleaved rounds.
"""

import argparse
import asyncio
import logging
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from statistics import median
from typing import Any

NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
PEOPLE = 200
WINDOW = 500

Bytes = list[tuple[str, bytes]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="oo-bench-") as folder:
        os.environ |= {"DEBUG": "no", "VAR_DIR": folder, "SECRET_KEY": "bench-" * 10}
        os.environ["DJANGO_SETTINGS_MODULE"] = "oo.settings"
        os.environ["NATS_URL"] = ""
        from tests.services.nats import NatsServer

        server = NatsServer()
        server.start()
        os.environ["NATS_URL"] = server.url
        import django

        django.setup()
        logging.disable(logging.INFO)
        from django.test.runner import DiscoverRunner

        runner = DiscoverRunner(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        try:
            measure(server.url, asked.events, asked.rounds)
        finally:
            runner.teardown_databases(databases)
            server.kill()


def measure(url: str, events: int, rounds: int) -> None:
    from django.db import connection

    from oo.events.bus import Bus

    with Bus():
        pass  # makes the streams
    took: dict[str, list[float]] = {}
    for _ in range(rounds + 1):
        ways: dict[str, Callable[[], None]] = {
            "bare, one by one": lambda: bare(url, one_by_one, payloads(events)),
            f"bare, {WINDOW} at a time": lambda: bare(url, many, payloads(events)),
            "the relay": lambda: relay(events),
        }
        for name, run in ways.items():
            if name == "the relay":
                record(events)
            began = time.perf_counter()
            run()
            took.setdefault(name, []).append(time.perf_counter() - began)
    print(f"{events} events, {connection.display_name}, median of {rounds} rounds")
    print("\n| way | events a second | speed as a ratio to it |\n|---|---|---|")
    speeds = {
        name: events / median(times[1:]) for name, times in took.items()
    }  # the first warms up
    for name, speed in speeds.items():
        print(f"| {name} | {speed:.0f} | {speeds['the relay'] / speed:.2f} |")


def payloads(events: int) -> Bytes:
    """As many bytes, to as many people, as the relay sends."""
    from oo.events import wire
    from oo.events.catalogue import TipServed

    fact = TipServed(user_id=1, decision_id=str(uuid.uuid4()), kind="task", policy="hierarchical")
    names = [uuid.uuid4().hex for _ in range(PEOPLE)]
    data = wire.seal(fact, uuid.uuid4(), names[0], NOW)
    return [(f"{fact.subject}.{names[n % PEOPLE]}", data) for n in range(events)]


def record(events: int) -> None:
    from oo.events.catalogue import TipServed
    from oo.events.models import Record

    facts = (
        TipServed(
            user_id=n % PEOPLE, decision_id=str(uuid.uuid4()), kind="task", policy="hierarchical"
        )
        for n in range(events)
    )
    Record.objects.all().delete()
    Record.objects.bulk_create(
        [
            Record(
                subject=fact.subject, user_id=fact.user_id, payload=fact.payload(),
                occurred_at=NOW, due_at=NOW, unmirrored=True,
            )
            for fact in facts
        ],
        batch_size=500,
    )  # fmt: skip


def relay(events: int) -> None:
    from django.utils import timezone

    from oo.events.mirror import mirror
    from oo.events.models import Record

    while mirror(now=timezone.now):
        pass
    assert Record.objects.filter(mirrored_at__isnull=False).count() == events


def bare(url: str, way: Callable[[Any, Bytes], Coroutine[Any, Any, None]], messages: Bytes) -> None:
    import nats

    async def run() -> None:
        client = await nats.connect(url)
        await way(client.jetstream(publish_async_max_pending=4000), messages)
        await client.close()

    asyncio.run(run())


async def one_by_one(jetstream: Any, messages: Bytes) -> None:
    for subject, data in messages:
        await jetstream.publish(subject, data, headers={"Nats-Msg-Id": str(uuid.uuid4())})


async def many(jetstream: Any, messages: Bytes) -> None:
    for start in range(0, len(messages), WINDOW):
        await asyncio.gather(
            *[
                await jetstream.publish_async(
                    subject, data, headers={"Nats-Msg-Id": str(uuid.uuid4())}
                )
                for subject, data in messages[start : start + WINDOW]
            ]
        )


if __name__ == "__main__":
    main()
