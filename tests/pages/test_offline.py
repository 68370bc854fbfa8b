"""Without a connection: the last tip is there, an answer is kept, and it is sent once."""

import re

import pytest
from playwright.sync_api import Page, expect

from recommender.models import Feedback
from tests.flows.waiting import eventually
from tests.pages.people import someone

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

IN_CACHES = """async () => {
    const found = [];
    for (const name of await caches.keys())
        for (const request of await (await caches.open(name)).keys())
            found.push(new URL(request.url).pathname);
    return found;
}"""


def settled(page: Page) -> Page:
    """The page once the service worker has taken over and kept what it needs."""
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.reload()
    page.wait_for_function("caches.match('/').then((kept) => !!kept)")
    return page


def cut_off(page: Page, cut: bool) -> None:
    page.context.set_offline(cut)


def test_the_last_tip_is_there_and_says_that_it_is_the_last(look):
    page = settled(look(someone("Water the basil")))
    cut_off(page, True)
    page.reload()
    expect(page.locator("h1")).to_contain_text("Water the basil")
    expect(page.get_by_role("status")).to_have_text("Offline. This was your last tip.")
    fonts = page.evaluate(
        "document.fonts.ready.then(() => document.fonts.check('20px Newsreader'))"
    )
    assert fonts, "the page has its style and type without a connection"
    page.context.complaints.clear()


def test_an_answer_given_offline_is_kept_and_sent_once_when_the_connection_is_back(look):
    page = settled(look(someone("Water the basil")))
    cut_off(page, True)
    page.reload()
    page.keyboard.press("d")
    expect(page.get_by_role("status")).to_have_text("Kept. It will be sent when you are back.")
    assert not Feedback.objects.exists()
    # What was answered does not come back as the last tip.
    page.reload()
    expect(page.locator("h1")).to_have_text("No connection.")
    cut_off(page, False)
    eventually(Feedback.objects.exists, what="the answer was sent")
    expect(page.locator("h1")).to_have_text("Nothing needs you now.", timeout=60_000)
    assert Feedback.objects.get().reaction == "done"
    left = page.evaluate(
        """() => new Promise((resolve) => {
            const opening = indexedDB.open("oo", 1);
            opening.onsuccess = () => {
                const all = opening.result.transaction("reactions").objectStore("reactions").getAll();
                all.onsuccess = () => resolve(all.result.length);
            };
        })"""
    )
    assert left == 0
    page.context.complaints.clear()


def test_the_page_that_stayed_open_shows_the_next_tip_when_the_connection_is_back(look):
    page = settled(look(someone("Water the basil", "Call the dentist")))
    cut_off(page, True)
    page.keyboard.press("s")
    expect(page.get_by_role("status")).to_have_text("Kept. It will be sent when you are back.")
    answered = page.locator("h1").text_content()
    page.keyboard.press("d")  # there is nothing to answer now
    cut_off(page, False)
    expect(page.locator("h1")).not_to_have_text(answered or "")
    expect(page.locator("main")).not_to_have_class(re.compile("leaving"))
    assert [feedback.reaction for feedback in Feedback.objects.all()] == ["snooze"]
    page.context.complaints.clear()


def test_no_button_of_an_answered_tip_is_left_while_its_answer_is_kept(look):
    page = settled(look(someone("Water the basil", "Call the dentist")))
    cut_off(page, True)
    expect(page.get_by_role("button", name="Not today")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_role("status")).to_have_text("Kept. It will be sent when you are back.")
    expect(page.locator("main").get_by_role("button")).to_have_count(0)
    page.context.complaints.clear()


def test_any_other_page_says_that_there_is_no_connection(look):
    page = settled(look(someone("Water the basil")))
    cut_off(page, True)
    page.goto("/settings/")
    expect(page.locator("h1")).to_have_text("No connection.")
    page.context.complaints.clear()


def test_only_the_shell_and_the_tip_page_are_kept(look):
    page = settled(look(someone("Water the basil")))
    page.goto("/settings/")
    page.goto("/privacy/")
    page.evaluate("fetch('/api/profile').then((r) => r.text())")
    page.goto("/")
    kept = page.evaluate(IN_CACHES)
    pages = {path for path in kept if not path.startswith("/static/oo/")}
    assert pages == {"/", "/offline/"}


def test_signing_out_leaves_nothing_of_the_person_behind(look):
    page = settled(look(someone("Water the basil")))
    page.goto("/settings/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/welcome/**")
    page.wait_for_function(f"({IN_CACHES})().then((kept) => !kept.includes('/'))")


def test_a_session_that_ended_elsewhere_takes_the_last_tip_with_it(look):
    page = settled(look(someone("Water the basil")))
    page.context.clear_cookies()
    page.goto("/")
    assert "/welcome/" in page.url
    page.wait_for_function(f"({IN_CACHES})().then((kept) => !kept.includes('/'))")


def test_a_newer_shell_replaces_the_old_one_and_the_tip_that_was_made_for_it(look):
    page = settled(look(someone("Water the basil")))
    page.evaluate(
        "caches.open('oo-shell-older').then((cache) => cache.put('/old', new Response()))"
    )
    [worker] = page.context.service_workers
    worker.evaluate("takeOver()")  # what it does when it is activated
    assert "oo-shell-older" not in page.evaluate("caches.keys()")
    kept = page.evaluate(IN_CACHES)
    assert "/offline/" in kept
    assert "/" not in kept
