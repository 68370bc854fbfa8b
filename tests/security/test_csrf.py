"""In a browser's session nothing is changed without the token of oO's own page."""

import json

import pytest
from django.test import Client

from accounts.models import User
from tests.privacy.lives import life
from tests.security.addresses import addresses, bodies, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def ada():
    return life("adalovelace")


def test_no_address_takes_a_change_without_a_token_not_even_from_its_owner(ada):
    User.objects.filter(pk=ada.user.pk).update(role=User.Role.ADMIN)  # so that nothing else is shut
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada.user)
    before, body = state_of(ada.user.pk), bodies(ada)
    for address in addresses(ada):
        # These take no session at all.
        if address.name in ("api_token", "webhook_in", "webhook_in_bare"):
            continue
        for method in UNSAFE:
            if address.is_api:
                reply = browser.generic(method, address.path, json.dumps(body), "application/json")
            elif method == "POST":
                reply = browser.post(address.path, body)
            else:
                reply = browser.generic(method, address.path)
            assert reply.status_code in (403, 404, 405), f"{method} {address}: {reply.status_code}"
    assert state_of(ada.user.pk) == before


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_form_on_another_site_is_refused_even_with_the_token(ada, origin):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada.user)
    browser.get("/account/delete/")
    token = browser.cookies["csrftoken"].value
    reply = browser.post(
        "/account/delete/", {"csrfmiddlewaretoken": token}, headers={"origin": origin}
    )
    assert reply.status_code == 403
    assert b"Nothing was changed" in reply.content
    ada.user.refresh_from_db()
    assert ada.user.is_active


def test_the_token_of_our_own_page_is_taken_by_form_and_by_header(ada):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada.user)
    browser.get("/settings/")
    token = browser.cookies["csrftoken"].value
    form = {"csrfmiddlewaretoken": token, "time_zone": "Asia/Tokyo"}
    assert browser.post("/time-zone/", form).status_code == 200
    reply = browser.post(
        "/api/recommend", content_type="application/json", headers={"x-csrftoken": token}
    )
    assert reply.status_code == 200


def test_an_api_call_without_the_token_says_so_as_a_problem(ada):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada.user)
    reply = browser.post("/api/recommend", content_type="application/json")
    assert reply.status_code == 403
    assert reply["Content-Type"] == "application/problem+json"
    assert "CSRF" in reply.json()["detail"]


def test_a_machine_needs_no_csrf_token(ada, settings):
    from django.utils import timezone

    from accounts.tokens import issue

    settings.ADMIN_SEED_EMAIL = "operator@example.com"
    token, _ = issue(settings.ADMIN_TOKEN, now=timezone.now())
    machine = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {token}"})
    reply = machine.post("/api/recommend", content_type="application/json")
    assert reply.status_code == 200
