"""An example of a program beside oO that listens: each event once, though it be killed at any moment.

    python -m oo.events.listen --url nats://localhost:4222 --file heard.sqlite3
    python -m oo.events.listen --url ... --file ... --filter 'signals.tip.>' --stream SIGNALS

Prints each event as a line of JSON. Copy it and put your own work where `note` is: it needs nats-py,
protobuf and the schemas in oo/events/proto, and nothing else of oO.
"""

import argparse
import asyncio
import json
import sqlite3
import sys

import nats
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig

from oo.events.generated import feedback_pb2, signals_pb2  # noqa: F401  (so that `event` opens)
from oo.events.generated.bus_pb2 import Envelope


def note(database: sqlite3.Connection, message: Msg) -> dict[str, object] | None:
    """Takes an event in; None when it was taken in before.

    The id and the effect (here a row) are written in one transaction. The bus may bring an event again
    at any time, after a crash or a replay: the row of its id is what makes it count once.
    """
    envelope = Envelope.FromString(message.data)
    try:
        said = MessageToDict(envelope, preserving_proto_field_name=True)
    except TypeError:
        # A kind of event that is newer than our schemas. Its id counts it as dealt with.
        said = {"event_id": envelope.event_id, "subject": envelope.subject}
    with database:
        new = database.execute(
            "INSERT OR IGNORE INTO heard (event_id, says) VALUES (?, ?)",
            (envelope.event_id, json.dumps(said)),
        ).rowcount
    return said if new else None


async def listen(url: str, file: str, stream: str, subjects: str, durable: str) -> None:
    database = sqlite3.connect(file)
    database.execute("CREATE TABLE IF NOT EXISTS heard (event_id TEXT PRIMARY KEY, says TEXT)")
    client = await nats.connect(url, name=durable, max_reconnect_attempts=-1)
    # Durable: the server remembers how far this reader is. After a crash what was handed out and not
    # acknowledged comes again after `ack_wait`, maybe behind newer ones: if a person's order matters to
    # you, compare `occurred_at`, or set `max_ack_pending` to 1.
    reader = await client.jetstream().pull_subscribe(
        subjects,
        durable=durable,
        stream=stream,
        config=ConsumerConfig(ack_wait=10, max_ack_pending=100),
    )
    while True:
        try:
            messages = await reader.fetch(100, timeout=2)
        except (TimeoutError, nats.errors.Error):
            await asyncio.sleep(0.2)  # nothing new, or the server is away and comes back
            continue
        for message in messages:
            try:
                said = note(database, message)
            except DecodeError:
                sys.stderr.write(f"not an Envelope: {message.subject}\n")
                await message.term()
                continue
            await message.ack()  # after the commit: what is lost here comes again
            if said:
                sys.stdout.write(f"{json.dumps(said)}\n")
                sys.stdout.flush()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--url", default="nats://localhost:4222")
    options.add_argument("--file", default="heard.sqlite3")
    options.add_argument("--stream", default="SIGNALS", choices=["SIGNALS", "FEEDBACK"])
    options.add_argument("--filter", default="", help="signals.tip.>; all of the stream by default")
    options.add_argument("--durable", default="example", help="the name the server knows us by")
    asked = options.parse_args()
    subjects = asked.filter or f"{asked.stream.lower()}.>"
    try:
        asyncio.run(listen(asked.url, asked.file, asked.stream, subjects, asked.durable))
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")


if __name__ == "__main__":
    main()
