"""The pages of a user's endpoints, in a browser: accessible, narrow, and the secret in one view."""

import pytest
from playwright.sync_api import expect

from integrations.models import Connection
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


def test_a_reload_of_a_new_endpoint_makes_no_second_one(look):
    ada = someone("Water the basil")
    page = look(ada, "/endpoints/")
    page.get_by_label("Name").fill("Bike shop")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("[data-secret]")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bike shop")
    expect(page.locator("[data-secret]")).to_have_count(0)
    assert Connection.objects.filter(user=ada.user, source="webhook").count() == 1
