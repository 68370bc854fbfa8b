"""The way in, in a real browser against the sandbox: sign in, connect, one tip, done, out again."""

import pytest
from playwright.sync_api import expect

from accounts.models import Erasure, User
from integrations.models import Connection
from recommender.models import Feedback
from tests.flows.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_stranger_gets_a_tip_answers_it_and_leaves_without_a_trace(sandbox, worker, look):
    page = look(None, "/")
    assert "/welcome/" in page.url
    page.get_by_role("button", name="Continue with Google").click()
    page.wait_for_url(f"{sandbox.url}/**")
    page.locator("button[name=persona]").first.click()
    page.wait_for_url("**/connect/")
    assert User.objects.get().time_zone == "Europe/Berlin"

    page.get_by_role("button", name="Connect Todoist").click()
    page.wait_for_url(f"{sandbox.url}/**")
    page.locator("button[name=persona]").first.click()
    page.wait_for_url(lambda url: url.endswith("/"))
    # Whatever kind comes first: "Done", "I’ll do it", "Got it".
    done = page.locator("button[name=reaction][value=done]")
    expect(done).to_be_visible(timeout=60_000)
    first = page.locator("h1").text_content() or ""
    done.click()
    expect(page.locator("h1")).not_to_have_text(first)
    assert Feedback.objects.get().reaction == "done"

    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_text("Last read just now")).to_be_visible()
    page.get_by_role("link", name="Delete account").click()
    page.get_by_role("button", name="Delete everything").click()
    page.wait_for_url("**/erased/**")
    eventually(lambda: Erasure.objects.get().finished_at, what="erased")
    expect(page.locator("h1")).to_have_text("All gone.")
    assert not Connection.objects.exists()
    page.goto("/")
    assert "/welcome/" in page.url


def test_who_cancels_at_google_reads_that_nothing_was_shared(sandbox, look):
    page = look(None, "/welcome/")
    page.get_by_role("button", name="Continue with Google").click()
    page.wait_for_url(f"{sandbox.url}/**")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url("**/welcome/")
    expect(page.get_by_role("status")).to_have_text("You cancelled at Google. Nothing was shared.")
