"""NATS JetStream, as plain function calls: connect, publish a batch, read a batch, purge.

The client library lives in an event loop, which here has a thread of its own: Django's database layer
stays out of it, and heartbeats are answered while our thread is busy. A connection is never kept over a
fork or a job: whoever needs the bus opens it for as long as that takes.
"""

import asyncio
import base64
import contextlib
import json
import re
import threading
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Self, TypeVar

from django.conf import settings
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import MaxPayloadError, NoServersError
from nats.js.api import (
    ConsumerConfig,
    ConsumerInfo,
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
# The subjects of each stream, and how large it may grow: beyond that its oldest messages go. INBOUND
# takes no other number of words than `purge` finds.
STREAMS = {
    "SIGNALS": ("signals.>", 512 * 2**20),
    "FEEDBACK": ("feedback.>", 512 * 2**20),
    "INBOUND": ("inbound.note.*", 64 * 2**20),
}
INBOUND_READER = "oo"
# What was handed to us and not settled comes again after this time.
INBOUND_AGAIN = timedelta(seconds=60)
# More often than anything is tried: what breaks every reading of it must not come for ever.
INBOUND_TRIES = 20
# How far behind what was settled we look for a message that can't be read.
LOOK_BACK = 20_000


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
    sent_at: datetime | None = None
    # The client library breaks on it: `data` is empty then, and to settle it deletes it.
    unreadable: bool = False


class Bus:
    """An open connection. Use it in a `with`. Every method raises BusDown."""

    def __init__(self, url: str = "", credentials: str = "") -> None:
        self._servers = [part.strip() for part in (url or settings.NATS_URL).split(",")]
        self._credentials = credentials or settings.NATS_CREDENTIALS
        self._trouble = ""
        # How many messages came to us more than once and are not settled yet.
        self.unsettled = 0
        # The ids of what the last `publish` knows to be stored, also where it raised.
        self.stored: set[str] = set()
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
        """Sends them in order, and waits until they are `stored`. Returns those that can never be, by
        id, with the reason. A slow bus gets as many as it takes in time, and the rest is for the next
        time. After BusDown any of those that are not in `stored` may have been stored as well."""
        return self._wait(self._publish(messages), ANSWER_SECONDS * 3)

    def fetch(self, limit: int, seconds: float) -> list[Arrived]:
        """Up to `limit` messages that came in and are not settled."""
        return self._wait(self._fetch(limit, seconds), ANSWER_SECONDS * 3 + seconds)

    def settle(self, arrived: Arrived) -> None:
        """It is dealt with: never again."""
        if arrived.unreadable:
            self._wait(self._jetstream.delete_msg("INBOUND", arrived.sequence), ANSWER_SECONDS)
        else:
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
        """Makes the streams that are missing. Of one that is there only the retention is ours, and
        what INBOUND takes: a message that `purge` would not find must not be stored."""
        kept = float(settings.EVENT_RETENTION_DAYS * 86_400)
        for name, (subjects, most) in STREAMS.items():
            try:
                found = (await self._jetstream.stream_info(name)).config
            except NotFoundError:
                await self._jetstream.add_stream(
                    StreamConfig(
                        name=name,
                        subjects=[subjects],
                        retention=RetentionPolicy.LIMITS,
                        discard=DiscardPolicy.OLD,
                        storage=StorageType.FILE,
                        max_age=kept,
                        max_bytes=most,
                        duplicate_window=DUPLICATES.total_seconds(),
                    )
                )
            else:
                wide = name == "INBOUND" and found.subjects != [subjects]
                if found.max_age != kept or wide:
                    found.max_age = kept
                    found.subjects = [subjects] if wide else found.subjects
                    await self._jetstream.update_stream(found)
                if wide:
                    # A server may make a reader of all subjects skip what is left after a purge. It
                    # is made anew, and begins at the start: what it had is known by its id.
                    with contextlib.suppress(NotFoundError):
                        await self._jetstream.delete_consumer(name, INBOUND_READER)
                    for other in ("inbound.*", "inbound.*.*.>"):
                        await self._jetstream.purge_stream(name, subject=other)

    async def _publish(self, messages: Sequence[Message]) -> dict[str, str]:
        never: dict[str, str] = {}
        self.stored = set()
        # The last wave that is begun has time for its answers.
        end = self._loop.time() + ANSWER_SECONDS * 2
        for wave in _waves(messages):
            if self._loop.time() > end:
                break
            await self._publish_together(wave, never)
        return never

    async def _publish_together(self, wave: Sequence[Message], never: dict[str, str]) -> None:
        sent = []
        for message in wave:
            try:
                answer = await self._jetstream.publish_async(
                    message.subject, message.data, headers={"Nats-Msg-Id": message.id}
                )
                answer.add_done_callback(partial(_note_stored, self.stored, message.id))
                sent.append(answer)
            except MaxPayloadError:
                limit = self._client.max_payload
                never[message.id] = f"{len(message.data)} bytes, and the bus takes {limit} at most"
        # The first that fails raises, and nothing after it is sent.
        # A connection that closes is noticed at once, not when the answers fail to come.
        answers = asyncio.gather(*sent)
        while not answers.done():
            await asyncio.wait([answers], timeout=0.1)
            if self._client.is_closed and not answers.done():
                answers.cancel()
                raise ConnectionError("the connection was lost")
        await answers

    async def _fetch(self, limit: int, seconds: float) -> list[Arrived]:
        if not hasattr(self, "_reader"):
            await self._open_reader()
            if self.unsettled and (unreadable := await self._find_unreadable()):
                return unreadable
        trouble: Exception | None = None
        found = []
        try:
            with contextlib.suppress(TimeoutError):
                found = await self._reader.fetch(limit, timeout=seconds)
            # The client stops reading, and says nothing, when it can't decode what it reads: then
            # there is no answer to this either.
            await self._look_at_reader(timeout=2)
        except Exception as error:
            trouble = error
        if trouble is None:
            return [_arrived(message) for message in found]
        with contextlib.suppress(Exception):
            await asyncio.wait_for(self._client.close(), 2)
        await self._connect()
        del self._reader
        if unreadable := await self._find_unreadable():
            return unreadable
        raise trouble

    async def _open_reader(self) -> None:
        self._reader = await self._jetstream.pull_subscribe(
            STREAMS["INBOUND"][0],
            durable=INBOUND_READER,
            stream="INBOUND",
            config=ConsumerConfig(
                ack_wait=INBOUND_AGAIN.total_seconds(), max_deliver=INBOUND_TRIES
            ),
        )
        await self._look_at_reader()

    async def _look_at_reader(self, timeout: float = 5) -> ConsumerInfo:
        info = await self._jetstream.consumer_info("INBOUND", INBOUND_READER, timeout=timeout)
        self.unsettled = info.num_redelivered or 0
        return info

    async def _find_unreadable(self) -> list[Arrived]:
        """What was handed to us, is not settled, and breaks the client library when it comes."""
        info = await self._look_at_reader()
        if info.ack_floor is None or info.delivered is None:
            return []
        first, last = info.ack_floor.stream_seq + 1, info.delivered.stream_seq
        numbers = range(first, min(last + 1, first + LOOK_BACK))
        found: list[Arrived] = []
        for start in range(0, len(numbers), 100):
            some = numbers[start : start + 100]
            looked = await asyncio.gather(*[self._look_at(number) for number in some])
            found += [one for one in looked if one]
        return found

    async def _look_at(self, sequence: int) -> Arrived | None:
        """A stored message, if it is unreadable. Asked for as JSON, which never breaks us."""
        asked = json.dumps({"seq": sequence}).encode()
        answer = await self._client.request("$JS.API.STREAM.MSG.GET.INBOUND", asked, timeout=5)
        message = json.loads(answer.data.decode("utf-8", "replace")).get("message")
        if message is None or _readable(message):
            return None
        subject = message["subject"].encode("ascii", "backslashreplace").decode()
        return Arrived(subject, b"", sequence, 1, None, unreadable=True)

    async def _purge(self, pseudonym: str) -> None:
        for name, pattern in (
            ("SIGNALS", f"signals.*.*.{pseudonym}"),
            ("FEEDBACK", f"feedback.*.*.{pseudonym}"),
            # Not inbound.note: the reader's own pattern would make it skip what others sent (2.9).
            ("INBOUND", f"inbound.*.{pseudonym}"),
        ):
            await self._jetstream.purge_stream(name, subject=pattern)


def _waves(messages: Sequence[Message]) -> list[list[Message]]:
    """In each only one message about a person: the next is not on its way before the server has said
    that it stored this one. Otherwise one refused in the middle would come after its successors."""
    waves: list[list[Message]] = []
    turns: dict[str, int] = {}
    for message in messages:
        person = message.subject.rpartition(".")[2]
        turn = turns.get(person, 0)
        turns[person] = turn + 1
        if turn == len(waves):
            waves.append([])
        waves[turn].append(message)
    return waves


def _note_stored(stored: set[str], id: str, answer: "asyncio.Future[Any]") -> None:
    if not answer.cancelled() and answer.exception() is None:
        stored.add(id)


def _arrived(m: Msg) -> Arrived:
    told = m.metadata
    return Arrived(m.subject, m.data, told.sequence.stream, told.num_delivered, m, told.timestamp)


def _readable(message: dict[str, Any]) -> bool:
    """The server takes any bytes as a subject and as headers; the client wants text, and takes a status
    in the headers for the server's own."""
    headers = base64.b64decode(message.get("hdrs") or "")
    try:
        headers.decode()
    except UnicodeDecodeError:
        return False
    plain = not headers or headers.startswith(b"NATS/1.0\r\n")
    return plain and re.fullmatch(r"[!-~]+", message["subject"]) is not None


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
