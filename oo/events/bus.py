"""NATS JetStream, as plain function calls: connect, publish a batch, read a batch, purge.

The client library lives in an event loop, which here has a thread of its own: Django's database layer
stays out of it, and heartbeats are answered while our thread is busy. A connection is never kept over a
fork or a job: whoever needs the bus opens it for as long as that takes.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self, TypeVar

from django.conf import settings
from nats.aio.client import Client
from nats.errors import MaxPayloadError, NoServersError
from nats.js.api import (
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

T = TypeVar("T")

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 10.0
# A message that is sent again within this time is stored once. Readers drop what comes after it.
DUPLICATES = timedelta(minutes=30)
STREAMS = {"SIGNALS": "signals", "FEEDBACK": "feedback", "INBOUND": "inbound"}
INBOUND_READER = "oo"
# What was handed to us and not settled comes again after this time.
INBOUND_AGAIN = timedelta(seconds=60)


class BusDown(Exception):
    """The bus can't be reached, refuses us, or didn't answer. What was sent may have arrived."""


@dataclass(frozen=True)
class Message:
    """Something to publish. `id` is what the server knows a repetition by."""

    id: str
    subject: str
    data: bytes


@dataclass(frozen=True)
class Arrived:
    """Something read from a stream; `settle` it when it is dealt with."""

    subject: str
    data: bytes
    sequence: int
    tries: int
    handle: Any


class Bus:
    """An open connection. Use it in a `with`. Every method raises BusDown."""

    def __init__(self, url: str = "", credentials: str = "") -> None:
        self._servers = [part.strip() for part in (url or settings.NATS_URL).split(",")]
        self._credentials = credentials or settings.NATS_CREDENTIALS
        self._trouble = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bus", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._wait(self._connect(), CONNECT_SECONDS)
            self._wait(self._see_to_streams(), ANSWER_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        client = getattr(self, "_client", None)
        if client is not None:
            with contextlib.suppress(BusDown):
                self._wait(client.close(), 2)
        with contextlib.suppress(BusDown):
            self._wait(_cancel_the_rest(), 2)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._loop.is_running():
            self._loop.close()

    def publish(self, messages: Sequence[Message]) -> dict[str, str]:
        """Sends all, in order, and waits until they are stored. Returns those that can never be, by
        id, with the reason. After BusDown any of the others may have been stored."""
        return self._wait(self._publish(messages), ANSWER_SECONDS)

    def fetch(self, limit: int, seconds: float) -> list[Arrived]:
        """Up to `limit` messages that came in and are not settled."""
        return self._wait(self._fetch(limit, seconds), ANSWER_SECONDS + seconds)

    def settle(self, arrived: Arrived) -> None:
        """It is dealt with: never again."""
        self._wait(arrived.handle.ack_sync(timeout=ANSWER_SECONDS), ANSWER_SECONDS)

    def purge(self, pseudonym: str) -> None:
        """Deletes every message of one person."""
        self._wait(self._purge(pseudonym), ANSWER_SECONDS * 6)

    def _wait(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        done = asyncio.run_coroutine_threadsafe(asyncio.wait_for(work, seconds), self._loop)
        try:
            return done.result(seconds + 5)
        except MaxPayloadError:
            raise
        except Exception as error:
            # nats-py raises many kinds, its own and the system's; to us they all mean this.
            raise BusDown(_plainly(error, self._trouble)) from error

    async def _connect(self) -> None:
        async def note(error: Exception) -> None:
            self._trouble = str(error) or type(error).__name__

        # Ours from the start: a connection that fails half way is closed too.
        self._client = Client()
        await self._client.connect(
            self._servers,
            name="oO",
            connect_timeout=2,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            # The relay tries again by itself, later. A client that reconnects would send what it
            # still holds after we have given up on it.
            allow_reconnect=False,
            error_cb=note,
            user_credentials=self._credentials or None,
        )
        self._jetstream = self._client.jetstream(timeout=5, publish_async_max_pending=4000)

    async def _see_to_streams(self) -> None:
        """Makes the streams that are missing. Of one that is there only the retention is ours."""
        kept = float(settings.EVENT_RETENTION_DAYS * 86_400)
        for name, root in STREAMS.items():
            try:
                found = (await self._jetstream.stream_info(name)).config
            except NotFoundError:
                await self._jetstream.add_stream(
                    StreamConfig(
                        name=name,
                        subjects=[f"{root}.>"],
                        retention=RetentionPolicy.LIMITS,
                        discard=DiscardPolicy.OLD,
                        storage=StorageType.FILE,
                        max_age=kept,
                        duplicate_window=DUPLICATES.total_seconds(),
                    )
                )
            else:
                if found.max_age != kept:
                    found.max_age = kept
                    await self._jetstream.update_stream(found)

    async def _publish(self, messages: Sequence[Message]) -> dict[str, str]:
        never: dict[str, str] = {}
        sent = []
        for message in messages:
            try:
                sent.append(
                    await self._jetstream.publish_async(
                        message.subject,
                        message.data,
                        headers={"Nats-Msg-Id": message.id},
                    )
                )
            except MaxPayloadError:
                limit = self._client.max_payload
                never[message.id] = f"{len(message.data)} bytes, and the bus takes {limit} at most"
        # The first that fails raises; nothing after it counts as sent, so the order is kept.
        # A connection that closes is noticed at once, not when the answers fail to come.
        answers = asyncio.gather(*sent)
        while not answers.done():
            await asyncio.wait([answers], timeout=0.1)
            if self._client.is_closed and not answers.done():
                answers.cancel()
                raise ConnectionError("the connection was lost")
        await answers
        return never

    async def _fetch(self, limit: int, seconds: float) -> list[Arrived]:
        if not hasattr(self, "_reader"):
            self._reader = await self._jetstream.pull_subscribe(
                "inbound.>",
                durable=INBOUND_READER,
                stream="INBOUND",
                config=ConsumerConfig(ack_wait=INBOUND_AGAIN.total_seconds()),
            )
        try:
            found = await self._reader.fetch(limit, timeout=seconds)
        except TimeoutError:
            if self._client.is_closed:
                raise ConnectionError("the connection was lost") from None
            return []
        return [
            Arrived(m.subject, m.data, m.metadata.sequence.stream, m.metadata.num_delivered, m)
            for m in found
        ]

    async def _purge(self, pseudonym: str) -> None:
        for name, pattern in (
            ("SIGNALS", f"signals.*.*.{pseudonym}"),
            ("FEEDBACK", f"feedback.*.*.{pseudonym}"),
            ("INBOUND", f"inbound.*.{pseudonym}"),
        ):
            await self._jetstream.purge_stream(name, subject=pattern)


async def _cancel_the_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def _plainly(error: Exception, before: str) -> str:
    said = str(error) or before or type(error).__name__
    if isinstance(error, NoServersError) and before:
        said = before
    if "authorization violation" in f"{said} {before}".lower():
        return "the server refuses the name or password in NATS_URL"
    if isinstance(error, TimeoutError):
        return f"no answer in time{f' ({before})' if before else ''}"
    return said[:200]
