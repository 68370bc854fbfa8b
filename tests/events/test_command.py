"""manage.py events: an operator looks, follows and sends again, and is asked before anything happens."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from oo.events import replay
from oo.events.bus import Arrived
from oo.events.catalogue import RewardSettled, TipServed
from oo.events.deliver import deliver
from oo.events.inbound import accept
from oo.events.mirror import mirror
from oo.events.models import Delivery, Record
from oo.events.pseudonyms import pseudonyms_of
from oo.events.subscribe import on
from tests.events.stream import happen, messages
from tests.people import NOW
from tests.services.environment import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


def tip(user: int = 1, number: int = 1) -> TipServed:
    return TipServed(user_id=user, decision_id=str(number), kind="task", policy="p")


def reward(user: int = 1) -> RewardSettled:
    return RewardSettled(user_id=user, decision_id="d", reward=0.5)


def run(*words: str) -> str:
    out = StringIO()
    call_command("events", *words, stdout=out)
    return out.getvalue()


@pytest.fixture
def heard(handlers):
    counts = Counter()

    @on(TipServed, RewardSettled)
    def first(event, now):
        counts["first"] += 1

    @on(TipServed)
    def second(event, now):
        counts["second"] += 1

    happen(tip(1, 1), tip(2, 2), reward(1))
    deliver(now=NOW)
    assert counts == {"first": 3, "second": 2}
    counts.clear()
    names = [name for named in handlers.values() for name in named]
    counts.names = {name.rpartition(".")[2]: name for name in names}
    return counts


def test_the_tail_is_chosen_by_subject_person_and_time():
    happen(tip(1, 1), tip(2, 2), reward(1))
    assert [line.split()[3] for line in run("tail").splitlines()] == [
        "signals.tip.served", "signals.tip.served", "feedback.reward.settled",
    ]  # fmt: skip
    assert run("tail", "-n", "1").split()[3] == "feedback.reward.settled"
    assert len(run("tail", "--subject", "signals.*").splitlines()) == 2
    assert len(run("tail", "--user", "1").splitlines()) == 2
    assert len(run("tail", "--user", pseudonyms_of([2])[2]).splitlines()) == 1
    assert run("tail", "--since", "2099-01-01") == ""
    assert len(run("tail", "--since", "2000-01-01T10:00").splitlines()) == 3


@pytest.mark.parametrize("words", [["--since", "soon"], ["--since", "2026-99-99"], ["--user", "x"]])
def test_what_can_not_be_understood_is_said(words):
    with pytest.raises(CommandError, match=words[1]):
        run("tail", *words)


def test_one_event_is_shown_with_who_heard_it_and_where_it_is(heard):
    record = Record.objects.first()
    pseudonyms_of([1])
    for named in (str(record.pk), f"#{record.pk}", str(record.uid)):
        shown = run("show", named)
        assert heard.names["second"] in shown
        assert "there was no bus" in shown
        assert str(record.uid) in shown
    assert str(pseudonyms_of([1])[1]) in shown
    for named in ("99999", "x; drop"):
        with pytest.raises(CommandError):
            run("show", named)


def test_a_replay_meets_the_named_handler_alone_and_asking_twice_is_asking_once(heard):
    for _ in range(2):
        run("replay", "--subject", "signals.*", "--to", heard.names["second"], "--yes")
    deliver(now=NOW.replace(year=2099))
    assert heard == {"second": 2}
    assert Delivery.objects.count() == 5
    assert not Record.objects.filter(delivered_at=None).exists()


def test_a_replay_of_one_person_leaves_the_others_alone(heard):
    assert "1 events are due" in run("replay", "--user", "2", "--to", heard.names["first"], "--yes")
    deliver(now=NOW.replace(year=2099))
    assert heard == {"first": 1}


def test_a_handler_that_came_later_is_not_met_unless_it_is_named(heard):
    @on(TipServed)
    def newcomer(event, now):
        heard["newcomer"] += 1

    run("replay", "--to", heard.names["second"], "--yes")
    deliver(now=NOW.replace(year=2099))
    assert heard == {"second": 2}
    run("replay", "--to", f"{__name__}.newcomer", "--yes")
    deliver(now=NOW.replace(year=2099))
    assert heard == {"second": 2, "newcomer": 2}


def test_nothing_happens_without_a_yes(heard, monkeypatch):
    with pytest.raises(CommandError, match="--yes"):
        run("replay", "--to", heard.names["first"])
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda prompt: "no")
    with pytest.raises(CommandError, match="Nothing was done"):
        run("replay", "--to", heard.names["first"])
    assert deliver(now=NOW.replace(year=2099)) == 0
    monkeypatch.setattr("builtins.input", lambda prompt: "yes")
    assert "3 events are due" in run("replay", "--to", heard.names["first"])


def test_a_handler_that_does_not_exist_is_refused(heard):
    with pytest.raises(CommandError, match="hears none"):
        run("replay", "--to", "recommender.handlers.of_dreams", "--yes")
    with pytest.raises(replay.NoSuchHandler):
        replay.plan(Record.objects.none(), ["x"])


def test_events_can_be_mirrored_again_and_are_stored_once(nats):
    happen(tip(1, 1), tip(1, 2))
    assert "2 events sent, 0 still wait" in run("mirror")
    assert "2 events wait for the bus" in run("replay", "--to", "bus", "--yes")
    assert "2 events sent" in run("mirror")
    assert len(messages(nats)) == 2
    assert mirror(now=lambda: NOW) == 0


def test_what_was_there_before_the_bus_can_be_brought_to_it(nats, settings):
    settings.NATS_URL = ""
    happen(tip(1, 1))
    with pytest.raises(CommandError, match="NATS_URL"):
        run("mirror")
    settings.NATS_URL = nats.url
    run("replay", "--to", "bus", "--yes")
    run("mirror")
    assert len(messages(nats)) == 1


def test_what_was_refused_is_listed():
    assert "Nothing was refused" in run("tail", "--parked")
    accept(Arrived("inbound.note.x", b"Call mum", 12, 1, None), now=NOW)
    shown = run("tail", "--parked")
    assert "INBOUND #12  the pseudonym is nobody's" in shown
    assert "mum" not in shown


class Listener:
    """oo/events/listen.py, as a program of its own."""

    def __init__(self, url, folder):
        self.file = folder / "heard.sqlite3"
        self.words = [
            *(sys.executable, "-m", "oo.events.listen", "--url", url, "--file", str(self.file)),
            *("--stream", "SIGNALS"),
        ]
        self.out = folder / "out"

    def start(self):
        self.process = subprocess.Popen(
            self.words, cwd=ROOT, stdout=self.out.open("ab"), stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin"},
        )  # fmt: skip

    def kill(self):
        self.process.kill()
        self.process.wait()

    def heard(self) -> list[dict]:
        if not self.file.exists():
            return []
        with sqlite3.connect(self.file) as database:
            try:
                rows = database.execute("SELECT says FROM heard ORDER BY rowid").fetchall()
            except sqlite3.OperationalError:
                return []
        return [json.loads(says) for (says,) in rows]

    def wait_for(self, count: int):
        end = time.monotonic() + 60
        while len(self.heard()) < count:
            assert time.monotonic() < end, (len(self.heard()), self.out.read_text()[-2000:])
            assert self.process.poll() is None, self.out.read_text()[-2000:]
            time.sleep(0.05)


def test_the_example_listener_notes_what_is_newer_than_itself():
    from oo.events.generated.bus_pb2 import Envelope
    from oo.events.listen import note

    envelope = Envelope(event_id="x", subject="signals.new.kind", pseudonym="p")
    envelope.event.type_url = "type.googleapis.com/oo.signals.v1.SomethingNewer"
    envelope.event.value = b"\x08\x01"
    message = SimpleNamespace(data=envelope.SerializeToString(), subject="signals.new.kind.p")
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE heard (event_id TEXT PRIMARY KEY, says TEXT)")
        assert note(database, message) == {"event_id": "x", "subject": "signals.new.kind"}
        assert note(database, message) is None


def test_the_example_listener_hears_each_event_once_though_everything_is_killed(nats, tmp_path):
    count = 1500
    happen(*[tip(number % 5, number) for number in range(count)])
    mirror(now=lambda: NOW)
    listener = Listener(nats.url, tmp_path)
    listener.start()
    try:
        listener.wait_for(200)
        listener.kill()
        listener.start()
        listener.wait_for(500)
        nats.kill()
        time.sleep(0.3)
        nats.start()
        listener.wait_for(count)
        # The bus forgets an id after a while, so a late replay is stored a second time.
        from tests.events.stream import ask

        async def again(client, js):
            old = messages(nats)[0]
            await js.publish(old.subject, old.data)
            return await js.publish(old.subject, b"\xff not an envelope")

        ask(nats.url, again)
        happen(tip(1, count))
        mirror(now=lambda: NOW.replace(year=2099))
        listener.wait_for(count + 1)
        time.sleep(2.5)  # while nothing comes it waits
        assert listener.process.poll() is None, listener.out.read_text()
    finally:
        listener.kill()
    heard = listener.heard()
    assert len({one["event_id"] for one in heard}) == len(heard) == count + 1
    said = re.findall(r'^{"event_id": "([^"]+)', listener.out.read_text(), re.MULTILINE)
    assert len(set(said)) == len(said) >= count - 1  # one may be lost to each kill, none told twice
    assert heard[-1]["event"]["decision_id"] == str(count)
    assert heard[-1]["event"]["@type"].endswith("oo.signals.v1.TipServed")
