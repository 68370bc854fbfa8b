"""The connect and settings pages with every kind of connection on them, in every state."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from integrations import snapshot
from integrations.models import Connection
from integrations.sources.google_calendar import EVENTS, FREEBUSY
from tests.pages.people import Someone, someone
from tests.pages.test_every_page import is_wide, violations

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 800}
ADDRESS = "https://calendar.example.com/private-0123456789abcdef/basic.ics"
LONG = "Donaudampfschifffahrtsgesellschaftskalender der ganzen Familie, ohne Jürgen"


def with_everything() -> Someone:
    """A list, a calendar, feeds that are well, broken and long in name, and a file."""
    ada = someone("Water the basil")
    now = timezone.now()

    def connect(source: str, **fields: object) -> Connection:
        defaults = {"created_at": now, "synced_at": now - timedelta(minutes=7), "due_at": now}
        return Connection.objects.create(user=ada.user, source=source, **(defaults | fields))

    connect("google_calendar", scope=f"{FREEBUSY} {EVENTS}", access_token="a")
    for number, (label, trouble) in enumerate(
        [("Family", ""), ("", "link_broken"), (LONG[:60], "no_calendar")]
    ):
        connect(
            "ical_feed", slot=str(number), label=label, access_token=ADDRESS,
            trouble=trouble, failures=9 if trouble else 0,
        )  # fmt: skip
    file = connect("ical", due_at=None)
    notes = "An event of 3 March 2026 was left out: it repeats every second."
    snapshot.write(file.pk, {snapshot.NOTES: notes}, lasts=timedelta(hours=1))
    return ada


STATES = {
    "nothing": lambda: someone(connected=False),
    "a list": lambda: someone("Water the basil"),
    "reconnect": lambda: someone(status="reconnect"),
    "everything": with_everything,
}


def picture(page: Page, name: str) -> None:
    """For the eye, where OO_PICTURES names a folder."""
    if folder := os.environ.get("OO_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("path", ["/connect/", "/settings/"])
@pytest.mark.parametrize("state", STATES)
def test_each_state_is_accessible_and_narrow(look, path, state):
    page = look(STATES[state](), path, viewport=PHONE)
    assert violations(page) == []
    assert not is_wide(page)
    picture(page, f"{path.strip('/')} {state} phone")
    page.set_viewport_size({"width": 320, "height": 568})
    assert not is_wide(page)
    page.set_viewport_size(DESKTOP)
    assert not is_wide(page)
    picture(page, f"{path.strip('/')} {state} desktop")
    for button in page.locator("button:visible, .button:visible, summary:visible").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44, button.inner_text()
    for field in page.locator("input:visible:not([type=checkbox])").all():
        assert field.bounding_box()["height"] >= 44


def test_a_page_with_everything_stays_small(look):
    page = look(with_everything(), "/settings/")
    for path in ("/settings/", "/connect/"):
        assert len(page.context.request.get(path).body()) < 30_000


def test_a_secret_address_is_not_on_the_page(look):
    page = look(with_everything(), "/settings/")
    assert "0123456789abcdef" not in page.content()
    assert page.get_by_text("calendar.example.com/••••").count() == 3


def test_a_feed_is_renamed_and_removed_without_javascript(look):
    page = look(with_everything(), "/settings/", java_script_enabled=False)
    family = page.locator("section.source", has=page.get_by_role("heading", name="Family"))
    family.locator("summary", has_text="Rename").click()
    family.get_by_label("What you call it").fill("Choir")
    family.get_by_role("button", name="Rename it").click()
    choir = page.locator("section.source", has=page.get_by_role("heading", name="Choir"))
    choir.locator("summary", has_text="Remove").click()
    choir.get_by_role("button", name="Remove Choir").click()
    expect(page.get_by_role("status")).to_contain_text("Choir is disconnected")
    assert page.get_by_role("heading", name="Choir").count() == 0


def test_a_mistyped_address_says_what_to_do_where_one_is(look):
    page = look(someone(connected=False), "/connect/")
    page.get_by_label("Its secret address").fill("my calendar")
    page.get_by_role("button", name="Add this calendar").click()
    expect(page.get_by_role("status")).to_contain_text("This is not an address.")
    assert violations(page) == []
