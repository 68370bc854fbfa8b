"""The console in a real browser, under its own content policy."""

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from adminconsole.models import AdminAction
from integrations.models import Connection
from recommender.models import PolicyState

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = (
    "/admin/", "/admin/health/", "/admin/accounts/user/", "/admin/recommender/decision/",
    "/admin/agents/agentoutput/", "/admin/agents/belief/", "/admin/agents/writing/",
)  # fmt: skip


def opened(browser: Browser, live, console, **how: object) -> tuple[Page, list[str]]:
    """A page with the operator's session, and what the browser complains of."""
    context = browser.new_context(**how)  # type: ignore[arg-type]
    context.set_default_timeout(30_000)
    session = console.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
    )
    return page, complaints


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_pages_break_no_rule_and_fit_the_screen(browser, live, world, console, theme, width):
    someone = world(2).first
    decision = someone.decisions.latest("created_at")
    page, complaints = opened(
        browser, live, console, color_scheme=theme, viewport={"width": width, "height": 844}
    )
    for address in (*PAGES, f"/admin/recommender/decision/{decision.pk}/change/"):
        page.goto(live.url + address, wait_until="networkidle")
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, address
    assert complaints == []
    page.context.close()


def test_no_table_of_the_overview_runs_past_its_tile_on_a_phone(browser, live, world, console):
    now = timezone.now()
    Connection.objects.create(user=world().first, source="google_calendar", created_at=now)
    page, _ = opened(browser, live, console, viewport={"width": 360, "height": 740})
    page.goto(live.url + "/admin/", wait_until="networkidle")
    for place in page.locator(".oo-tile:has(table) > *").all():
        tile = place.evaluate("one => one.parentElement.getBoundingClientRect().right")
        assert place.evaluate("one => one.getBoundingClientRect().right") <= tile
    page.context.close()


def test_an_operator_resets_two_bandits_from_the_list(browser, live, world, console, operator):
    people = [someone.user for someone in world(2).people]
    page, complaints = opened(browser, live, console, viewport={"width": 1280, "height": 844})
    page.goto(f"{live.url}/admin/accounts/user/?q=p")
    for someone in people:
        page.locator(f"input.action-select[value='{someone.pk}']").check()
    page.select_option("select[name=action]", label="Reset bandit")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("heading", name="Reset bandit: 2 users?")).to_be_visible()
    assert PolicyState.objects.count() == 2
    page.get_by_role("button", name="Reset bandit").click()
    expect(page.get_by_text("Reset bandit: 2 × 1 reward forgotten")).to_be_visible()
    assert not PolicyState.objects.exists()
    assert AdminAction.objects.filter(action="Reset bandit", actor=operator).count() == 2
    assert complaints == []
    page.context.close()


def test_the_overview_looks_after_oos_health_by_itself(browser, live, console):
    page, complaints = opened(browser, live, console, viewport={"width": 1280, "height": 844})
    page.goto(f"{live.url}/admin/")
    expect(page.locator(".oo-headline")).to_contain_text("Worker")  # none runs here
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_an_experiment_is_planned_after_an_arm_that_can_not_be(
    browser, live, console, theme, width
):
    page, complaints = opened(
        browser, live, console, color_scheme=theme, viewport={"width": width, "height": 844}
    )
    page.goto(f"{live.url}/admin/recommender/policyexperiment/add/")
    page.fill("[name=name]", "try")
    page.fill("[name=arms_]", f"old random 0.5\n{'n' * 41} linucb 0.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("is no name: up to 40 letters")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.fill("[name=arms_]", "old random 0.5\nnew linucb 0.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert complaints == []
    page.context.close()
