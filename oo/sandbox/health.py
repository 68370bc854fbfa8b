"""Health exports as an iPhone makes them, of the people of the sandbox, in any size.

Believable where it matters: a watch and a phone that count the same steps, sleep in stages, records
inside a `Correlation` that are outside it too, and Apple's own mistakes where they are asked for.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import IO
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, request, send_file

from .personas import BY_ID, Persona
from .world import the_world

health = Blueprint("health", __name__)

PIECE = 256 * 1024
MOST_DAYS = 4_000
MOST_MEGABYTES = 20_000
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
STAGES = (("Core", 50), ("Deep", 25), ("Core", 20), ("REM", 18), ("Awake", 4))
DTD = """<!DOCTYPE HealthData [
<!-- HealthKit Export Version: 14 -->
<!ELEMENT HealthData (ExportDate,Me,(Record|Correlation|Workout|ActivitySummary|ClinicalRecord)*)>
<!ATTLIST HealthData
  locale CDATA #REQUIRED
>
<!ELEMENT ExportDate EMPTY>
<!ATTLIST ExportDate
  value CDATA #REQUIRED
>
<!ELEMENT Record ((MetadataEntry|HeartRateVariabilityMetadataList)*)>
]>
"""
# As iOS 16 wrote it: no parser that reads document types gets past this.
BROKEN_DTD = DTD.replace("<!ELEMENT ExportDate EMPTY>", "<!ELEMENT ExportDate EMPTY\n  value CDATA")
FOLDERS = {"joao": ("exportacao_saude_apple", "exportar.xml")}


@health.get("/personas/<id>/export.zip")
def download(id: str) -> Response:
    """`?days=120&megabytes=0&quirks=1`: of so many days, so large unpacked, with Apple's mistakes."""
    persona = BY_ID.get(id) or abort(404)
    file = tempfile.TemporaryFile()  # noqa: SIM115 sent, and gone with its last reader
    write_export(
        file,
        persona,
        now=the_world().clock.now(),
        days=_whole("days", 120, MOST_DAYS),
        megabytes=_whole("megabytes", 0, MOST_MEGABYTES),
        quirks=request.args.get("quirks", "") not in ("", "0"),
    )
    file.seek(0)
    return send_file(
        file, "application/zip", as_attachment=True, download_name=f"{persona.id}-export.zip"
    )


def _whole(name: str, otherwise: int, most: int) -> int:
    said = request.args.get(name, "")
    return min(int(said), most) if said.isdecimal() and len(said) < 9 else otherwise


def write_export(
    file: IO[bytes],
    persona: Persona,
    *,
    now: datetime,
    days: int = 120,
    megabytes: int = 0,
    quirks: bool = False,
) -> None:
    """Writes export.zip: the last `days` days, and `megabytes` of heartbeats beside them, unpacked."""
    folder, name = FOLDERS.get(persona.id, ("apple_health_export", "export.xml"))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        entry = zipfile.ZipInfo(f"{folder}/{name}", date_time=now.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w", force_zip64=True) as document:
            pieces = document_of(
                persona, now=now, days=days, size=megabytes * 1_000_000, quirks=quirks
            )
            for piece in pieces:
                document.write(piece)
        archive.writestr(f"{folder}/export_cda.xml", '<?xml version="1.0"?>\n<ClinicalDocument/>\n')
        archive.writestr(f"{folder}/workout-routes/route_1.gpx", "<gpx/>\n")


def document_of(
    persona: Persona, *, now: datetime, days: int, size: int = 0, quirks: bool = False
) -> Iterator[bytes]:
    """export.xml in pieces. The same person and day give the same document."""
    here = now.astimezone(ZoneInfo(persona.time_zone))
    life = _Life(persona, here, Random(f"{persona.id} {here.date()}"), quirks)
    held: list[bytes] = []
    length = 0
    for line in _lines(life, days, size):
        held.append(line.encode())
        length += len(held[-1])
        if length >= PIECE:
            yield b"".join(held)
            held, length = [], 0
    yield b"".join(held)


def _lines(life: _Life, days: int, size: int) -> Iterator[str]:
    first = life.now.date() - timedelta(days=days)
    each = [first + timedelta(days=number) for number in range(days + 1)]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield BROKEN_DTD if life.quirks else DTD
    yield f'<HealthData locale="en_GB">\n <ExportDate value="{_stamp(life.now)}"/>\n'
    yield ' <Me HKCharacteristicTypeIdentifierDateOfBirth="1990-01-01"'
    yield ' HKCharacteristicTypeIdentifierBloodType="HKBloodTypeAPositive"/>\n'
    for part in (life.steps, life.resting, life.sleep, life.mindful, life.meals):
        for day in each:
            yield from part(day)
    number = padded = 0
    while padded < size:
        beat = life.heartbeat(each[number % len(each)], number)
        number, padded = number + 1, padded + len(beat)
        yield beat
    yield "</HealthData>\n"


class _Life:
    """What somebody's phone and watch note of a day."""

    def __init__(self, persona: Persona, now: datetime, rng: Random, quirks: bool) -> None:
        self.now = now
        self.quirks = quirks
        self._rng = rng
        self._zone = ZoneInfo(persona.time_zone)
        self._zone_name = persona.time_zone
        whose = f"{persona.given_name}’s"
        self._watch, self._phone = f"{whose} Apple\u00a0Watch", f"{whose} iPhone"
        if quirks:
            self._phone += "\x0b"

    def steps(self, day: date) -> Iterator[str]:
        """Both count a walk; the phone misses some of it, and all of it when it lies at home."""
        for hour in sorted(self._rng.sample(range(7, 22), 7)):
            begins = self._at(day, hour, self._rng.randrange(30))
            count = self._rng.randrange(150, 2_200)
            ends = begins + timedelta(minutes=10 + count // 100)
            yield self._record("HKQuantityTypeIdentifierStepCount", self._watch, begins, ends,
                               count, unit="count")  # fmt: skip
            if self._rng.random() < 0.8:
                seen = int(count * self._rng.uniform(0.6, 1.0))
                yield self._record("HKQuantityTypeIdentifierStepCount", self._phone, begins, ends,
                                   seen, unit="count")  # fmt: skip

    def resting(self, day: date) -> Iterator[str]:
        begins, ends = self._at(day, 0, 5), self._at(day, 21, 40)
        beats = 54 + self._rng.randrange(12)
        yield self._record("HKQuantityTypeIdentifierRestingHeartRate", self._watch, begins, ends,
                           beats, unit="count/min")  # fmt: skip

    def sleep(self, day: date) -> Iterator[str]:
        """The night that ends on this day: in bed by the phone, in stages by the watch."""
        begins = self._at(day, 0, 0) - timedelta(minutes=self._rng.randrange(-40, 90))
        asleep = begins + timedelta(minutes=12)
        stages = []
        for _ in range(self._rng.choice((3, 4, 4, 4))):
            for name, minutes in STAGES:
                until = asleep + timedelta(minutes=minutes)
                value = "Awake" if name == "Awake" else f"Asleep{name}"
                stages.append(self._sleep(self._watch, asleep, until, value))
                asleep = until
        yield self._sleep(self._phone, begins, asleep, "InBed")
        yield from stages

    def mindful(self, day: date) -> Iterator[str]:
        if self._rng.random() < 0.4:
            begins = self._at(day, 8, self._rng.randrange(60))
            ends = begins + timedelta(minutes=self._rng.choice((1, 5, 10)))
            yield self._record("HKCategoryTypeIdentifierMindfulSession", self._watch, begins, ends,
                               "HKCategoryValueNotApplicable")  # fmt: skip

    def meals(self, day: date) -> Iterator[str]:
        """A correlation, whose record is there a second time beside it."""
        if self._rng.random() < 0.1:
            at = self._at(day, 13, 5)
            inside = self._record("HKQuantityTypeIdentifierDietaryWater", self._phone, at, at, 250,
                                  unit="mL")  # fmt: skip
            yield inside
            yield (
                f' <Correlation type="HKCorrelationTypeIdentifierFood" startDate="{_stamp(at)}"'
                f' endDate="{_stamp(at)}" sourceName={quoteattr(self._phone)}>\n{inside}'
                " </Correlation>\n"
            )

    def heartbeat(self, day: date, number: int) -> str:
        at = self._at(day, 0, 0) + timedelta(seconds=number % 86_400)
        return self._record("HKQuantityTypeIdentifierHeartRate", self._watch, at, at,
                            55 + number % 60, unit="count/min")  # fmt: skip

    def _sleep(self, source: str, begins: datetime, ends: datetime, value: str) -> str:
        return self._record(
            SLEEP, source, begins, ends, f"HKCategoryValueSleepAnalysis{value}", zoned=True
        )

    def _record(
        self,
        type: str,
        source: str,
        begins: datetime,
        ends: datetime,
        value: object,
        *,
        unit: str = "",
        zoned: bool = False,
    ) -> str:
        measured = f' unit="{unit}"' if unit else ""
        said = (
            f' <Record type="{type}" sourceName={quoteattr(source)} sourceVersion="10.2"'
            f'{measured} creationDate="{_stamp(ends)}"'
            f' startDate="{_stamp(begins)}" endDate="{_stamp(ends)}" value="{value}"'
        )
        if not zoned:
            return f"{said}/>\n"
        return (
            f'{said}>\n  <MetadataEntry key="HKTimeZone" value="{self._zone_name}"/>\n </Record>\n'
        )

    def _at(self, day: date, hour: int, minute: int) -> datetime:
        """An instant, so that what is added to it is time that passes, through summer time too."""
        return datetime.combine(day, time(hour, minute), self._zone).astimezone(UTC).astimezone(
            self.now.tzinfo
        )  # fmt: skip


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %z")
