"""What oO believes, in a real browser: read, confirmed, corrected and forgotten, on a phone too."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts import preferences
from agents.infer import infer
from agents.models import Belief
from tests.agents.pasts import finish
from tests.pages.people import Someone, someone
from tests.pages.test_every_page import is_wide, violations
from tests.people import Person

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def known() -> Someone:
    """Someone with beliefs, two of which are their own word by now."""
    ada = someone()
    past = Person(ada.user, ada.connection)
    now = timezone.now()
    finish(past, hours=(9, 9.3, 9.6, 10, 16), days=80, now=now)
    infer([ada.user.pk], now=now)
    preferences.say(ada.user, "peak_hours", [9], now=now)
    preferences.say(ada.user, "lateness_tolerance_days", 5, now=now)
    return ada


def test_the_page_is_accessible_and_narrow_with_everything_on_it(look):
    page = look(known(), "/beliefs/")
    for summary in page.locator("main summary").all():
        summary.click()
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 568})
    assert not is_wide(page)
    assert page.locator("h1").count() == 1


def test_it_is_as_calm_with_nothing_known(look):
    page = look(someone(connected=False), "/beliefs/")
    expect(page.locator("h1")).to_have_text("What oO believes")
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 568})
    assert not is_wide(page)


def test_everything_to_press_is_large_enough_for_a_thumb(look):
    page = look(known(), "/beliefs/")
    for summary in page.locator("main summary").all():
        summary.click()
    for thing in page.locator("main :is(button, .button, summary, select, label:has(input))").all():
        box = thing.bounding_box()
        assert min(box["width"], box["height"]) >= 44, thing.inner_text()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_belief_is_confirmed_corrected_and_forgotten(look, scripts):
    ada = known()
    page = look(ada, "/settings/", java_script_enabled=scripts)
    page.get_by_role("link", name="See what oO believes").click()
    one = page.locator("#preferred_hour")
    expect(one).to_contain_text("You finish more between 9:00 and 10:00 than in any other hour")
    one.get_by_role("button", name="That’s right").click()
    expect(page.get_by_role("status")).to_contain_text("Kept.")
    expect(one).to_contain_text("You confirmed this.")
    one.locator("summary").click()
    one.get_by_label("The hour in which most").select_option("20:00")
    one.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("from the next tip on")
    assert preferences.of(ada.user)["preferred_hour"] == 20
    expect(one).to_contain_text("Your best hour is between 20:00 and 21:00.")
    one.get_by_role("button", name="Let oO work it out").click()
    expect(one).to_contain_text("between 9:00 and 10:00")
    one.get_by_role("button", name="Forget").click()
    expect(page.get_by_role("status")).to_contain_text("Forgotten.")
    expect(one).to_contain_text("oO looks only at what came after")
    assert not Belief.objects.filter(key="preferred_hour").exists()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_whoever_pressed_a_button_stays_where_they_were(look, scripts):
    """The belief is in sight with what became of it, and the next Tab goes on from there."""
    page = look(known(), "/beliefs/", java_script_enabled=scripts)
    page.set_viewport_size({"width": 390, "height": 500})
    one = page.locator("#lateness_tolerance_days")
    one.locator("summary").click()
    one.get_by_role("spinbutton").fill("4")
    one.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("/beliefs/#lateness_tolerance_days$"))
    expect(one).to_be_focused()
    expect(one.get_by_role("status")).to_be_in_viewport()
    expect(one.get_by_role("heading")).to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(one.get_by_role("button", name="Let oO work it out")).to_be_focused()
    one.get_by_role("button", name="Let oO work it out").press("Enter")
    expect(one.get_by_role("status")).to_have_text("Good. oO works it out by itself again.")
    expect(one).to_be_focused()
    expect(one.get_by_role("status")).to_be_in_viewport()


def test_hours_are_ticked_and_a_number_out_of_range_is_not_even_sent(look):
    ada = known()
    page = look(ada, "/beliefs/")
    hours = page.locator("#peak_hours")
    hours.locator("summary").click()
    hours.get_by_label("20:00").check()
    hours.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Noted.")
    assert preferences.of(ada.user)["peak_hours"] == [9, 20]
    late = page.locator("#lateness_tolerance_days")
    late.locator("summary").click()
    late.get_by_role("spinbutton").fill("-1")
    late.get_by_role("button", name="Save").click()
    assert late.get_by_role("spinbutton").evaluate("box => !box.validity.valid")
    assert preferences.of(ada.user)["lateness_tolerance_days"] == 5
