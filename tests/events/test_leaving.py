"""Who leaves is gone from the bus too: now, or as soon as it answers, and what was on its way as well."""

import uuid
from datetime import timedelta

import pytest

from accounts import erase
from accounts.models import Erasure, User
from oo.events import leave
from oo.events.bus import Bus, BusDown
from oo.events.catalogue import RewardSettled, TipServed
from oo.events.generated.bus_pb2 import Note
from oo.events.mirror import mirror
from oo.events.models import Inbound, Pseudonym, Record
from oo.events.pseudonyms import pseudonyms_of
from tests.events.stream import happen, messages, send
from tests.people import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def live(*users: int) -> None:
    for user in users:
        happen(
            TipServed(user_id=user, decision_id="d", kind="task", policy="p"),
            RewardSettled(user_id=user, decision_id="d", reward=1.0),
        )


def note() -> bytes:
    return Note(event_id=str(uuid.uuid4()), kind="coffee", value=1).SerializeToString()


def tokens_on(server) -> list[str]:
    return [
        message.subject.rpartition(".")[2]
        for stream in ("SIGNALS", "FEEDBACK", "INBOUND")
        for message in messages(server, stream)
    ]


def test_one_persons_messages_go_from_every_stream_and_no_others(nats):
    live(1, 2)
    mirror(now=lambda: NOW)
    names = pseudonyms_of([1, 2])
    for token in names.values():
        send(nats, f"inbound.note.{token}", note())
    leave.purge(1)
    assert tokens_on(nats) == [names[2]] * 3
    leave.purge(1)
    leave.purge(99)


def test_erasing_an_account_clears_the_bus_and_what_was_on_its_way(nats):
    user = User.objects.create_user("ada@example.com")
    live(user.pk)
    mirror(now=lambda: NOW)
    token = pseudonyms_of([user.pk])[user.pk]
    erasure = erase.ask(user, now=NOW)
    assert erase.resume(erasure.pk, now=NOW)
    assert tokens_on(nats) == []
    assert not Pseudonym.objects.exclude(user_id=None).exists()
    assert leave.sweep(now=NOW) == 0
    # A relay that had read the events before they were deleted.
    send(nats, f"signals.tip.served.{token}", b"late")
    assert leave.sweep(now=NOW + timedelta(minutes=11)) == 1
    assert tokens_on(nats) == []
    assert not Pseudonym.objects.exists()


def test_a_bus_that_is_down_for_days_is_cleared_when_it_is_back(nats):
    user = User.objects.create_user("ada@example.com")
    live(user.pk)
    mirror(now=lambda: NOW)
    nats.kill()
    erasure = erase.ask(user, now=NOW)
    moment = NOW
    for _ in range(erase.OUTSIDE_ATTEMPTS + 1):
        erase.resume(erasure.pk, now=moment)
        moment += timedelta(hours=1)
    erasure = Erasure.objects.get()
    assert erasure.finished_at
    assert erasure.progress["events"]["let_go"] == "not confirmed"
    assert not Record.objects.filter(user_id=user.pk).exists()
    assert leave.sweep(now=moment) == 0
    assert leave.sweep(now=moment + timedelta(days=3)) == 0
    assert Pseudonym.objects.get().user_id is None
    nats.start()
    assert leave.sweep(now=moment + timedelta(days=3)) == 1
    assert tokens_on(nats) == []


def test_a_purge_that_can_not_be_made_is_said(settings):
    settings.NATS_URL = "nats://127.0.0.1:1"
    pseudonyms_of([1])
    with pytest.raises(BusDown):
        leave.purge(1)


def test_without_a_bus_a_name_just_goes(settings):
    settings.NATS_URL = ""
    pseudonyms_of([1, 2])
    leave.purge(1)
    assert leave.unlink(1) == 1
    assert leave.sweep(now=NOW) == 0
    assert leave.sweep(now=NOW + timedelta(minutes=11)) == 1
    assert Pseudonym.objects.get().user_id == 2


def test_what_came_in_about_a_person_goes_with_them(nats):
    names = pseudonyms_of([1])
    send(nats, f"inbound.note.{names[1]}", note())
    from oo.events.inbound import take

    with Bus() as bus:
        take(bus, now=NOW)
    assert Inbound.objects.get().user_id == 1
    leave.purge(1)
    assert leave.unlink(1) == 2
    assert not Inbound.objects.exists()


def test_a_purge_does_not_make_the_reader_skip_what_others_sent(nats):
    names = pseudonyms_of([1, 2])
    from oo.events.inbound import take

    with Bus() as bus:
        take(bus, now=NOW, seconds=0.1)
        for user in (2, 1, 2):
            send(nats, f"inbound.note.{names[user]}", note())
        leave.purge(1)
        assert take(bus, now=NOW) == 2
    assert set(Inbound.objects.values_list("user_id", "parked")) == {(2, False)}


def test_a_person_has_one_name_for_ever_that_does_not_tell_who_they_are():
    names = pseudonyms_of([1, 2])
    assert pseudonyms_of([2, 1, 3]) | names == pseudonyms_of([1, 2, 3])
    assert len(set(names.values())) == 2
    assert all(len(name) == 32 for name in names.values())
