"""Files with lines spoilt at random, by a fixed seed: nothing unexpected is ever raised."""

import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from integrations.formats.facts import BadFormat, CalendarPull
from integrations.sources.ical import SECONDS
from tests.integrations.calendars import FINE, NOW, calendar, read, upload

SECRET = "Divorce lawyer"


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
    for number in range(600):
        data = b"BEGIN:VCALENDAR\n" + _mutated(chance, seeds[number % len(seeds)])
        now = NOW if number % len(seeds) < 2 else datetime(2022, 9, 20, tzinfo=UTC)
        began = time.process_time()
        said = _said(partial(read, data, now=now))
        assert time.process_time() - began < SECONDS, number
        assert not any(SECRET in sentence for sentence in said), number
        if number % 40 == 0:
            assert _said(partial(upload, data, now=now)) == said, number
