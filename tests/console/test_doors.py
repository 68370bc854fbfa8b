"""Who gets in: operators, and nobody else, whichever address they try."""

import pytest
from django.contrib import admin
from django.test import Client

from tests.console.addresses import addresses, pages, patterns

pytestmark = pytest.mark.django_db

SIGN_IN = ("/admin/login/", "/welcome/")


def test_the_walk_finds_every_page_and_every_operation(world):
    world()
    found = addresses()
    assert len(found) == len(list(patterns())) > 120
    for wanted in ("/admin/", "/admin/health/", "/revoke-connections/", "/reset-bandit/"):
        assert any(wanted in address for address in found), wanted
    assert not [address for address in found if "<" in address]


def test_who_is_not_signed_in_is_sent_to_sign_in_from_every_address(world):
    world()
    stranger = Client()
    for address in addresses():
        for reply in (stranger.get(address), stranger.post(address)):
            assert reply.status_code == 302, address
            assert reply["Location"].startswith(SIGN_IN), address
    assert stranger.get("/admin/accounts/user/", follow=True).redirect_chain[-1] == (
        "/welcome/?next=/admin/accounts/user/",
        302,
    )


def test_who_is_no_operator_is_refused_at_every_address(world, visitor):
    world()
    for address in addresses():
        if address == "/admin/login/":
            continue  # leads to the sign-in page, which leads on to the tip
        for reply in (visitor.get(address), visitor.post(address, {"confirmed": "yes"})):
            assert reply.status_code == 403, address


def test_an_operator_who_was_blocked_is_out_at_once(world, console, operator):
    assert console.get("/admin/").status_code == 200
    operator.is_active = False
    operator.save()
    assert console.get("/admin/")["Location"].startswith(SIGN_IN)


def test_an_operator_finds_no_address_that_breaks(world, console):
    world()
    for address in addresses():
        reply = console.get(address)
        assert reply.status_code < 500, address
    assert len(pages()) > 50


def test_the_console_may_evaluate_and_the_pages_of_users_may_not(console):
    theirs = console.get("/admin/")["Content-Security-Policy"]
    assert "'unsafe-eval'" in theirs
    assert "script-src 'self' 'unsafe-eval';" in theirs + ";"
    assert "form-action 'self';" in theirs + ";"
    for address in ("/terms/", "/settings/", "/nothing-here/"):
        assert "unsafe" not in console.get(address).get("Content-Security-Policy", ""), address


def test_only_the_pages_of_the_house_are_registered():
    """allauth's, Django's and beat's own would show tokens, and could be written to."""
    strangers = [
        model.__name__
        for model, page in admin.site._registry.items()
        if not type(page).__module__.startswith("adminconsole.admin.")
    ]
    assert strangers == []


def test_leaving_the_console_leaves_oo(console):
    reply = console.post("/admin/logout/")
    assert reply["Location"] == "/welcome/"
    assert console.get("/admin/")["Location"].startswith(SIGN_IN)
