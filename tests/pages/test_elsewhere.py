"""What is done elsewhere leaves the screen, and a task can wait until tomorrow."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from integrations.models import Command, Task
from recommender.models import Feedback
from recommender.react import close_untrue
from tests.pages.people import someone
from tests.pages.test_tip_page import next_tip, sentence

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def done_elsewhere(ada, title: str) -> None:
    task = Task.objects.get(candidates__decisions__status="open")
    Task.objects.filter(pk=task.pk).update(closed_at=timezone.now(), closed_as="done")
    close_untrue(ada.user.pk, now=timezone.now())


def test_a_tip_done_elsewhere_goes_from_an_open_page(look):
    ada = someone("Water the basil", "Call the dentist")
    page = look(ada)
    first = sentence(page)
    done_elsewhere(ada, first)
    page.evaluate("dispatchEvent(new Event('focus'))")
    assert next_tip(page, first) != first


def test_a_page_that_is_only_looked_at_asks_by_itself(look):
    ada = someone("Water the basil", "Call the dentist")
    page = look(ada)
    first = sentence(page)
    done_elsewhere(ada, first)
    expect(page.locator("h1")).not_to_contain_text(first, timeout=60_000)


def test_while_a_tip_holds_the_page_is_not_fetched_again(look):
    page = look(someone("Water the basil"))
    asked: list[str] = []
    page.on("request", lambda request: "static" in request.url or asked.append(request.url))
    with page.expect_response("**/still/*/") as reply:
        page.evaluate("dispatchEvent(new Event('focus'))")
    assert reply.value.status == 204
    page.wait_for_timeout(300)
    assert len(asked) == 1


@pytest.mark.parametrize("how", ["button", "key"])
def test_not_today_moves_the_task_to_tomorrow(look, how):
    page = look(someone("Water the basil", "Call the dentist"))
    first = sentence(page)
    if how == "button":
        page.get_by_role("button", name="Not today").click()
    else:
        page.keyboard.press("t")
    expect(page.get_by_role("status")).to_have_text("Tomorrow, then.")
    next_tip(page, first)
    assert Feedback.objects.get().reaction == "snooze"
    assert Command.objects.get().kind == "postpone"
