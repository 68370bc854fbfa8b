"""Handing over a health export in a real browser, to a real worker: seen on its way, with and without
scripts."""

import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from integrations.models import HealthDay, Upload
from integrations.upload_files import folder
from oo.sandbox.health import write_export
from oo.sandbox.personas import BY_ID
from tests.pages.people import someone
from tests.pages.test_every_page import is_wide

DOOR = "/connect/apple_health/export/"


@pytest.fixture
def export(tmp_path) -> Path:
    path = tmp_path / "export.zip"
    with path.open("wb") as file:
        write_export(file, BY_ID["mei"], now=datetime.now(UTC), days=30, megabytes=12, quirks=True)
    return path


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_export_is_handed_over_and_seen_until_it_is_read(look, worker, export, scripts):
    page = look(someone(), DOOR, java_script_enabled=scripts)
    page.get_by_role("checkbox").check()
    page.set_input_files("input[type=file]", export)
    os.killpg(worker.pid, signal.SIGSTOP)  # or it may be done before the browser has shown a thing
    page.get_by_role("button", name="Read this export").click()
    expect(page.get_by_role("heading", name="Reading your export")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    os.killpg(worker.pid, signal.SIGCONT)
    # Without scripts the page reloads itself, and no test framework can see a meta refresh begin.
    expect(page.get_by_text("31 days read.")).to_be_visible(timeout=60_000)
    assert HealthDay.objects.filter(measure="steps").count() >= 30
    assert list(folder().iterdir()) == []


def test_nothing_is_sent_without_the_tick(look, export):
    page = look(someone(), DOOR)
    page.set_input_files("input[type=file]", export)
    page.get_by_role("button", name="Read this export").click()
    time.sleep(0.3)
    assert not Upload.objects.exists()
    assert page.get_by_role("checkbox").evaluate("box => box.validity.valueMissing")


def test_a_refusal_is_said_where_the_file_was_chosen(look, worker, tmp_path):
    page = look(someone(), DOOR)
    other = tmp_path / "holiday.zip"
    other.write_bytes(b"PK\x03\x04 no zip")
    page.get_by_role("checkbox").check()
    page.set_input_files("input[type=file]", other)
    page.get_by_role("button", name="Read this export").click()
    expect(page.get_by_text("damaged or not all of it arrived")).to_be_visible(timeout=60_000)
    assert list(folder().iterdir()) == []


def test_the_page_of_an_export_fits_a_phone(look):
    for width in (320, 360, 390):
        page = look(
            someone("Water the basil", email=f"ada{width}@example.com"),
            "/connect/apple_health/export/",
            viewport={"width": width, "height": 740},
        )
        assert not is_wide(page)
