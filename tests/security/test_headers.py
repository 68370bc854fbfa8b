"""What every page tells the browser: run nothing strange, sit in no frame, keep no copy."""

import re

import pytest

from accounts.models import User
from tests.privacy.lives import life
from tests.security.addresses import addresses

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]

CACHEABLE = {"manifest", "service_worker"}  # the same for everyone, and nobody's
SHELL = {"/manifest.webmanifest", "/sw.js", "/offline/", "/healthz", "/terms/", "/privacy/"}


@pytest.fixture
def ada():
    return life("adalovelace")


def policy(reply) -> dict[str, list[str]]:
    parts = [part.split() for part in reply["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in parts}


def user_pages(ada):
    for address in addresses(ada):
        if not address.is_admin and address.name != "sign_out":
            yield address


def test_every_answer_to_everyone_has_the_headers(ada, client):
    for browser in (client, ada.browser):
        for address in user_pages(ada):
            reply = browser.get(address.path)
            assert reply["X-Content-Type-Options"] == "nosniff", address
            assert reply["Referrer-Policy"] in ("same-origin", "no-referrer"), address
            assert reply["Cross-Origin-Opener-Policy"] == "same-origin", address
            assert reply["X-Frame-Options"] == "DENY", address
            said = policy(reply)
            assert not re.search(r"unsafe-|\*|data:", reply["Content-Security-Policy"]), address
            assert said["default-src"] == ["'none'"], address
            assert said["frame-ancestors"] == said["base-uri"] == ["'none'"], address
            assert said["script-src"] == said["style-src"] == ["'self'"], address
            assert "form-action" in said, address


def test_errors_have_them_too(client, ada):
    for path in ("/no/such/page", "/api/no/such/call", "/?%00"):
        reply = client.get(path)
        assert reply.status_code in (400, 404)
        assert reply["X-Content-Type-Options"] == "nosniff"
        assert "script-src 'self'" in reply["Content-Security-Policy"]


def test_user_pages_have_nothing_inline_that_the_policy_would_stop(ada, client):
    for browser in (client, ada.browser):
        for address in user_pages(ada):
            reply = browser.get(address.path)
            if "text/html" not in reply.get("Content-Type", ""):
                continue
            page = reply.content.decode()
            assert not re.search(r"<script(?![^>]*\bsrc=)", page), address
            assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page), address


def test_what_a_signed_in_person_sees_is_kept_by_no_cache(ada):
    for address in user_pages(ada):
        reply = ada.browser.get(address.path)
        if address.name not in CACHEABLE and address.path not in SHELL:
            assert "no-store" in reply["Cache-Control"], address
            assert "public" not in reply["Cache-Control"], address


def test_what_is_the_same_for_everyone_tells_nobody_of_anyone(ada, client):
    for path in ("/manifest.webmanifest", "/sw.js"):
        assert ada.browser.get(path).content == client.get(path).content


def test_the_console_is_kept_by_no_cache_and_sits_in_no_frame(ada):
    User.objects.filter(pk=ada.user.pk).update(role=User.Role.ADMIN)
    reply = ada.browser.get("/admin/")
    assert reply.status_code == 200
    assert "no-store" in reply["Cache-Control"]
    assert reply["X-Frame-Options"] == "DENY"
    assert policy(reply)["frame-ancestors"] == ["'none'"]


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(sandbox):
    from tests.flows.visitor import Visitor

    visitor = Visitor()
    visitor.sign_in("priya")
    cookie = visitor.client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
