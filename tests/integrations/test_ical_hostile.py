"""Files that mean harm, or are no calendars: each ends soon, in events or one sentence."""

import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from integrations import ical_apart as source
from integrations.formats.ical import NOTHING_USABLE
from integrations.formats.ical_child import SERIES_SECONDS, TOO_MUCH
from integrations.formats.ical_text import WEB_PAGE
from tests.integrations.calendars import FINE, calendar, read, refusal, starts

SECRET = "Divorce lawyer"
PATIENCE = source.SECONDS + 20  # a machine that runs other tests as well


def _zip_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("calendar.ics", b"\0" * 100_000_000)
    return packed.getvalue()


@pytest.fixture(autouse=True)
def _nothing_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test leaves a child, not even a dead one that nobody asked about."""
    children: list[subprocess.Popen[bytes]] = []

    class Counted(subprocess.Popen):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            children.append(self)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    yield
    assert all(child.returncode is not None for child in children)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This file is empty."),
        (b"\xef\xbb\xbf \r\n", "This file is empty."),
        (b"<!DOCTYPE html><html>Sign in</html>", WEB_PAGE),
        (b"  \n<html>", "This is a web page"),
        (b"\x1f\x8b\x08\x00", "Unpack it and choose the .ics file inside."),
        (_zip_bomb(), "Unpack it and choose the .ics file inside."),
        ("BEGIN:VCALENDAR".encode("utf-16"), "not written in UTF-8"),
        (b"BEGIN:VCARD\r\nFN:Ada\r\nEND:VCARD", "These are contacts"),
        (b"%PDF-1.7", "This is not a calendar file."),
        (bytes(range(256)) * 100, "This is not a calendar file."),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "There are no events in this calendar file."),
        (b"BEGIN:VCALENDAR" + b"\0" * 1000, "There are no events in this calendar file."),
        (b"x" * 5_000_001, "This file is larger than 5 MB."),
        (calendar("UID:1\nDTSTART:20000101T000000Z\nRRULE:FREQ=SECONDLY"),
         f"{NOTHING_USABLE} An event of 1 January 2000 was left out: it repeats every second."),
    ],
)  # fmt: skip
def test_what_can_not_be_used_is_refused_in_one_clear_sentence(data: bytes, sentence: str) -> None:
    began = time.monotonic()
    assert sentence in refusal(data)
    assert time.monotonic() - began < PATIENCE


RULES = {
    "every second": ("20000101T000000Z", "FREQ=SECONDLY", "it repeats every second."),
    "every minute": ("20240101T000000Z", "FREQ=MINUTELY", "it repeats every minute."),
    "every minute in disguise": ("20260101T000000Z", "FREQ=DAILY;BYHOUR="
        + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(map(str, range(60))),
        "it repeats too often."),
    "every hour for ages": ("20000101T000000Z", "FREQ=HOURLY;COUNT=1000000000",
        "it has been repeating too often for too long."),
    "every day since the year 1": ("00010101T000000Z", "FREQ=DAILY",
        "it has been repeating too often for too long."),
    "no step at all": ("20260101T000000Z", "FREQ=DAILY;INTERVAL=0",
        "how it repeats can't be understood."),
    "a step back": ("20260101T000000Z", "FREQ=DAILY;INTERVAL=-1",
        "how it repeats can't be understood."),
    "30 February, looked for every day": ("20200101T000000Z",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "how it repeats takes too long to work out."),
    "gibberish": ("20260101T000000Z", "EVERY=NOW;AND=THEN", "how it repeats can't be understood."),
    "a count beyond numbers": ("20260101T000000Z", "FREQ=DAILY;COUNT=" + "9" * 400,
        "how it repeats can't be understood."),
}  # fmt: skip


@pytest.mark.parametrize(("start", "rule", "why"), RULES.values(), ids=RULES.keys())
def test_a_hostile_rule_costs_its_event_and_not_the_file(start: str, rule: str, why: str) -> None:
    hostile = f"UID:2\nSUMMARY:{SECRET}\nDTSTART:{start}\nRRULE:{rule}"
    pull = read(calendar(FINE, hostile))
    assert [event.title for event in pull.coming] == ["Fine"]
    assert len(pull.refused) == 1
    assert pull.refused[0].startswith("An event of 1 January ")
    assert pull.refused[0].endswith(f" was left out: {why}")


@pytest.mark.parametrize(
    "lines",
    [
        "DTSTART:99999999",
        "DTSTART:00010101T000000Z\nRRULE:FREQ=YEARLY",
        "DTSTART;TZID=Asia/Tokyo:00010101T000000\nDTEND:99991231T235959Z",
        "DTSTART;VALUE=DATE:99991231\nRRULE:FREQ=DAILY",
        "DTSTART:20200101T000000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "DTSTART:20260303T100000Z\nDURATION:P99999999999D",
        "DTSTART:20260303T100000Z\nRECURRENCE-ID:never",
        "UID:fine\nDTSTART:20260304T100000Z\nRECURRENCE-ID:never",
        "DTSTART:\0\0\0\0",
        "DTSTART;TZID=" + "../" * 700 + "etc/passwd:20160303T100000",
        "SUMMARY:no start at all",
        "",
    ],
)
def test_impossible_times_cost_their_event_at_most(lines: str) -> None:
    assert "03 10:00" in starts(calendar(FINE, f"UID:2\n{lines}"))


ZONES = {
    "without a rule that ends": "DTSTART:20000101T000000\nRRULE:FREQ=SECONDLY",
    "with a rule that never comes true": "DTSTART:20000101T000000\nRRULE:FREQ=YEARLY;BYMONTH=2;"
        "BYMONTHDAY=30",
    "without a start": "RRULE:FREQ=YEARLY",
    "of nonsense": "DTSTART:99999999",
}  # fmt: skip


@pytest.mark.parametrize("lines", ZONES.values(), ids=ZONES.keys())
@pytest.mark.parametrize("offset", ["+0100", "+9999", "east"])
def test_a_malformed_zone_costs_nothing_but_the_zone(lines: str, offset: str) -> None:
    parts = [
        f"BEGIN:{part}\n{lines}\nTZOFFSETFROM:+0000\nTZOFFSETTO:{offset}\nEND:{part}"
        for part in ("STANDARD", "DAYLIGHT")
    ]
    zone = "\n".join(["BEGIN:VTIMEZONE", "TZID:Odd", *parts, "END:VTIMEZONE"])
    odd = "UID:2\nDTSTART;TZID=Odd:20260304T100000\nRRULE:FREQ=DAILY;COUNT=2"
    began = time.process_time()
    assert "03 10:00" in starts(calendar(FINE, odd, before=zone))
    if "SECONDLY" in lines:
        assert time.process_time() - began < SERIES_SECONDS  # it isn't even tried


MEGA = 4_900_000
WEEKLY = "DTSTART:20160303T100000Z\nRRULE:FREQ=WEEKLY"
NEVER = "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
HUGE = {
    "events inside events": b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 100_000,
    "alarms inside alarms": b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b"BEGIN:VALARM\n" * 300_000,
    "one line": calendar(FINE.replace("Fine", "x" * MEGA)),
    "one folded line": calendar(FINE.replace("Fine", "x\n " * (MEGA // 4))),
    "one line that isn't one": b"BEGIN:VCALENDAR" + b"x" * MEGA,
    "carriage returns": b"BEGIN:VCALENDAR" + b"\r" * MEGA,
    "100 000 events now": b"BEGIN:VCALENDAR\n"
        + b"BEGIN:VEVENT\nDTSTART:20260303\nEND:VEVENT\n" * 100_000,
    "100 000 events long ago": b"BEGIN:VCALENDAR\n"
        + b"BEGIN:VEVENT\nDTSTART:20160303\nEND:VEVENT\n" * 100_000,
    "thousands of series": calendar(*(f"UID:{i}\n{WEEKLY}" for i in range(4900))),
    "thousands of rules that never come true": calendar(
        *(f"UID:{i}\n{NEVER}" for i in range(1000))),
    "exceptions in one line": calendar(
        f"{FINE}\nRRULE:FREQ=DAILY\nEXDATE:" + ",".join(["20260304T100000Z"] * 280_000)),
    "exceptions in many lines": calendar(
        f"{FINE}\nRRULE:FREQ=DAILY" + "\nEXDATE:20260304T100000Z" * 190_000),
}  # fmt: skip


@pytest.mark.parametrize("data", HUGE.values(), ids=HUGE.keys())
def test_a_huge_file_ends_inside_the_limit_in_events_or_a_sentence(
    monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    assert len(data) <= 5_000_000
    monkeypatch.setattr(source, "SECONDS", 3.0)
    began = time.monotonic()
    said = refusal(data)
    assert said == "" or said.endswith(".")
    assert time.monotonic() - began < 3.0 + 20


READS = "import sys; sys.stdin.buffer.read(); "
CHILDREN = {
    "sleeps": ("import time; time.sleep(60)", source.TOO_SLOW),
    "never reads and never ends": ("while True: pass", source.TOO_SLOW),
    "leaves a process that holds its output": (
        "import subprocess; subprocess.Popen(['sleep', '60'])", source.TOO_SLOW),
    "crashes": ("import os; os.abort()", source.UNREADABLE),
    "raises": (f"raise ValueError({SECRET!r})", source.UNREADABLE),
    "says nothing": ("", source.UNREADABLE),
    "says nonsense": (READS + "print('[[[' * 100_000)", source.UNREADABLE),
    "says something else": ("print('[1, 2]')", source.UNREADABLE),
    "forges an event": ("print('{\"coming\": [[1, 2, 3, 4, 5]], \"refused\": []}')",
        source.UNREADABLE),
    "talks without end": (READS + "\nwhile True: print('x' * 100_000)", source.UNREADABLE),
    "talks and does not listen": ("while True: print('x' * 100_000)", source.TOO_SLOW),
    "refuses": ("print('{\"error\": \"No.\"}')", "No."),
}  # fmt: skip


@pytest.mark.parametrize(("code", "sentence"), CHILDREN.values(), ids=CHILDREN.keys())
def test_whatever_the_child_does_the_user_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, code: str, sentence: str
) -> None:
    monkeypatch.setattr(source, "CHILD", ("-c", code))
    # To be too slow takes a second; to start, and end otherwise, may take long on a busy machine.
    monkeypatch.setattr(source, "SECONDS", 1.0 if sentence == source.TOO_SLOW else 30.0)
    began = time.monotonic()
    assert refusal(calendar(FINE) + b"\n" * 1_000_000) == sentence
    assert time.monotonic() - began < 25


def test_the_child_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "top-secret")
    code = "import json, os; print(json.dumps({'error': ' '.join(sorted(os.environ)) + '.'}))"
    monkeypatch.setattr(source, "CHILD", ("-c", code))
    names = set(refusal(calendar(FINE)).rstrip(".").split())
    assert names <= {*source.ENVIRONMENT, "LC_CTYPE"}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit memory differently")
def test_the_child_can_not_take_all_memory() -> None:
    code = (
        "from integrations.formats import ical_child\n"
        "ical_child.limit_myself()\n"
        "try: bytearray(2 * ical_child.MEMORY_BYTES)\n"
        "except MemoryError: print(ical_child.TOO_MUCH)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=source.ROOT, capture_output=True)
    assert ended.stdout.decode().strip() == TOO_MUCH


def test_the_source_does_not_load_the_parser_into_the_web_process() -> None:
    code = (
        "import sys; import integrations.formats.ical_text; "
        "print([m for m in ('icalendar', 'dateutil', 'django') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=source.ROOT, capture_output=True)
    assert ended.stdout.decode().strip() == "[]"
