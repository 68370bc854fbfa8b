"""What others publish is taken in once, for ever; what can't be read is set aside and seen."""

import math
import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from oo.events import health
from oo.events.bus import Arrived, Bus
from oo.events.catalogue import OutsideNoted
from oo.events.deliver import deliver
from oo.events.generated.bus_pb2 import Note
from oo.events.inbound import TRIES, accept, take
from oo.events.jobs import take_inbound
from oo.events.models import Inbound, Record, Relay
from oo.events.pseudonyms import pseudonyms_of
from oo.events.subscribe import on
from tests.events.stream import ask, send
from tests.people import NOW

ID = str(uuid.UUID(int=7))


def note(**fields) -> bytes:
    return Note(**{"event_id": ID, "kind": "coffee", "value": 2, **fields}).SerializeToString()


def arrived(data: bytes, subject: str = "", sequence: int = 1, tries: int = 1) -> Arrived:
    subject = subject or f"inbound.note.{pseudonyms_of([7])[7]}"
    return Arrived(subject, data, sequence, tries, None)


def settled(server) -> bool:
    async def look(client, js):
        info = await js.consumer_info("INBOUND", "oo")
        return info.num_pending == 0 and info.num_ack_pending == 0

    return ask(server.url, look)


@pytest.mark.django_db(transaction=True)
def test_a_note_from_outside_meets_its_handlers_once_however_often_it_comes(nats, handlers):
    heard = []

    @on(OutsideNoted)
    def hear(event, now):
        heard.append(event)

    subject = f"inbound.note.{pseudonyms_of([7])[7]}"
    with Bus() as bus:
        for _ in range(3):
            send(nats, subject, note())
        assert take(bus, now=NOW, seconds=1) == 3
        # For ever: long after the bus itself has forgotten the id.
        send(nats, subject, note())
        assert take(bus, now=NOW + timedelta(days=400), seconds=1) == 1
        assert take(bus, now=NOW, seconds=0.2) == 0
    deliver(now=NOW)
    assert heard == [OutsideNoted(user_id=7, kind="coffee", value=2.0)]
    assert Inbound.objects.get().message_id == ID
    assert settled(nats)


@pytest.mark.django_db(transaction=True)
def test_a_death_before_the_answer_brings_it_again_and_changes_nothing(nats, monkeypatch):
    monkeypatch.setattr("oo.events.bus.INBOUND_AGAIN", timedelta(seconds=1))
    with Bus() as bus:
        send(nats, f"inbound.note.{pseudonyms_of([7])[7]}", note())

        def die(message):
            raise KeyboardInterrupt

        monkeypatch.setattr(bus, "settle", die)
        with pytest.raises(KeyboardInterrupt):
            take(bus, now=NOW)
    assert Record.objects.count() == 1
    with Bus() as bus:
        assert take(bus, now=NOW, seconds=4) == 1
    assert Record.objects.count() == 1
    assert settled(nats)


@pytest.mark.django_db(transaction=True)
def test_our_own_failure_keeps_nobody_waiting_and_is_parked_in_the_end(nats, monkeypatch):
    monkeypatch.setattr("oo.events.bus.INBOUND_AGAIN", timedelta(seconds=0.3))
    real = accept

    def fail(message, *, now):
        if b"tea" in message.data:
            raise RuntimeError("not today")
        return real(message, now=now)

    monkeypatch.setattr("oo.events.inbound.accept", fail)
    subject = f"inbound.note.{pseudonyms_of([7])[7]}"
    send(nats, subject, note(kind="tea"))
    send(nats, subject, note())
    with Bus() as bus:
        for _ in range(TRIES):
            take(bus, now=NOW, seconds=2)
    assert Record.objects.get().payload["kind"] == "coffee"
    assert "RuntimeError" in Inbound.objects.get(parked=True).error
    assert settled(nats)


@pytest.mark.django_db(transaction=True)
def test_the_job_takes_what_came_and_leaves_a_bus_that_has_just_failed_alone(nats, settings):
    send(nats, f"inbound.note.{pseudonyms_of([7])[7]}", note())
    relay = Relay.objects.create(due_at=timezone.now() + timedelta(minutes=1))
    take_inbound()
    assert not Inbound.objects.exists()
    relay.delete()
    take_inbound()
    assert Inbound.objects.count() == 1
    settings.NATS_URL = "nats://127.0.0.1:1"
    take_inbound()
    settings.NATS_URL = ""
    take_inbound()


BAD = {
    "not a note": (b"\xff\xfftitle=Call mum", "not a Note"),
    "no id": (note(event_id=""), "UUID"),
    "an id that is none": (note(event_id="1; DROP TABLE events"), "UUID"),
    "no kind": (note(kind=""), "kind"),
    "words as a kind": (note(kind="Call mum"), "kind"),
    "a kind too long": (note(kind="a" * 41), "kind"),
    "not a number": (note(value=math.nan), "finite"),
    "endless": (note(value=math.inf), "finite"),
    "before time": (note(occurred_at={"seconds": 1}), "2000"),
    "no date": (note(occurred_at={"seconds": 10**17}), "date"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", BAD)
def test_what_is_no_note_is_parked_with_the_reason_and_without_its_words(what):
    data, reason = BAD[what]
    assert not accept(arrived(data), now=NOW)
    assert not accept(arrived(data, sequence=2), now=NOW)
    row = Inbound.objects.get()
    assert row.parked
    assert reason in row.error
    assert "mum" not in str(vars(row))
    assert not Record.objects.exists()
    assert reason in health.parked(NOW).says


@pytest.mark.django_db
@pytest.mark.parametrize(
    "subject",
    ["inbound.note", "inbound.note.nobody", "inbound.other.x", "inbound.note.a.b", "inbound." + "x" * 9999],
)  # fmt: skip
def test_a_message_about_nobody_or_of_no_known_kind_is_parked(subject):
    assert not accept(arrived(note(), subject), now=NOW)
    assert Inbound.objects.get().parked


@pytest.mark.django_db
def test_the_future_is_taken_for_now_and_the_past_for_itself():
    past = NOW - timedelta(days=3)
    assert accept(arrived(note(occurred_at=past)), now=NOW)
    late = note(event_id=str(uuid.uuid4()), occurred_at=NOW + timedelta(days=3))
    assert accept(arrived(late), now=NOW)
    assert [r.occurred_at for r in Record.objects.order_by("pk")] == [past, NOW]


@pytest.mark.django_db
def test_ten_thousand_spoilt_notes_are_read_or_parked_and_none_raises():
    import random

    rng = random.Random(4)
    whole = note(occurred_at=NOW)
    subject = arrived(b"").subject
    from oo.events import inbound

    for number in range(10_000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        data = bytes(data[: rng.randrange(len(data) + 1)] if rng.random() < 0.3 else data)
        with suppress(inbound.Refused):
            inbound._read(Arrived(subject, data, number, 1, None), NOW)
