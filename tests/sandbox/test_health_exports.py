"""Health exports of the people: believable, reproducible, of any size, and read by oO itself."""

import io
import zipfile
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from integrations.formats.facts import HealthPull
from oo.sandbox.health import document_of, write_export
from oo.sandbox.personas import BY_ID, PERSONAS, Persona
from tests.integrations.health_exports import read
from tests.sandbox.world import World

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)


def made(persona: Persona, **more: int) -> bytes:
    held = io.BytesIO()
    write_export(held, persona, now=NOW, **more)  # type: ignore[arg-type]
    return held.getvalue()


def by_measure(pull: HealthPull) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for one in pull.days:
        found.setdefault(one.measure, []).append(one.value)
    return found


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.id)
def test_a_life_is_believable(persona: Persona) -> None:
    pull = read(made(persona, days=30), now=NOW)
    assert pull.refused == []
    found = by_measure(pull)
    assert len(found["steps"]) >= 30
    assert all(500 < steps < 20_000 for steps in found["steps"][1:-1])
    assert all(4 * 60 < minutes < 11 * 60 for minutes in found["sleep"])
    assert all(50 <= beats <= 70 for beats in found["resting"])
    assert 3 <= len(found["mindful"]) < 30
    assert pull.made_on >= NOW.date()


def test_apples_mistakes_change_nothing_of_what_is_read() -> None:
    persona = BY_ID["amina"]
    plain, quirky = (read(made(persona, days=9, quirks=quirks)) for quirks in (0, 1))
    assert plain == quirky


def test_the_same_day_gives_the_same_export_and_another_person_another() -> None:
    mei, ruth = (b"".join(document_of(BY_ID[id], now=NOW, days=5)) for id in ("mei", "ruth"))
    assert mei == b"".join(document_of(BY_ID["mei"], now=NOW, days=5))
    assert mei != ruth


def test_it_is_as_large_as_was_asked_for() -> None:
    with zipfile.ZipFile(io.BytesIO(made(BY_ID["joao"], days=2, megabytes=3))) as archive:
        (entry,) = [one for one in archive.infolist() if one.file_size > 1000]
    assert 2_900_000 <= entry.file_size < 4_000_000
    assert not entry.filename.endswith("/export.xml"), "on his iPhone it has another name"


def test_it_is_downloaded_from_the_page_of_a_person(world: World) -> None:
    page = httpx.get(f"{world.url}/personas/mei").text
    assert "/personas/mei/export.zip" in page
    reply = httpx.get(f"{world.url}/personas/mei/export.zip?days=9&quirks=1&megabytes=x")
    assert reply.headers["content-type"] == "application/zip"
    later = datetime.now(UTC) + timedelta(days=1)
    assert len(by_measure(read(reply.content, now=later))["sleep"]) >= 9
    assert httpx.get(f"{world.url}/personas/nobody/export.zip").status_code == 404
