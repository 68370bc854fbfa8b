"""What others publish is taken in once, for ever; what can't be read is set aside and seen."""

import math
import uuid
from contextlib import suppress
from datetime import timedelta

import pytest
from django.utils import timezone

from oo.events import health, leave, log
from oo.events.bus import Arrived, Bus
from oo.events.catalogue import OutsideNoted
from oo.events.deliver import deliver
from oo.events.generated.bus_pb2 import Note
from oo.events.inbound import PER_MINUTE, TRIES, accept, take, take_all
from oo.events.jobs import take_inbound
from oo.events.lease import TAKER
from oo.events.lease import take as take_lease
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
def test_what_failed_once_is_taken_when_it_comes_again(nats, monkeypatch):
    monkeypatch.setattr("oo.events.bus.INBOUND_AGAIN", timedelta(seconds=0.3))
    fails = [RuntimeError("not today")]
    real = accept

    def fail(message, *, now):
        if fails:
            raise fails.pop()
        return real(message, now=now)

    monkeypatch.setattr("oo.events.inbound.accept", fail)
    send(nats, f"inbound.note.{pseudonyms_of([7])[7]}", note())
    with Bus() as bus:
        take(bus, now=NOW, seconds=1)
        assert not Record.objects.exists()
        take(bus, now=NOW, seconds=2)
    assert Record.objects.get().payload["kind"] == "coffee"
    assert not Inbound.objects.get().parked
    assert settled(nats)


@pytest.mark.django_db(transaction=True)
def test_one_worker_takes_and_one_that_died_is_taken_over(nats):
    send(nats, f"inbound.note.{pseudonyms_of([7])[7]}", note())
    assert take_lease(TAKER, NOW)
    assert take_all(now=lambda: NOW, longest=timedelta(seconds=60)) == 0
    assert not Inbound.objects.exists()
    later = NOW + timedelta(seconds=61)
    assert take_all(now=lambda: later, longest=timedelta(seconds=60)) == 1
    assert take_lease(TAKER, later)


@pytest.mark.django_db(transaction=True)
def test_a_flood_ends_with_the_time_for_it(nats, monkeypatch):
    clock = iter(NOW + timedelta(seconds=n) for n in range(100))
    monkeypatch.setattr("oo.events.inbound.take", lambda bus, *, now, seconds: 100)
    taken = take_all(now=lambda: next(clock), longest=timedelta(seconds=20))
    assert 0 < taken < 2000


@pytest.mark.django_db(transaction=True)
def test_the_job_takes_what_came_and_leaves_a_bus_that_has_just_failed_alone(nats, settings):
    send(nats, f"inbound.note.{pseudonyms_of([7])[7]}", note())
    relay = Relay.objects.create(pk=1, due_at=timezone.now() + timedelta(minutes=1))
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
def test_an_old_note_is_due_now_and_alarms_nobody(settings):
    settings.NATS_URL = "nats://somewhere:4222"
    assert accept(arrived(note(occurred_at=NOW - timedelta(days=9000))), now=NOW)
    assert Record.objects.get().due_at == NOW
    assert health.outbox(NOW).state == health.bus(NOW).state == "ok"
    late = NOW + timedelta(minutes=6)
    assert health.outbox(late).state == health.bus(late).state == "fail"


@pytest.mark.django_db
def test_an_event_that_fails_again_and_again_is_told_though_it_is_pushed_away(handlers):
    @on(OutsideNoted)
    def fail(event, now):
        raise RuntimeError("not today")

    assert accept(arrived(note()), now=NOW)
    moment = NOW
    for _ in range(6):
        deliver(now=moment)
        moment = Record.objects.get().due_at
    finding = health.outbox(moment)
    assert finding.state == "fail"
    assert "not today" in finding.says


@pytest.mark.django_db
def test_an_id_is_its_senders_own():
    names = pseudonyms_of([7, 8])
    for user in (7, 8):
        message = arrived(note(), f"inbound.note.{names[user]}")
        assert accept(message, now=NOW)
        assert not accept(message, now=NOW)
    assert set(Record.objects.values_list("user_id", flat=True)) == {7, 8}


def many(count, *, user=7, sent_at=None) -> int:
    subject = f"inbound.note.{pseudonyms_of([user])[user]}"
    return sum(
        accept(Arrived(subject, note(event_id=str(uuid.uuid4())), 1, 1, None, sent_at), now=NOW)
        for _ in range(count)
    )


@pytest.mark.django_db
def test_a_person_is_noted_so_often_in_a_minute_and_one_row_tells_of_the_rest():
    assert many(PER_MINUTE + 5) == PER_MINUTE
    assert "in a minute" in Inbound.objects.get(parked=True).error
    assert many(1, user=8) == 1
    # By when they were sent: what waited while we were away is no flood.
    assert many(1, sent_at=NOW - timedelta(hours=1)) == 1
    assert many(1, sent_at=NOW + timedelta(minutes=1)) == 1


@pytest.mark.django_db
def test_refused_messages_are_listed_up_to_a_number_and_for_a_time(monkeypatch):
    monkeypatch.setattr("oo.events.inbound.PARKED_PER_HOUR", 3)
    for number in range(5):
        accept(arrived(b"%d" % number, "inbound.note.x"), now=NOW)
    assert Inbound.objects.count() == 3
    assert accept(arrived(note()), now=NOW)
    accept(arrived(b"later", "inbound.note.x"), now=NOW + timedelta(hours=2))
    kept = timedelta(days=90)
    assert log.prune_parked(now=NOW + timedelta(days=90), older_than=kept) == 0
    assert log.prune_parked(now=NOW + timedelta(days=90, minutes=1), older_than=kept) == 3
    assert Inbound.objects.filter(parked=False).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("subject", ["inbound.note.{}", "inbound.{}", "inbound.other.words.{}"])
def test_what_was_refused_about_a_person_goes_with_them(subject):
    name = pseudonyms_of([7])[7]
    accept(arrived(b"\xff", subject.format(name)), now=NOW)
    assert Inbound.objects.get().user_id == 7
    leave.unlink(7)
    assert not Inbound.objects.exists()


@pytest.mark.django_db
def test_what_is_refused_about_a_name_that_was_cut_goes_with_the_name(settings):
    settings.NATS_URL = ""
    name = pseudonyms_of([7])[7]
    leave.unlink(7)
    accept(arrived(note(), f"inbound.note.{name}"), now=NOW)
    assert Inbound.objects.get().user_id is None
    leave.sweep(now=NOW)
    leave.sweep(now=NOW + timedelta(minutes=11))
    assert not Inbound.objects.exists()


@pytest.mark.django_db
def test_who_leaves_while_a_note_is_read_leaves_nothing(monkeypatch):
    from oo.events import inbound

    real = inbound._read

    def read_and_leave(message, now):
        found = real(message, now)
        leave.unlink(7)
        return found

    monkeypatch.setattr(inbound, "_read", read_and_leave)
    assert not accept(arrived(note()), now=NOW)
    assert not Inbound.objects.exists()
    assert not Record.objects.exists()


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
