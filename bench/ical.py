"""How fast a calendar is expanded, and in how much memory.

    python -m bench.ical                  calendars of 100, 1 000 and 5 000 events
    python -m bench.ical --events 200     one of them

Prints a markdown table: seconds and peak memory of the child process that reads a calendar as oO does,
and of `icalendar` with `recurring_ical_events` alone over the same two weeks of the same file, each
the median of a few fresh processes; the ratio says more than the speed when machines differ.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
ROUNDS = 5
ALONE = """
import sys
from datetime import datetime, timedelta
from icalendar import Calendar
from recurring_ical_events import of
now = datetime.fromisoformat(sys.argv[2])
calendar = Calendar.from_ical(open(sys.argv[1], "rb").read())
found = of(calendar, skip_bad_series=True).between(now, now + timedelta(days=14))
print(len(list(found)))
"""
OURS = """
import io, sys
sys.stdin = io.TextIOWrapper(open(sys.argv[1], "rb"))
from integrations.formats import ical_child
ical_child.main()
"""
BETWEEN = """
import json, os, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE)
said = child.stdout.read()
_, status, used = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps({
    "seconds": time.perf_counter() - began,
    "peak": used.ru_maxrss,
    "said": said.decode(),
    "failed": child.returncode,
}))
"""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, prog="python -m bench.ical")
    asked.add_argument("--events", type=int, nargs="*", default=[100, 1_000, 5_000])
    print("| events | kB | oO, s | alone, s | ratio | oO, MB | alone, MB | ratio |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for count in asked.parse_args().events:
        with tempfile.TemporaryDirectory(prefix="oo-bench-") as folder:
            row(count, Path(folder))


def row(count: int, folder: Path) -> None:
    body = calendar(count)
    file, question = folder / "calendar.ics", folder / "question"
    file.write_bytes(body)
    asked = {"time_zone": "Europe/Berlin", "now": NOW.isoformat(), "may_be_empty": False}
    question.write_bytes(json.dumps(asked).encode() + b"\n" + body)
    ours, alone = [], []
    for _ in range(ROUNDS):  # in turns, so that a busy moment of the machine meets both
        ours.append(measure("-c", OURS, str(question)))
        alone.append(measure("-c", ALONE, str(file), NOW.isoformat()))
    seconds, peak, coming = median(ours)
    seconds_alone, peak_alone, found = median(alone)
    assert len(json.loads(coming)["coming"]) == min(int(found), 500), "both find the same"
    print(
        f"| {count:,} | {len(body) / 1000:,.0f} | {seconds:.2f} | {seconds_alone:.2f} "
        f"| {seconds / seconds_alone:.2f} | {peak:,.0f} | {peak_alone:,.0f} "
        f"| {peak / peak_alone:.2f} |"
    )


def calendar(count: int) -> bytes:
    """Somebody's years: most of it over, one in eight in series, with exceptions, in two zones."""
    chance = Random(2026)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//oO//bench//EN"]
    for number in range(count):
        day = NOW - timedelta(days=chance.randrange(1500) - 30)
        start = day.replace(hour=chance.randrange(7, 19), minute=0)
        zone = chance.choice(["Europe/Berlin", "America/New_York"])
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number}@bench.example",
            "DTSTAMP:20261101T000000Z",
            f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}",
            f"DTEND;TZID={zone}:{start + timedelta(hours=1):%Y%m%dT%H%M%S}",
            f"SUMMARY:Meeting {number} about the river",
            f"DESCRIPTION:{'What was said last time. ' * 12}",
            "ATTENDEE;PARTSTAT=ACCEPTED:mailto:somebody@example.com",
        ]
        if number % 8 == 0:
            lines.append("RRULE:FREQ=WEEKLY;UNTIL=20270101T000000Z")
            lines.append(f"EXDATE;TZID={zone}:{start + timedelta(days=7):%Y%m%dT%H%M%S}")
        lines.append("END:VEVENT")
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def measure(*command: str) -> tuple[float, float, str]:
    """Seconds, peak memory in MB and the answer of a fresh process."""
    ended = subprocess.run([sys.executable, "-c", BETWEEN, *command], capture_output=True)
    told = json.loads(ended.stdout)
    if told["failed"]:
        raise SystemExit(f"a reader failed: {ended.stderr.decode()[-500:]}")
    return told["seconds"], told["peak"] / 1000, told["said"]


def median(runs: list[tuple[float, float, str]]) -> tuple[float, float, str]:
    return (
        statistics.median(run[0] for run in runs),
        statistics.median(run[1] for run in runs),
        runs[0][2],
    )


if __name__ == "__main__":
    main()
