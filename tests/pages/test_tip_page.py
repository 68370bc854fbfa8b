"""The tip page in a real browser: one sentence, three answers, and what comes after."""

import json
import re
import time

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from accounts.models import User
from agents.models import Candidate
from integrations.models import Connection, Task
from recommender.models import Decision, Feedback
from tests.flows.waiting import eventually
from tests.pages.people import add_candidate, add_tips, someone

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def sentence(page: Page) -> str:
    """What the page says, without the kind that only a screen reader is told."""
    whole: str = page.locator("h1").text_content() or ""
    unseen = page.locator("h1 .unseen")
    return whole.removeprefix((unseen.text_content() or "") if unseen.count() else "").strip()


def next_tip(page: Page, after: str) -> str:
    expect(page.locator("h1")).not_to_contain_text(after)
    page.wait_for_function("!document.querySelector('.leaving')")
    return sentence(page)


def hide(page: Page, hidden: bool) -> None:
    """As when another tab is in front."""
    page.evaluate(
        """(state) => {
            Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        "hidden" if hidden else "visible",
    )


def test_done_says_so_and_the_next_tip_comes_without_a_new_page(look):
    ada = someone("Water the basil", "Call the dentist")
    page = look(ada)
    page.evaluate("window.same = true")
    first = sentence(page)
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("status")).to_have_text("Done.")
    second = next_tip(page, first)
    assert {first, second} == {"Water the basil", "Call the dentist"}
    assert page.evaluate("window.same") is True
    assert Feedback.objects.get().reaction == "done"
    assert Task.objects.filter(closed_at__isnull=False).count() == 1


def test_while_the_next_tip_comes_nothing_can_be_pressed_that_was_for_the_last(look):
    """An “Undo” that stayed would take back the answer before."""
    ada = someone("Water the basil", "Call the dentist", "Fetch the bike")
    page = look(ada, service_workers="block")
    first = sentence(page)
    page.get_by_role("button", name="Done", exact=True).click()
    second = next_tip(page, first)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    held: list[Route] = []
    page.route("**/api/feedback", lambda route: held.append(route))
    leaving = page.locator("main.leaving")
    while not leaving.count():  # a tap right after a tip has come is not taken for an answer to it
        page.get_by_role("button", name="Later").click()
        page.wait_for_timeout(100)
    for left in page.locator(".beside button").all():
        assert left.is_hidden(), left.text_content()
    while not held:
        page.wait_for_timeout(50)
    held[0].continue_()
    next_tip(page, second)
    expect(page.get_by_role("button", name="Undo “Later”")).to_be_visible()


@pytest.mark.parametrize(("key", "reaction"), [("d", "done"), ("s", "snooze"), ("x", "dismiss")])
def test_a_key_answers(look, key, reaction):
    page = look(someone("Water the basil"))
    page.keyboard.press(key)
    expect(page.locator("h1")).to_have_text("Nothing needs you now.")
    assert Feedback.objects.get().reaction == reaction


def test_keys_with_control_and_keys_that_are_turned_off_answer_nothing(look):
    page = look(someone("Water the basil"), "/settings/")
    page.get_by_role("checkbox", name="Answer with the keys").uncheck()
    page.goto("/")
    page.keyboard.press("d")
    page.wait_for_timeout(300)
    page.goto("/settings/")
    page.get_by_role("checkbox", name="Answer with the keys").check()
    page.goto("/")
    page.keyboard.press("Control+s")
    page.wait_for_timeout(300)
    assert not Feedback.objects.exists()
    page.keyboard.press("s")
    expect(page.locator("h1")).to_have_text("Nothing needs you now.")


def test_all_is_reached_with_tab_and_enter_and_the_next_sentence_is_read_out(look):
    page = look(someone("Water the basil", "Call the dentist"))
    names = []
    for _ in range(8):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement.innerText.split('\\n')[0]"))
    stops = ["Settings", "Why this, now", "Done", "Later", "Not this"]
    assert [name for name in names if name in stops] == stops
    page.keyboard.press("Shift+Tab")
    first = sentence(page)
    page.keyboard.press("Enter")
    next_tip(page, first)
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert Feedback.objects.get().reaction == "snooze"


def test_a_double_click_answers_once(look):
    page = look(someone("Water the basil", "Call the dentist", "Buy milk"), service_workers="block")
    sent, held = [], []
    page.route("**/api/feedback", lambda route: held.append(route))
    page.on("request", lambda request: "feedback" in request.url and sent.append(request))
    first = sentence(page)
    page.get_by_role("button", name="Done").dblclick()
    page.keyboard.press("d")
    page.wait_for_timeout(300)
    for route in held:  # not before, or what was pressed might answer the next tip
        route.continue_()
    next_tip(page, first)
    page.wait_for_timeout(500)
    assert len(sent) == 1
    assert Feedback.objects.count() == 1


def test_without_javascript_the_buttons_are_a_plain_form(look):
    page = look(someone("Water the basil", "Call the dentist"), java_script_enabled=False)
    first = sentence(page)
    page.get_by_role("button", name="Not this").click()
    assert page.url.endswith("/")
    assert sentence(page) != first
    assert Feedback.objects.get().reaction == "dismiss"
    assert page.locator("kbd").first.is_hidden()


def test_time_counts_only_while_the_page_is_in_sight(look):
    began = time.monotonic()
    page = look(someone("Water the basil"))
    page.wait_for_timeout(200)
    hide(page, True)
    page.wait_for_timeout(1500)
    hide(page, False)
    page.wait_for_timeout(200)
    with page.expect_request("**/api/feedback") as sent:
        page.keyboard.press("d")
    dwell = json.loads(sent.value.post_data)["dwell_ms"]
    assert 350 <= dwell < 1000 * (time.monotonic() - began) - 1400
    expect(page.locator("h1")).to_have_text("Nothing needs you now.")
    assert Feedback.objects.get().dwell_ms == dwell


def test_of_two_tabs_the_first_answer_counts_and_the_other_is_told(look):
    ada = someone("Water the basil", "Call the dentist")
    one = look(ada)
    two = one.context.new_page()
    two.goto("/")
    first = sentence(one)
    assert sentence(two) == first
    one.keyboard.press("d")
    next_tip(one, first)
    two.evaluate("document.querySelector('[value=dismiss]').click()")
    expect(two.get_by_role("status")).to_have_text("You already said “done” on another device.")
    next_tip(two, first)
    assert Feedback.objects.get().reaction == "done"


def test_a_tip_that_is_no_longer_true_goes_when_the_tab_is_seen_again(look):
    ada = someone("Water the basil", "Call the dentist")
    page = look(ada)
    first = sentence(page)
    hide(page, True)
    Task.objects.filter(candidates__decisions__status="open").update(closed_at=timezone.now())
    hide(page, False)
    next_tip(page, first)
    assert not Feedback.objects.exists()


def test_a_tip_that_is_still_true_stays_and_goes_on_counting(look):
    page = look(someone("Water the basil"))
    page.evaluate("document.querySelector('h1').same = true")
    page.wait_for_timeout(300)
    hide(page, True)
    with page.expect_response(lambda response: response.url.endswith("/")):
        hide(page, False)
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('h1').same") is True
    with page.expect_request("**/api/feedback") as sent:
        page.keyboard.press("s")
    assert json.loads(sent.value.post_data)["dwell_ms"] >= 300


@pytest.mark.parametrize(
    ("status", "says"), [(500, "That did not work, and it is our fault."), (429, "Wait a minute")]
)
def test_an_answer_that_fails_gives_the_tip_back_and_says_what_to_do(look, status, says):
    page = look(someone("Water the basil"), service_workers="block")
    page.route("**/api/feedback", lambda route: route.fulfill(status=status, json={}))
    later = page.get_by_role("button", name="Later")
    later.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(says)
    expect(later).to_be_visible()
    expect(later).to_be_focused()
    assert sentence(page) == "Water the basil"
    page.context.complaints.clear()
    page.unroute("**/api/feedback")
    page.keyboard.press("d")
    expect(page.locator("h1")).to_have_text("Nothing needs you now.")


def test_a_tip_that_is_gone_is_said_in_words_and_the_next_one_comes(look):
    ada = someone("Water the basil")
    page = look(ada)
    Decision.objects.all().delete()
    Candidate.objects.all().delete()
    add_tips(ada, "Call the dentist")
    page.evaluate("document.querySelector('[value=done]').click()")
    expect(page.get_by_role("status")).to_have_text("That tip is gone already.")
    expect(page.locator("h1")).to_contain_text("Call the dentist")
    page.context.complaints.clear()  # the browser notes the 404


def test_a_page_from_before_the_token_changed_answers_all_the_same(look):
    page = look(someone("Water the basil"))
    page.evaluate("document.querySelector('#now').dataset.csrf = 'x'.repeat(64)")
    page.keyboard.press("d")
    expect(page.locator("h1")).to_have_text("Nothing needs you now.")
    assert Feedback.objects.count() == 1
    page.context.complaints.clear()  # the browser notes the 403


def test_who_is_signed_out_meanwhile_is_led_to_the_sign_in(look):
    page = look(someone("Water the basil"))
    page.context.clear_cookies()
    page.keyboard.press("d")
    page.wait_for_url("**/welcome/**")
    page.context.complaints.clear()


def test_the_tip_comes_by_itself_once_the_list_is_read(look):
    ada = someone(read=False)
    page = look(ada)
    expect(page.locator("h1")).to_have_text("Reading your list…")
    Connection.objects.update(synced_at=timezone.now())
    add_tips(ada, "Water the basil")
    expect(page.locator("h1")).to_contain_text("Water the basil")


def test_without_javascript_reading_refreshes_by_itself(look):
    ada = someone(read=False)
    page = look(ada, java_script_enabled=False)
    assert page.locator("h1").inner_text() == "Reading your list…"
    Connection.objects.update(synced_at=timezone.now())
    add_tips(ada, "Water the basil")
    expect(page.locator("h1")).to_contain_text("Water the basil")


def test_a_source_that_needs_its_user_is_named_with_one_button(look, settings):
    page = look(someone(status="reconnect"))
    expect(page.locator("h1")).to_have_text("Todoist asks you to connect it again.")
    page.context.route(f"{settings.TODOIST_AUTHORIZE_URL}**", lambda route: route.fulfill(body="?"))
    page.get_by_role("button", name="Reconnect Todoist").click()
    page.wait_for_url(f"{settings.TODOIST_AUTHORIZE_URL}**")


def test_beside_a_tip_a_broken_source_is_one_quiet_line(look):
    ada = someone(status="reconnect")
    add_candidate(ada, "Drink a glass of water.", kind="advice", now=timezone.now())
    page = look(ada)
    assert sentence(page) == "Drink a glass of water."
    expect(page.get_by_role("button", name="Reconnect Todoist")).to_be_visible()


def test_the_kind_is_told_in_words_to_those_who_do_not_see_its_mark(look):
    ada = someone()
    add_tips(ada, "Water the basil", content="Today: {title}")
    page = look(ada)
    name = page.get_by_role("heading", level=1).text_content()
    assert re.sub(r"\s+", " ", name).startswith("Task: Today: Water the basil")
    assert page.locator(".kind").get_attribute("aria-hidden") == "true"


def test_the_browsers_zone_is_told_once(look):
    ada = someone("Water the basil", time_zone="UTC")
    page = look(ada)
    eventually(
        lambda: User.objects.get(pk=ada.user.pk).time_zone == "Europe/Berlin", what="zone told"
    )
    told = []
    page.on("request", lambda request: "time-zone" in request.url and told.append(request))
    page.reload()
    page.wait_for_timeout(500)
    assert told == []


def test_motion_stops_for_those_who_asked_for_none(look):
    page = look(someone("Water the basil"), reduced_motion="reduce")
    moving = page.evaluate(
        """[...document.querySelectorAll("*")].filter((e) => {
            const style = getComputedStyle(e);
            const slides = e.matches(".stage *") && style.transitionDuration !== "0s";
            return style.animationName !== "none" || slides;
        }).length"""
    )
    assert moving == 0
