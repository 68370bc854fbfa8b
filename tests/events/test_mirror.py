"""With a bus, every event is on it: each once, a person's in their order, whatever dies meanwhile."""

import asyncio
import itertools
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from oo.events import bus as the_bus
from oo.events import health, log
from oo.events import mirror as the_mirror
from oo.events.bus import ANSWER_SECONDS, Bus, BusDown, Message
from oo.events.catalogue import RewardSettled, TipServed
from oo.events.deliver import deliver
from oo.events.generated.signals_pb2 import TipServed as TipServedMessage
from oo.events.mirror import mirror
from oo.events.models import Pseudonym, Record, Relay
from oo.events.pseudonyms import user_of
from tests.events.stream import envelopes, facts, happen, messages
from tests.people import NOW
from tests.services.environment import ROOT
from tests.services.nats import NatsServer
from tests.services.plugin import child_environment

pytestmark = pytest.mark.django_db(transaction=True)


def fact(user: int = 1, number: int = 1) -> TipServed:
    return TipServed(user_id=user, decision_id=str(number), kind="task", policy="p")


def now():
    return NOW


# With a rest after each batch, or it might be done before anybody notices that it has begun.
AT_LEISURE = """
import os, time
os.environ["DJANGO_SETTINGS_MODULE"] = "oo.settings"
import django
django.setup()
from django.core.management import call_command
from oo.events import mirror
def carry(*words, carry=mirror._carry):
    carried = carry(*words)
    time.sleep(1)
    return carried
mirror._carry = carry
call_command("events", "mirror")
"""


def relay_process(url: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", AT_LEISURE],
        cwd=ROOT, env=child_environment(NATS_URL=url), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def by_user(seen) -> dict[str, list[int]]:
    lists = defaultdict(list)
    for envelope in seen:
        inside = TipServedMessage.FromString(envelope.event.value)
        lists[envelope.pseudonym].append(int(inside.decision_id))
    return lists


def test_every_event_is_on_the_bus_as_it_was_recorded(nats):
    happen(fact(7, 1), RewardSettled(user_id=7, decision_id="d", reward=0.5))
    assert mirror(now=now) == 2
    (message,) = messages(nats)
    record = Record.objects.get(subject="signals.tip.served")
    token = Pseudonym.objects.get(user_id=7).token
    assert message.subject == f"signals.tip.served.{token}"
    assert message.headers["Nats-Msg-Id"] == str(record.uid)
    (envelope,) = envelopes(nats)
    assert (envelope.event_id, envelope.pseudonym) == (str(record.uid), token)
    assert envelope.occurred_at.ToDatetime(tzinfo=NOW.tzinfo) == NOW
    assert user_of(token) == 7
    (reward,) = facts(nats, "FEEDBACK")
    assert reward == RewardSettled(user_id=0, decision_id="d", reward=0.5)
    assert set(Record.objects.values_list("unmirrored", "mirrored_at")) == {(False, NOW)}
    assert mirror(now=now) == 0


def test_without_a_bus_nothing_waits_for_one(settings):
    settings.NATS_URL = ""
    happen(fact())
    assert not Record.objects.unmirrored().exists()
    assert health.bus(NOW).state == "ok"
    assert log.prune(now=NOW + timedelta(days=99), older_than=timedelta(days=90)) == 0
    deliver(now=NOW)
    assert log.prune(now=NOW + timedelta(days=99), older_than=timedelta(days=90)) == 1


def test_an_event_that_is_rolled_back_never_reaches_the_bus(nats):
    with transaction.atomic():
        happen(fact())
        transaction.set_rollback(True)
    assert mirror(now=now) == 0


def test_a_long_outage_loses_nothing_and_hands_all_over_in_order(settings):
    server = NatsServer()
    settings.NATS_URL = server.url
    for number in range(30):
        happen(fact(number % 3, number))
    moment = NOW
    for _ in range(12):
        assert mirror(now=lambda moment=moment: moment) == 0
        moment += timedelta(minutes=2)
    assert deliver(now=NOW) == 30
    relay = Relay.objects.get()
    assert relay.failing_since == NOW
    assert relay.attempts == 12
    assert "30 events wait" in health.bus(moment).says
    assert health.bus(NOW + timedelta(hours=2)).state == "fail"
    old = moment + timedelta(days=99)
    assert log.prune(now=old, older_than=timedelta(days=90), mirrored_only=True) == 0
    server.start()
    try:
        assert mirror(now=lambda: moment, batch=7) == 30
        numbers = by_user(envelopes(server))
        assert all(found == sorted(found) for found in numbers.values())
        assert sum(map(len, numbers.values())) == 30
        assert Relay.objects.get().failing_since is None
        assert health.bus(moment).says == "0 events wait for the bus."
    finally:
        server.kill()


def test_a_bus_that_is_down_is_asked_seldom_and_costs_nobody_anything(settings, monkeypatch):
    server = NatsServer()
    settings.NATS_URL = server.url
    happen(fact())
    tried = []
    real = Bus.__enter__
    monkeypatch.setattr(Bus, "__enter__", lambda self: (tried.append(1), real(self))[1])
    for second in range(60):
        mirror(now=lambda second=second: NOW + timedelta(seconds=second))
    assert len(tried) == 5  # after 2, 4, 8, 16, 32 seconds
    began = time.perf_counter()
    for number in range(50):
        happen(fact(1, number))
        mirror(now=lambda: NOW + timedelta(seconds=61))
    assert len(tried) == 5
    assert time.perf_counter() - began < 30


def test_a_bus_that_hangs_is_given_up_in_seconds(settings, monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.NATS_URL = f"nats://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setattr(the_bus, "CONNECT_SECONDS", 0.5)
        happen(fact())
        began = time.perf_counter()
        assert mirror(now=now) == 0
        assert time.perf_counter() - began < 20
    assert "no answer" in Relay.objects.get().error


def test_a_wrong_password_is_told_and_nothing_is_lost(settings):
    server = NatsServer("authorization { user: oo, password: right }")
    server.start()
    try:
        settings.NATS_URL = f"nats://oo:wrong@127.0.0.1:{server.port}"
        happen(fact())
        assert mirror(now=now) == 0
        finding = health.bus(NOW)
        assert "refuses the name or password in NATS_URL" in finding.says
        assert "wrong" not in finding.says
        settings.NATS_URL = f"nats://oo:right@127.0.0.1:{server.port}"
        assert mirror(now=lambda: NOW + timedelta(minutes=5)) == 1
        assert len(messages(server, url=settings.NATS_URL)) == 1
    finally:
        server.kill()


def test_an_event_too_big_for_the_bus_is_set_aside_and_holds_up_nobody(settings):
    server = NatsServer("max_payload: 2000")
    server.start()
    try:
        settings.NATS_URL = server.url
        big = TipServed(user_id=1, decision_id="x" * 3000, kind="task", policy="p")
        happen(fact(1, 1), big, fact(1, 2))
        assert mirror(now=now) == 3
        assert list(by_user(envelopes(server)).values()) == [[1, 2]]
        record = Record.objects.exclude(mirror_error="").get()
        assert "takes 2000 at most" in record.mirror_error
        assert record.mirrored_at is None
        assert mirror(now=now) == 0
    finally:
        server.kill()


def test_an_event_that_left_the_catalogue_is_set_aside(nats):
    happen(fact(1, 1), fact(1, 2))
    Record.objects.filter(payload__decision_id="1").update(subject="signals.of.yesterday")
    assert mirror(now=now) == 2
    assert len(messages(nats)) == 1
    assert "yesterday" in Record.objects.exclude(mirror_error="").get().mirror_error


def test_what_was_stored_but_not_marked_is_stored_once(nats, monkeypatch):
    """As when the relay dies between the answer of the bus and its own commit."""
    happen(fact(1, 1), fact(1, 2))

    def die(self, messages):
        real(self, messages)
        raise KeyboardInterrupt

    real = Bus.publish
    monkeypatch.setattr(Bus, "publish", die)
    with pytest.raises(KeyboardInterrupt):
        mirror(now=now)
    monkeypatch.undo()
    assert Record.objects.unmirrored().count() == 2
    assert len(messages(nats)) == 2
    assert mirror(now=now) == 2
    assert list(by_user(envelopes(nats)).values()) == [[1, 2]]


def test_a_relay_killed_in_the_middle_is_taken_over_where_it_stopped(nats):
    happen(*[fact(number % 5, number) for number in range(3000)])
    process = relay_process(nats.url)
    end = time.monotonic() + 60
    while not Record.objects.filter(unmirrored=False).exists():
        assert time.monotonic() < end
        assert process.poll() is None, process.stdout.read()
    process.kill()
    process.wait()
    done = Record.objects.filter(unmirrored=False).count()
    assert 0 < done < 3000
    # The dead one's lease: nobody sends beside it, and then somebody does.
    assert mirror(now=timezone.now) == 0
    assert mirror(now=lambda: timezone.now() + timedelta(seconds=61)) == 3000 - done
    numbers = by_user(envelopes(nats))
    assert all(found == sorted(set(found)) for found in numbers.values())
    assert sum(map(len, numbers.values())) == 3000


def test_a_bus_killed_in_the_middle_has_everything_in_order_afterwards(nats):
    happen(*[fact(number % 5, number) for number in range(3000)])
    process = relay_process(nats.url)
    end = time.monotonic() + 60
    while not Record.objects.filter(unmirrored=False).exists():
        assert time.monotonic() < end
        assert process.poll() is None, process.stdout.read()
    nats.kill()
    process.wait(60)
    assert "Traceback" not in process.stdout.read().replace("nats: encountered error", "")
    assert Record.objects.unmirrored().exists()
    assert Relay.objects.get().error
    nats.start()
    hours = itertools.count(1)
    while Record.objects.unmirrored().exists():
        mirror(now=lambda: timezone.now() + timedelta(hours=next(hours)))
    numbers = by_user(envelopes(nats))
    assert all(found == sorted(set(found)) for found in numbers.values())
    assert sum(map(len, numbers.values())) == 3000


def test_four_relays_at_once_send_each_event_once_and_in_order(nats, monkeypatch):
    happen(*[fact(number % 5, number) for number in range(400)])
    start = threading.Barrier(4)
    alone = threading.Lock()
    real = the_mirror._carry

    def carry(*words):
        assert alone.acquire(blocking=False), "two at once"
        try:
            return real(*words)
        finally:
            alone.release()

    monkeypatch.setattr(the_mirror, "_carry", carry)

    def work() -> None:
        start.wait()
        try:
            for _ in range(20):
                mirror(now=timezone.now, batch=10, batches=3)
        finally:
            database.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while mirror(now=timezone.now):
        pass
    numbers = by_user(envelopes(nats))
    assert all(found == sorted(set(found)) for found in numbers.values())
    assert sum(map(len, numbers.values())) == 400


def test_one_that_was_thought_dead_stops_and_breaks_no_order(nats, monkeypatch):
    """It wakes up after another has taken over: it sends nothing more."""
    happen(*[fact(1, number) for number in range(30)])
    clock = SimpleNamespace(now=NOW)
    real = the_mirror._carry
    calls = []

    def slow(bus, batch, moment):
        calls.append(moment)
        carried = real(bus, batch, moment)
        if len(calls) == 1:
            clock.now = NOW + timedelta(minutes=5)
            assert mirror(now=lambda: clock.now, batch=10) == 20
        return carried

    monkeypatch.setattr(the_mirror, "_carry", slow)
    assert mirror(now=lambda: clock.now, batch=10) == 10
    assert (
        len(calls) == 4
    )  # its own, two of the other's that carried something and one that did not
    assert list(by_user(envelopes(nats)).values()) == [list(range(30))]
    assert Relay.objects.get().claim_token is None


def test_streams_are_made_once_and_what_operators_set_on_them_stays(nats, settings):
    from tests.events.stream import ask

    with Bus():
        pass

    async def change(client, js):
        config = (await js.stream_info("SIGNALS")).config
        config.max_bytes = 10_000_000
        await js.update_stream(config)
        return True

    ask(nats.url, change)
    settings.EVENT_RETENTION_DAYS = 30
    with Bus():
        pass

    async def look(client, js):
        return (await js.stream_info("SIGNALS")).config

    config = ask(nats.url, look)
    assert config.max_bytes == 10_000_000
    assert config.max_age == 30 * 86_400


def test_the_job_is_woken_by_an_event_and_does_it(worker, nats):
    worker.kill()
    worker.env["NATS_URL"] = nats.url
    worker.restart()
    happen(fact(1, 1))
    end = time.monotonic() + 60
    while Record.objects.unmirrored().exists():
        assert time.monotonic() < end, worker.log
        time.sleep(0.1)
    assert len(messages(nats)) == 1


def test_a_connection_lost_before_the_answers_is_noticed_at_once(nats):
    with Bus() as bus:

        async def never(*words, **named):
            await bus._client.close()
            return asyncio.get_running_loop().create_future()

        bus._jetstream.publish_async = never
        began = time.perf_counter()
        with pytest.raises(BusDown, match="the connection was lost"):
            bus.publish([Message("1", "signals.a.b.x", b"")])
        assert time.perf_counter() - began < ANSWER_SECONDS


def test_one_that_is_refused_in_the_middle_breaks_no_order(nats, monkeypatch):
    monkeypatch.setattr(the_bus, "ANSWER_SECONDS", 2.0)  # of which it waits for three
    batch = [Message(str(n), f"signals.a.{n}.x{n % 2}", b"%d" % n) for n in range(8)]
    with Bus() as bus:
        real = bus._jetstream.publish_async

        async def refuse_one(subject, data, headers):
            wrong = {"Nats-Expected-Stream": "ANOTHER"} if data == b"2" else {}
            return await real(subject, data, headers=headers | wrong)

        bus._jetstream.publish_async = refuse_one
        with pytest.raises(BusDown):
            bus.publish(batch)
        bus._jetstream.publish_async = real
        bus.publish(batch)
    for person in ("x0", "x1"):
        numbers = [int(m.data) for m in messages(nats) if m.subject.endswith(person)]
        assert numbers == sorted(numbers)
        assert len(numbers) == 4


def test_a_bus_too_slow_for_one_persons_many_events_gets_them_all_in_the_end(nats, monkeypatch):
    """Each is only sent when the one before it is stored, so a batch takes as many round trips."""
    monkeypatch.setattr(the_bus, "ANSWER_SECONDS", 0.5)
    happen(*[fact(1, number) for number in range(50)], fact(2, 50))
    real = Bus._publish_together

    async def far_away(self, wave, never):
        await asyncio.sleep(0.05)
        await real(self, wave, never)

    monkeypatch.setattr(Bus, "_publish_together", far_away)
    runs = []
    while Record.objects.unmirrored().exists():
        runs.append(mirror(now=now))
        assert 0 < runs[-1] < 51
    assert sum(runs) == 51
    assert Relay.objects.get().failing_since is None
    assert sorted(by_user(envelopes(nats)).values()) == [list(range(50)), [50]]


def test_what_a_bus_confirmed_before_it_failed_is_not_sent_again(nats, monkeypatch):
    happen(*[fact(number % 2, number) for number in range(20)])
    real = Bus._publish_together
    waves = []

    async def lose(self, wave, never):
        waves.append(wave)
        if len(waves) > 4:
            raise ConnectionError("lost")
        await real(self, wave, never)

    monkeypatch.setattr(Bus, "_publish_together", lose)
    assert mirror(now=now) == 0
    assert Relay.objects.get().failing_since == NOW
    assert Record.objects.unmirrored().count() == 12
    monkeypatch.undo()
    assert mirror(now=lambda: NOW + timedelta(minutes=5)) == 12
    numbers = by_user(envelopes(nats))
    assert sorted(numbers.values()) == [list(range(0, 20, 2)), list(range(1, 20, 2))]


def test_no_thread_or_connection_is_left_behind(nats, settings):
    before = set(threading.enumerate())
    for _ in range(3):
        with Bus():
            pass
    settings.NATS_URL = "nats://127.0.0.1:1"
    for _ in range(2):
        with pytest.raises(BusDown), Bus():
            pass
    # Threads of others, such as a web server's, may come and go meanwhile.
    left = [one for one in threading.enumerate() if one not in before]
    assert [one.name for one in left if "process_request" not in one.name] == []
    assert os.environ.get("NATS_URL", "") == ""
