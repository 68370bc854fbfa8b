"""What holds on every page: accessible, narrow, light, quiet in the console, safe with any words."""

from urllib.parse import urlsplit

import brotli
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Erasure
from tests.pages.people import Someone, add_tips, someone

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

PUBLIC = ("/welcome/", "/terms/", "/privacy/", "/offline/", "/api/docs")
SIGNED_IN = (
    "/",
    "/connect/",
    "/settings/",
    "/beliefs/",
    "/balance/",
    "/situations/",
    "/account/delete/",
)
LONG = (
    "Read the report about the river and note three questions for Thursday, then send them to "
    "Anneliese & Jürgen; the Gesundheitsministeriumsabteilungsleiterin wants one page at most, see "
    "https://example.com/a/very/long/path/to/the/archive?year=2025&draft=final-final#appendix "
)
TITLES = {
    "500 characters": (LONG * 3)[:500],
    "one word": "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "no spaces": "x" * 500,
    "Japanese": "明日の会議の前に資料を印刷して、田中さんに渡すのを忘れないでください。" * 4,
    "emoji": "👩🏽‍🚀" * 60,
    "right to left": "اتصل بالطبيب قبل الساعة ٩:٣٠ يوم الجمعة واسأل عن الموعد القادم",
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞ " * 6,
    "HTML": "<script>window.cracked = 1</script> <b>bold</b> <img src=x onerror=cracked()> &amp; {{ x }}",
}


def is_wide(page: Page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def violations(page: Page) -> list[str]:
    # What fades in has not its colours yet; what breathes never ends.
    page.evaluate(
        "() => Promise.allSettled(document.getAnimations()"
        ".filter(one => one.effect.getComputedTiming().iterations !== Infinity)"
        ".map(one => one.finished)).then(() => null)"
    )
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("path", [*PUBLIC, *SIGNED_IN, "/nothing-here/"])
def test_a_page_is_accessible_narrow_and_quiet(look, path):
    page = look(someone("Water the basil") if path in SIGNED_IN else None, path)
    assert violations(page) == []
    page.set_viewport_size({"width": 320, "height": 568})
    assert not is_wide(page)
    assert page.title().endswith("oO") or page.title().startswith("oO")
    assert page.locator("h1").count() == 1
    if path == "/nothing-here/":
        page.context.complaints.clear()  # the browser notes the 404


@pytest.mark.parametrize(
    "state", ["nothing connected", "reading", "quiet", "reconnect", "beside", "two sources"]
)
def test_states_are_as_accessible_and_narrow_as_the_tip(look, state):
    ada, path = in_state(state)
    page = look(ada, path, viewport={"width": 320, "height": 568})
    assert violations(page) == []
    assert not is_wide(page)


def in_state(state: str) -> tuple[Someone, str]:
    if state == "nothing connected":
        return someone(connected=False), "/connect/"
    if state == "reading":
        return someone(read=False), "/"
    if state == "quiet":
        return someone(), "/"
    if state == "beside":
        return someone("Water the basil", status="reconnect"), "/"
    return someone(status="reconnect"), "/" if state == "reconnect" else "/settings/"


@pytest.mark.parametrize("what", TITLES)
def test_any_title_stays_text_and_inside_the_page(look, what):
    ada = someone()
    add_tips(ada, TITLES[what], content="Would now be a good time? {title}")
    page = look(ada, viewport={"width": 320, "height": 568})
    assert page.locator("h1 bdi").text_content().strip() == TITLES[what].strip()
    assert page.evaluate("window.cracked") is None
    assert not is_wide(page)
    for name in ("Done", "Later", "Not this"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box["width"] >= 44
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    page.set_viewport_size({"width": 1280, "height": 800})
    assert not is_wide(page)
    sentence = page.locator("h1").bounding_box()
    actions = page.locator(".actions").bounding_box()
    assert sentence["y"] + sentence["height"] <= actions["y"]


@pytest.mark.parametrize("finished", [False, True])
def test_the_receipt_of_a_deletion_tells_how_far_it_is(look, finished):
    now = timezone.now()
    steps = {"decisions": {"let_go": "not confirmed", "forgot": 41}, "account": {"forgot": 1}}
    erasure = Erasure.objects.create(
        user_id=9, asked_at=now, due_at=now, progress=steps, finished_at=now if finished else None
    )
    page = look(None, f"/erased/{erasure.receipt}/", viewport={"width": 320, "height": 568})
    expect(page.locator("main")).to_contain_text("42 records")
    expect(page.locator("main")).to_contain_text("One thing is left to you")
    assert violations(page) == []
    assert not is_wide(page)
    if not finished:
        Erasure.objects.update(finished_at=now)
    expect(page.locator("h1")).to_have_text("All gone.")


def test_everything_to_press_is_large_enough_for_a_thumb(look):
    for path in ("/settings/", "/connect/", "/"):
        page = look(someone("Water the basil", email=f"{path.strip('/')}@example.com"), path)
        for button in page.locator("button:visible, .button:visible, summary:visible, nav a").all():
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= 44, button.inner_text()


def test_disconnecting_asks_first_also_without_javascript(look):
    ada = someone("Water the basil")
    page = look(ada, "/settings/", java_script_enabled=False)
    assert page.get_by_role("button", name="Disconnect Todoist").is_hidden()
    page.locator("summary").click()
    page.get_by_role("button", name="Disconnect Todoist").click()
    assert "Todoist is disconnected" in page.get_by_role("status").inner_text()


def test_the_first_load_of_the_tip_page_weighs_at_most_30_kb(look):
    """As whitenoise and a server without a compressing proxy send it."""
    page = look(someone("Water the basil"), service_workers="block")
    page.wait_for_load_state("networkidle")
    loaded = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    icons = page.evaluate(
        "[...document.querySelectorAll('[rel=icon], [rel=manifest]')].map((l) => l.href)"
    )
    sizes = {}
    for url in {page.url, *loaded, *icons}:
        path = urlsplit(url).path
        body = page.context.request.get(url).body()
        is_static_text = path.startswith("/static/") and path.endswith((".css", ".js", ".svg"))
        sizes[path] = len(brotli.compress(body)) if is_static_text else len(body)
    assert {"/", "/manifest.webmanifest", "/static/oo/oo.js", "/static/oo/favicon.svg"} < set(sizes)
    assert any(path.endswith(".woff2") for path in sizes)
    assert sum(sizes.values()) <= 30_000, sizes


def test_in_forced_colours_the_actions_have_edges(look):
    page = look(someone("Water the basil"), forced_colors="active")
    edge = page.locator("button", has_text="Done").evaluate(
        "(e) => getComputedStyle(e).borderTopWidth"
    )
    assert edge == "1px"
    assert not is_wide(page)


def test_the_keys_are_listed_one_by_one_and_only_where_there_may_be_keys(look):
    ada = someone("Water the basil")
    page = look(ada, "/settings/")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    assert page.locator("[data-keys-choice] li").count() == 5
    phone = look(ada, "/settings/", has_touch=True, is_mobile=True)
    expect(phone.get_by_role("heading", name="Connections")).to_be_visible()
    expect(phone.get_by_role("heading", name="Keys")).to_be_hidden()


def test_all_days_of_the_week_stand_in_one_row_where_there_is_room(look):
    page = look(someone("Water the basil"), "/situations/", viewport={"width": 1440, "height": 900})
    tops = {box.bounding_box()["y"] for box in page.locator("fieldset.hours label").all()}
    assert len(tops) == 1
    page.set_viewport_size({"width": 320, "height": 568})
    assert not is_wide(page)


def test_a_button_without_a_frame_begins_where_the_one_above_it_does_on_a_phone(look):
    page = look(
        someone("Water the basil"), "/account/delete/", viewport={"width": 360, "height": 740}
    )
    left = page.locator(".button.strong").bounding_box()["x"]
    keep = page.get_by_role("link", name="Keep my account")
    padding = float(keep.evaluate("one => parseFloat(getComputedStyle(one).paddingLeft)"))
    assert abs(keep.bounding_box()["x"] + padding - left) < 2
