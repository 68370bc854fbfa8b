"""What breaks the client library when it is read is found, parked and deleted: nobody waits for it."""

import socket
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from oo.events import health
from oo.events import jobs as the_jobs
from oo.events.bus import INBOUND_TRIES, STREAMS, Bus
from oo.events.inbound import take
from oo.events.lease import TAKER
from oo.events.models import Inbound, Relay
from oo.events.pseudonyms import pseudonyms_of
from tests.events.stream import ask, messages, send
from tests.events.test_inbound import note, settled
from tests.people import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def raw(server, subject: bytes, headers: bytes = b"") -> None:
    """Publishes as no client would."""
    command = b"PUB %s 4\r\njunk\r\n" % subject
    if headers:
        command = b"HPUB %s %d %d\r\n%sjunk\r\n" % (
            *(subject, len(headers), len(headers) + 4),
            headers,
        )
    with Bus(server.url):
        pass
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as wire:
        wire.recv(4096)
        hello = b'CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n'
        wire.sendall(hello + command + b"PING\r\n")
        said = b""
        while b"PONG" not in said:
            said += wire.recv(4096)
        assert b"-ERR" not in said


def good() -> bytes:
    return note(event_id=str(uuid.uuid4()))


def taken() -> int:
    return Inbound.objects.filter(parked=False).count()


POISON = {
    "not UTF-8": (b"inbound.note.\xff\xfe", b""),
    "a surrogate": (b"inbound.note.\xed\xa0\x80", b""),
    "a vertical tab": (b"inbound.note.a\x0bb", b""),
    "a NUL": (b"inbound.note.a\x00b", b""),
    "a status that is no text": (b"inbound.note.a", b"NATS/1.0 \xff\xff\xff\r\n\r\n"),
    "a status that is the server's": (b"inbound.note.a", b"NATS/1.0 404\r\n\r\n"),
    "an error of the server's": (b"inbound.note.a", b"NATS/1.0 503\r\n\r\n"),
}


@pytest.mark.parametrize("what", POISON)
def test_an_unreadable_message_is_parked_and_those_around_it_are_taken(nats, monkeypatch, what):
    monkeypatch.setattr("oo.events.bus.INBOUND_AGAIN", timedelta(seconds=1))
    subject = f"inbound.note.{pseudonyms_of([7])[7]}"
    send(nats, subject, good())
    raw(nats, *POISON[what])
    send(nats, subject, good())
    for _ in range(4):
        with Bus() as bus:
            while take(bus, now=NOW, seconds=1.2):
                pass
    assert taken() == 2
    row = Inbound.objects.get(parked=True)
    assert row.subject.isprintable()
    assert settled(nats)


def test_many_unreadable_messages_cost_one_round_and_no_note(nats, monkeypatch):
    monkeypatch.setattr("oo.events.bus.INBOUND_AGAIN", timedelta(seconds=1))
    subject = f"inbound.note.{pseudonyms_of([7])[7]}"
    for number in range(20):
        raw(nats, b"inbound.note.\xff%d" % number)
        send(nats, subject, good())
    for _ in range(3):
        with Bus() as bus:
            while take(bus, now=NOW, seconds=1.2):
                pass
    assert taken() == 20
    assert Inbound.objects.filter(parked=True).count() == 20
    assert len(messages(nats, "INBOUND")) == 20


def test_what_is_never_taken_in_is_given_up_by_the_server_and_health_says_so(nats, monkeypatch):
    async def look(client, js):
        return (await js.consumer_info("INBOUND", "oo")).config.max_deliver

    with Bus() as bus:
        bus.fetch(1, 0.1)
    assert ask(nats.url, look) == INBOUND_TRIES

    def fail(message, *, now):
        raise RuntimeError("not today")

    monkeypatch.setattr("oo.events.inbound.accept", fail)
    monkeypatch.setattr("oo.events.inbound.TRIES", 99)
    send(nats, f"inbound.note.{pseudonyms_of([7])[7]}", good())

    async def soon(client, js):
        config = (await js.consumer_info("INBOUND", "oo")).config
        config.ack_wait = 0.2
        return await js.add_consumer("INBOUND", config=config)

    ask(nats.url, soon)
    monkeypatch.setattr(the_jobs, "LONGEST_RUN", timedelta(seconds=1))
    the_jobs.take_inbound()
    taker = Relay.objects.get(pk=TAKER)
    assert "came more than once" in taker.error
    assert taker.claim_token is None
    assert health.inbound(timezone.now()).state == "ok"
    assert health.inbound(timezone.now() + timedelta(minutes=6)).state == "fail"


def test_an_older_stream_and_reader_are_brought_up_to_date(nats):
    async def as_before(client, js):
        from nats.js.api import ConsumerConfig, StreamConfig

        await js.add_stream(StreamConfig(name="INBOUND", subjects=["inbound.>"]))
        await js.pull_subscribe(
            "inbound.>", durable="oo", stream="INBOUND", config=ConsumerConfig(ack_wait=60)
        )
        for subject in ("inbound.x", "inbound.note.a.b", "inbound.note.a"):
            await js.publish(subject, b"")
        return True

    ask(nats.url, as_before)
    with Bus() as bus:
        assert [one.subject for one in bus.fetch(10, 1)] == ["inbound.note.a"]

    async def look(client, js):
        stream = (await js.stream_info("INBOUND")).config
        reader = (await js.consumer_info("INBOUND", "oo")).config
        return stream.subjects, reader.max_deliver

    assert ask(nats.url, look) == (["inbound.note.*"], INBOUND_TRIES)


def test_streams_have_an_end(nats):
    with Bus():
        pass

    async def look(client, js):
        return {name: (await js.stream_info(name)).config.max_bytes for name in STREAMS}

    assert ask(nats.url, look) == {name: most for name, (_, most) in STREAMS.items()}


@pytest.mark.parametrize(
    "subject", ["inbound", "inbound.note", "inbound.note.a.b", "inbound.tea.a"]
)
def test_other_subjects_are_not_even_stored(nats, subject):
    from nats.errors import NoRespondersError, TimeoutError
    from nats.js.errors import NoStreamResponseError

    with Bus():
        pass

    async def publish(client, js):
        try:
            return await js.publish(subject, b"", timeout=1)
        except (NoRespondersError, NoStreamResponseError, TimeoutError):
            return "refused"

    assert ask(nats.url, publish) == "refused"
