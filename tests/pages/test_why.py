"""Why this, now: folded on the tip page, fetched when it is asked for, a page where there is no script."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from agents.models import Candidate
from integrations.models import Connection, Task
from recommender.bandit.why_words import LONGEST
from recommender.models import Decision
from recommender.registry import policies
from tests.pages.people import Someone, someone
from tests.pages.test_every_page import TITLES, is_wide, violations

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

WHY = "Why this, now"


@pytest.fixture(autouse=True)
def _certain(settings) -> None:
    settings.ACTIVE_POLICY = "urgency"


def one_late_of(*titles: str) -> Someone:
    """Someone whose first task is overdue and whose second is important."""
    ada = someone(*titles)
    first, second = (
        Task.objects.filter(candidates__in=Candidate.objects.filter(user=ada.user))
        .order_by("pk")
        .all()[:2]
    )
    Task.objects.filter(pk=first.pk).update(due_on=(timezone.now() - timedelta(days=3)).date())
    Task.objects.filter(pk=second.pk).update(priority=3)
    return ada


def unfold(page: Page) -> None:
    page.get_by_text(WHY).click()
    expect(page.locator(".why")).to_contain_text("overdue")
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")  # it fades in


def test_it_is_folded_and_fetched_once_when_it_is_unfolded(look):
    page = look(one_late_of("Water the basil", "Call the dentist"), service_workers="block")
    asked = []
    page.on("request", lambda request: "/why/" in request.url and asked.append(request.url))
    page.wait_for_load_state("networkidle")
    assert asked == []
    expect(page.locator(".why div")).to_be_hidden()
    for _ in range(3):
        page.get_by_text(WHY).click()
        page.wait_for_timeout(150)
    expect(page.locator(".why div")).to_have_text(
        "It was overdue.It would have been “Call the dentist” if this one had not been overdue."
    )
    assert page.locator(".why bdi").text_content() == "Call the dentist"
    assert len(asked) == 1


def test_it_is_unfolded_with_the_keyboard_and_told_to_a_screen_reader(look):
    page = look(one_late_of("Water the basil", "Call the dentist"))
    for _ in range(4):
        page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.tagName") != "SUMMARY":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".why")).to_contain_text("It was overdue.")
    assert page.locator(".why div").get_attribute("aria-live") == "polite"
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert violations(page) == []
    page.keyboard.press("Space")
    expect(page.locator(".why div")).to_be_hidden()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText.split('\\n')[0]") == "Done"


def test_without_javascript_it_is_a_page_of_its_own(look):
    page = look(one_late_of("Water the basil", "Call the dentist"), java_script_enabled=False)
    page.get_by_text(WHY).click()
    page.get_by_role("link", name="Read why").click()
    assert page.get_by_role("heading", level=1).inner_text() == WHY
    assert "It was overdue." in page.locator("main").inner_text()
    page.get_by_role("link", name="Back to your tip").click()
    assert "Water the basil" in page.locator("h1").inner_text()


def test_its_own_page_is_accessible_narrow_and_quiet(look):
    page = look(one_late_of("Water the basil", "Call the dentist"))
    page.goto(f"/why/{Decision.objects.get().pk}/")
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 568})
    assert not is_wide(page)
    assert page.title() == f"{WHY} · oO"


@pytest.mark.parametrize("what", TITLES)
def test_unfolded_any_title_stays_text_and_inside_the_page(look, what):
    ada = one_late_of("Water the basil", TITLES[what])
    page = look(ada, viewport={"width": 320, "height": 568})
    unfold(page)
    named = page.locator(".why bdi").text_content()
    assert named.removesuffix("…")
    assert TITLES[what].strip().startswith(named.removesuffix("…"))
    assert len(named) <= LONGEST + 1
    assert page.evaluate("window.cracked") is None
    assert not is_wide(page)
    assert violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    assert not is_wide(page)
    told = page.locator(".why").bounding_box()
    assert told["y"] + told["height"] <= page.locator(".actions").bounding_box()["y"]


def test_what_is_unfolded_stays_when_the_page_looks_again(look):
    page = look(one_late_of("Water the basil", "Call the dentist"))
    unfold(page)
    page.evaluate("document.querySelector('h1').same = true")
    with page.expect_response(lambda response: response.url.endswith("/")):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(200)
    assert page.evaluate("document.querySelector('h1').same") is True
    expect(page.locator(".why")).to_contain_text("It was overdue.")


def test_the_next_tip_comes_folded(look):
    page = look(one_late_of("Water the basil", "Call the dentist"))
    unfold(page)
    page.keyboard.press("d")
    expect(page.locator("h1")).to_contain_text("Call the dentist")
    expect(page.locator(".why div")).to_be_hidden()
    page.get_by_text(WHY).click()
    expect(page.locator(".why")).to_contain_text("It was all there was to say.")


def test_offline_the_link_stays(look):
    page = look(one_late_of("Water the basil", "Call the dentist"), service_workers="block")
    page.route("**/why/**", lambda route: route.abort())
    page.get_by_text(WHY).click()
    page.wait_for_timeout(200)
    expect(page.get_by_role("link", name="Read why")).to_be_visible()
    page.context.complaints.clear()  # the browser notes what was cut off
    page.unroute("**/why/**")
    page.get_by_text(WHY).click()
    unfold(page)


def test_with_a_broken_source_the_lines_below_keep_their_place(look):
    ada = one_late_of("Water the basil", "Call the dentist")
    Connection.objects.update(status="reconnect")
    page = look(ada)
    unfold(page)
    told = page.locator(".why").bounding_box()
    assert told["y"] + told["height"] <= page.locator(".actions").bounding_box()["y"]


def test_silence_is_explained_too(look, settings):
    settings.ACTIVE_POLICY = "mute"
    settings.SILENCE_AFTER = 0
    mute, rule = "tests.recommender.silent.Mute", "recommender.bandit.policies.urgency.Urgency"
    with policies.replaced_by(mute, rule):
        page = look(one_late_of("Water the basil", "Call the dentist"))
        assert page.locator("h1").inner_text() == "Nothing needs you now."
        page.get_by_text("Why silence, now").click()
        expect(page.locator(".why")).to_contain_text("oO chose to say nothing")
        page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
        assert violations(page) == []
