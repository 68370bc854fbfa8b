"""The pages of a user's endpoints, in a browser: accessible, narrow, and the secret in one view."""

import pytest
from playwright.sync_api import expect

from tests.pages.people import someone
from tests.pages.test_every_page import is_wide, violations

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


def test_an_endpoint_is_made_shown_and_deleted(look):
    page = look(someone("Water the basil"), "/endpoints/")
    assert violations(page) == []
    page.get_by_label("Name").fill("Bike shop")
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bike shop")
    secret = page.locator("[data-secret]").inner_text()
    assert secret.startswith("whsec_")
    assert violations(page) == []
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 568})
        assert not is_wide(page)
    page.get_by_text("The whole schema").click()
    assert not is_wide(page)
    page.get_by_role("link", name="All endpoints").click()
    assert secret not in page.content()
    page.get_by_role("link", name="Bike shop").click()
    assert secret not in page.content()
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("Bike shop is deleted")).to_be_visible()
