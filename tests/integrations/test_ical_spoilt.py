"""Files with lines spoilt at random, by a fixed seed: nothing unexpected is ever raised."""

import gc
import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from integrations.formats.facts import BadFormat, CalendarPull
from integrations.formats.ical import parse
from integrations.formats.ical_child import series_guard
from integrations.ical_apart import SECONDS
from integrations.source import SourceTrouble
from integrations.sources import ical_feed
from integrations.sources.ical_feed import ICalendarFeed
from oo.lib.http import Reply
from tests.integrations.calendars import BERLIN, FINE, NOW, calendar, read, upload

SECRET = "Divorce lawyer"
# A few hundred with every change; OO_MUTATIONS=10000 before a release.
MUTATIONS = int(os.environ.get("OO_MUTATIONS") or 600)

pytestmark = pytest.mark.timeout(120 if MUTATIONS <= 600 else 3600)


@pytest.fixture(autouse=True)
def _no_callbacks_of_others() -> Iterator[None]:
    """The guard rings at any moment, also within what Hypothesis has called at each collection, and
    within what a collection ends.

    That is no place for an exception, and the process which reads calendars has nothing of the kind.
    """
    theirs = gc.callbacks[:]
    gc.callbacks.clear()
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.callbacks[:] = theirs


def _seeds() -> list[bytes]:
    own = calendar(
        f"{FINE}\nRRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270101T000000Z\nEXDATE:20260305T100000Z",
        f"UID:fine\nRECURRENCE-ID:20260310T100000Z\nDTSTART;TZID=Odd:20260310T120000\n"
        f"SUMMARY:{SECRET}\nDURATION:PT1H\nRDATE;VALUE=PERIOD:20260311T100000Z/PT1H",
        "UID:day\nDTSTART;VALUE=DATE:20260304\nRRULE:FREQ=MONTHLY;BYMONTHDAY=4;COUNT=9",
        before="BEGIN:VTIMEZONE\nTZID:Odd\nBEGIN:STANDARD\nDTSTART:20000101T000000\n"
        "TZOFFSETFROM:+0100\nTZOFFSETTO:+0130\nRRULE:FREQ=YEARLY\nEND:STANDARD\nEND:VTIMEZONE",
    )
    folder = os.environ.get("OO_REAL_DATA")
    real = sorted(Path(folder, "ical").glob("*.ics")) if folder else []
    return [own, own, *(path.read_bytes() for path in real)]


def _mutated(chance: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(lines))
        line = bytearray(lines[at])
        match chance.randrange(7):
            case 0:
                del lines[at]
                lines = lines or [b""]
            case 1:
                lines.insert(at, chance.choice(lines))
            case 2 if line:
                line[chance.randrange(len(line))] = chance.randrange(256)
                lines[at] = bytes(line)
            case 3:
                lines[at] = bytes(line[: chance.randrange(len(line) + 1)])
            case 4:
                digits = [i for i, byte in enumerate(line) if chr(byte).isdigit()]
                for i in digits[: chance.randint(1, 8)]:
                    line[i] = chance.choice(b"0123456789-")
                lines[at] = bytes(line)
            case 5:
                words = [b"SECONDLY", b"HOURLY", b"YEARLY", b"INTERVAL=0", b"BYMONTHDAY=31", b";"]
                lines[at] = bytes(line).replace(b"WEEKLY", chance.choice(words))
            case _:
                chance.shuffle(lines)
    return b"\n".join(lines)


def _said(pull: Callable[[], CalendarPull]) -> list[str]:
    try:
        return pull().refused
    except BadFormat as error:
        return [str(error)]


def test_hundreds_of_spoilt_files_give_events_or_a_sentence_and_never_their_titles() -> None:
    chance = random.Random(20260302)
    seeds = _seeds()
    for number in range(MUTATIONS):
        data = b"BEGIN:VCALENDAR\n" + _mutated(chance, seeds[number % len(seeds)])
        now = NOW if number % len(seeds) < 2 else datetime(2022, 9, 20, tzinfo=UTC)
        began = time.process_time()
        said = _said(partial(read, data, now=now))
        assert time.process_time() - began < SECONDS, number
        assert not any(SECRET in sentence for sentence in said), number
        if number % 40 == 0:
            assert _said(partial(upload, data, now=now)) == said, number


def test_spoilt_feeds_are_read_or_refused_and_take_nothing_away(monkeypatch) -> None:
    """The body is spoilt, cut off, or not what its headers say; one in forty goes to a child."""
    chance = random.Random(20260304)
    seeds = _seeds()
    answer: list[Reply] = []
    monkeypatch.setattr(ical_feed, "fetch", lambda *given, **more: answer[-1])
    apart = ical_feed.read_apart
    for number in range(MUTATIONS // 2):
        body = _mutated(chance, seeds[number % len(seeds)])
        if chance.random() < 0.2:
            body = body[: chance.randrange(len(body) + 1)]
        tag = chance.choice(["", '"1"', "\x00", "é", "x" * 10_000])
        answer.append(Reply(chance.choice([200, 200, 200, 304, 206]), {"etag": tag}, body))
        now = NOW if number % len(seeds) < 2 else datetime(2022, 9, 20, tzinfo=UTC)
        here = partial(_here, now=now)
        monkeypatch.setattr(ical_feed, "read_apart", apart if number % 40 == 0 else here)
        began = time.process_time()
        said = _told(now)
        assert said, number
        assert not any(SECRET in sentence for sentence in said), number
        assert time.process_time() - began < SECONDS, number


def _told(now: datetime) -> list[str]:
    """What a read of the feed comes to, in words."""
    try:
        pull = ICalendarFeed().pull(
            "https://example.com/a.ics", cursor="", now=now, time_zone=BERLIN
        )
    except SourceTrouble as error:
        known = error.code in ("no_calendar", "unreadable", "unavailable")
        return [str(error)] if known else []
    return ["read", *pull.refused] if pull.complete and len(pull.cursor) <= 1000 else []


def _here(body: bytes, *, now: datetime, time_zone: str, may_be_empty: bool) -> CalendarPull:
    return parse(body, time_zone=time_zone, now=now, guard=series_guard, may_be_empty=may_be_empty)
