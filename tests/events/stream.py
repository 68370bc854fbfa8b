"""What a test sees on the bus, with a client of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import nats
from django.db import transaction
from nats.js.api import ConsumerConfig

from oo.events import wire
from oo.events.bus import Bus
from oo.events.catalogue import Event
from oo.events.generated.bus_pb2 import Envelope
from oo.events.publish import publish
from tests.people import NOW
from tests.services.nats import NatsServer


def ask(url: str, work: Callable[[Any, Any], Coroutine[Any, Any, Any]]) -> Any:
    """Runs `work(client, jetstream)`; in a thread, since Playwright may keep a loop in this one."""
    result: list[Any] = []

    async def run() -> None:
        client = await nats.connect(url)
        try:
            result.append(await work(client, client.jetstream()))
        finally:
            await client.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    thread.join(60)
    assert result, "the bus gave no answer, see above"
    return result[0]


def messages(server: NatsServer, stream: str = "SIGNALS", url: str = "") -> list[Any]:
    """Everything in a stream, in its order, with headers."""

    async def read(client: Any, js: Any) -> list[Any]:
        count = (await js.stream_info(stream)).state.messages
        reader = await js.pull_subscribe(
            "", stream=stream, config=ConsumerConfig(ack_policy="none", max_deliver=1)
        )
        found: list[Any] = []
        while len(found) < count:
            found += await reader.fetch(min(500, count - len(found)), timeout=10)
        return found

    return ask(url or server.url, read)


def envelopes(server: NatsServer, stream: str = "SIGNALS") -> list[Envelope]:
    return [Envelope.FromString(message.data) for message in messages(server, stream)]


def facts(server: NatsServer, stream: str = "SIGNALS") -> list[Event]:
    return [wire.unseal(message.data)[1] for message in messages(server, stream)]


def send(server: NatsServer, subject: str, data: bytes) -> None:
    async def one(client: Any, js: Any) -> int:
        return (await js.publish(subject, data)).seq

    with Bus(server.url):
        pass  # makes the streams
    ask(server.url, one)


def happen(*events: Event) -> None:
    with transaction.atomic():
        publish(*events, now=NOW)
