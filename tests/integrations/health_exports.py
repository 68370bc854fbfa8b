"""Health exports written by the tests themselves."""

import io
import tempfile
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime

from integrations.formats.apple_health import parse
from integrations.formats.apple_health_zip import opened, pieces
from integrations.formats.facts import BadFormat, HealthPull
from integrations.sources.apple_health import AppleHealth
from tests.integrations.samples.apple_health import packed

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
MADE_ON = '<ExportDate value="2026-11-18 09:00:00 +0100"/>'
STEPS = "HKQuantityTypeIdentifierStepCount"
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
MINDFUL = "HKCategoryTypeIdentifierMindfulSession"
RESTING = "HKQuantityTypeIdentifierRestingHeartRate"


def record(
    type: str,
    start: str,
    end: str,
    value: object = "HKCategoryValueNotApplicable",
    *,
    source: str = "Watch",
    zone: str = "",
) -> str:
    """A record of the 17th of November 2026, unless `start` has another date: `17 23:30`."""
    begins, ends = (f"2026-11-{at}:00 +0100" if len(at) == 8 else at for at in (start, end))
    inside = f'<MetadataEntry key="HKTimeZone" value="{zone}"/>' if zone else ""
    return (
        f'<Record type="{type}" sourceName="{source}" startDate="{begins}" endDate="{ends}" '
        f'value="{value}">{inside}</Record>'
    )


def asleep(start: str, end: str, stage: str = "AsleepCore", **more: str) -> str:
    return record(SLEEP, start, end, f"HKCategoryValueSleepAnalysis{stage}", **more)


def document(*elements: str, before: str = "", made_on: str = MADE_ON) -> bytes:
    inside = "\n".join(elements)
    return f'<?xml version="1.0"?>{before}<HealthData>{made_on}\n{inside}</HealthData>'.encode()


def read(data: bytes, *, now: datetime = NOW, keep_days: int = 400) -> HealthPull:
    """Parses here and now, as the child does."""
    with opened(io.BytesIO(data)) as (file, size):
        return parse(pieces(file, size), now=now, keep_days=keep_days)


def days(*elements: str, measure: str) -> dict[str, float]:
    """What each day comes to in one measure: `17` is the 17th."""
    found = read(document(*elements)).days
    return {f"{one.day:%d}": one.value for one in found if one.measure == measure}


def upload(data: bytes, *, now: datetime = NOW) -> HealthPull:
    """As a worker does it, child process and all."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(0)
        return AppleHealth().read(file, tell=lambda percent: None, now=now)


def refusal(data: bytes) -> str:
    """The sentence with which a file is refused; empty when it isn't."""
    try:
        read(data)
    except BadFormat as error:
        return str(error)
    return ""


def lying_zip(data: bytes, *, declared: int) -> bytes:
    """A zip file whose header says that its export has another size than it has."""
    held = packed({"export.xml": data})
    with zipfile.ZipFile(io.BytesIO(held)) as archive:
        size = archive.getinfo("export.xml").file_size
    return held.replace(size.to_bytes(4, "little"), declared.to_bytes(4, "little"))


def chunked(data: bytes, size: int) -> Iterable[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]
