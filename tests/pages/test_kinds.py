"""Each kind of tip in a real browser: its look, its answers; and the page on which their balance is said."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts import preferences
from agents.models import Candidate
from integrations.models import Task
from recommender.answers import WAYS
from recommender.bandit.feature_list import KINDS
from recommender.models import Feedback
from tests.pages.people import Someone, add_candidate, add_tips, someone
from tests.pages.test_every_page import is_wide, violations

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

SIZES = {"phone": (390, 844), "small phone": (320, 568), "desktop": (1280, 800)}
SAYS = {
    "advice": "Look out of a window for one minute, at the farthest thing you can see.",
    "insight": "Most of what you finish, you finish between 9 and 11 in the morning.",
}


def told(kind: str) -> Someone:
    """Someone with one tip of this kind; a reminder is of their task."""
    ada = someone()
    if kind in SAYS:
        add_candidate(ada, SAYS[kind], kind=kind, now=timezone.now())
        return ada
    content = "At 15:00: {title}" if kind == "reminder" else "{title}"
    (one,) = add_tips(ada, "Call the dentist", content=content)
    Candidate.objects.filter(pk=one.pk).update(kind=kind)
    return ada


def quiet(page: Page) -> None:
    expect(page.locator("h1")).to_have_text("Nothing needs you now.")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_accessible_narrow_and_large_enough_for_a_thumb(look, kind, size):
    width, height = SIZES[size]
    page = look(told(kind), viewport={"width": width, "height": height})
    assert violations(page) == []
    assert not is_wide(page)
    boxes = []
    for way in WAYS[kind]:
        button = page.get_by_role("button", name=way.label)
        box = button.bounding_box()
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        # What it says is inside it, so that no two of them run into each other.
        assert button.evaluate("one => one.scrollWidth <= one.clientWidth")
        boxes.append(box)
    for left, right in zip(boxes, boxes[1:], strict=False):
        assert left["x"] + left["width"] <= right["x"] + 0.5
    sentence, actions = page.locator("h1").bounding_box(), page.locator(".actions").bounding_box()
    assert sentence["y"] + sentence["height"] <= actions["y"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_looks_like_itself_and_says_what_it_is(look, kind):
    page = look(told(kind))
    mark = page.locator(".kind")
    name = page.get_by_role("heading", level=1).text_content().strip()
    assert name.startswith(f"{kind.capitalize()}:")
    assert mark.inner_text().strip() == ("" if kind == "task" else kind.capitalize())
    looks = {}
    for other in KINDS:
        mark.evaluate("(one, kind) => { one.className = 'kind ' + kind }", other)
        looks[other] = mark.evaluate("one => getComputedStyle(one).color")
    assert len(set(looks.values())) == len(KINDS)


@pytest.mark.parametrize(("key", "reaction"), [("d", "done"), ("x", "dismiss")])
@pytest.mark.parametrize("kind", KINDS)
def test_the_keys_answer_every_kind(look, kind, key, reaction):
    page = look(told(kind))
    page.keyboard.press(key)
    quiet(page)
    assert Feedback.objects.get().reaction == reaction


def test_a_key_that_a_kind_does_not_take_does_nothing(look):
    page = look(told("insight"))
    page.keyboard.press("s")
    page.wait_for_timeout(300)
    assert not Feedback.objects.exists()
    assert SAYS["insight"] in page.locator("h1").text_content()


def test_good_to_know_is_noted_and_can_be_taken_back_in_its_own_words(look):
    page = look(told("insight"))
    page.get_by_role("button", name="Good to know").click()
    expect(page.get_by_role("status")).to_have_text("Noted.")
    quiet(page)
    page.get_by_role("button", name="Undo “Good to know”").click()
    expect(page.locator("h1")).to_contain_text(SAYS["insight"])
    assert not Feedback.objects.exists()


def test_got_it_leaves_the_task_alone_and_done_already_completes_it(look):
    page = look(told("reminder"))
    page.get_by_role("button", name="Got it").click()
    expect(page.get_by_role("status")).to_have_text("All right.")
    quiet(page)
    assert not Task.objects.filter(closed_at__isnull=False).exists()
    page.get_by_role("button", name="Undo “Got it”").click()
    page.get_by_role("button", name="Done already").click()
    expect(page.get_by_role("status")).to_have_text("Done.")
    quiet(page)
    assert Task.objects.get().closed_as == "done"


def test_without_javascript_a_reminder_is_told_that_it_is_done(look):
    page = look(told("reminder"), java_script_enabled=False)
    page.get_by_role("button", name="Done already").click()
    assert page.locator("h1").inner_text() == "Nothing needs you now."
    assert Task.objects.get().closed_as == "done"


def test_someone_who_wants_no_advice_gets_none_and_all_is_calm(look):
    ada = told("advice")
    page = look(ada, "/settings/")
    page.get_by_role("link", name="Choose what you see").click()
    expect(page.locator("main")).to_contain_text("This is what everyone starts from.")
    page.get_by_label("Advice").select_option("None")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Noted.")
    expect(page.locator("main")).to_contain_text("This is your own choice.")
    assert preferences.of(ada.user)["balance"]["advice"] == 0
    page.goto("/")
    quiet(page)
    page.goto("/balance/")
    page.get_by_role("button", name="Let oO work it out").click()
    page.goto("/")
    expect(page.locator("h1")).to_contain_text(SAYS["advice"])


def test_wanting_nothing_at_all_is_refused_in_words(look):
    page = look(told("advice"), "/balance/")
    for name in ("Tasks", "Advice", "Insights", "Reminders"):
        page.get_by_label(name).select_option("None")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Leave at least one kind.")


@pytest.mark.parametrize("size", SIZES)
def test_the_page_of_the_balance_is_accessible_and_narrow(look, size):
    width, height = SIZES[size]
    page = look(told("task"), "/balance/", viewport={"width": width, "height": height})
    assert violations(page) == []
    assert not is_wide(page)
    for one in page.locator("main select, main button, main .button").all():
        assert one.bounding_box()["height"] >= 44
