"""Closed by default: through no address does anyone see or change what is someone else's."""

import json

import pytest
from django.test import Client

from accounts.models import User
from tests.privacy.lives import Life, life
from tests.security.addresses import METHODS, Address, addresses, bodies, routes, state_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_limits")]

# What strangers may open. Whatever is added to the URLconf is closed until it is named here.
OPEN = {
    "welcome", "terms", "privacy", "erased", "google_callback", "api_token", "schema", "api_docs",
    "api_nowhere", "healthz", "manifest", "service_worker", "offline",
    # Where machines post, with a signature: tests/integrations/test_webhook_door.py.
    "webhook_in", "webhook_in_bare",
    # Names that allauth and the admin redirect to; all lead to the sign-in page.
    "account_login", "account_signup", "account_inactive", "socialaccount_signup",
    "socialaccount_login_cancelled", "socialaccount_login_error",
}  # fmt: skip
TO_SIGN_IN = {"admin/login/"}
SIGN_IN = ("/welcome/?next=", "/admin/login/?next=")
ENDS_ONESELF = {"sign_out", "delete_account"}


@pytest.fixture
def ada() -> Life:
    return life("adalovelace")


def send(client: Client, method: str, address: Address, subject: Life, secret: str = ""):
    body = bodies(subject)
    if address.is_api:
        return client.generic(method, address.path, json.dumps(body), "application/json")
    if method == "POST":
        return client.post(address.path, body)
    return client.generic(method, address.path)


def text_of(reply) -> str:
    content = b"".join(reply.streaming_content) if reply.streaming else reply.content
    return content.decode() + repr(reply.headers)


def shown_of(subject: Life, reply, address: Address) -> list[str]:
    """What the reply tells of the subject, besides ids that the asker sent in the path."""
    text = text_of(reply)
    return [word for word in subject.canaries if word in text and word not in address.path]


def test_a_stranger_gets_nothing_anywhere_but_what_is_open(ada):
    before, stranger = state_of(ada.user.pk), Client()
    for address in addresses(ada):
        for method in METHODS:
            reply = send(stranger, method, address, ada)
            closed = reply.status_code in (301, 302, 401, 403, 404, 405)
            opened = address.name in OPEN or address.route in TO_SIGN_IN
            assert closed or opened, f"{method} {address}: {reply.status_code}"
            assert reply.status_code < 500, f"{method} {address}"
            if reply.status_code in (301, 302) and not opened:
                assert reply["Location"].startswith(SIGN_IN), f"{method} {address}"
            assert shown_of(ada, reply, address) == [], f"{method} {address}"
    assert state_of(ada.user.pk) == before


def test_another_user_sees_and_changes_nothing_of_hers(ada):
    eve = life("evehollins")
    before = state_of(ada.user.pk)
    for address in addresses(ada):
        if address.name in ENDS_ONESELF or address.is_admin:  # the console is below
            continue
        for method in METHODS:
            reply = send(eve.browser, method, address, ada)
            assert reply.status_code < 500, f"{method} {address}"
            assert shown_of(ada, reply, address) == [], f"{method} {address}"
    assert state_of(ada.user.pk) == before
    eve.user.refresh_from_db()
    assert eve.user.role == "user"


def test_the_console_is_shut_to_a_user_at_every_address_and_by_every_method(ada):
    eve = User.objects.create_user("eve@example.com")
    client = Client()
    client.force_login(eve)
    before = state_of(ada.user.pk)
    for address in addresses(ada):
        if not address.is_admin or address.route in TO_SIGN_IN:
            continue
        for method in METHODS:
            reply = send(client, method, address, ada)
            assert reply.status_code in (302, 403, 404, 405), f"{method} {address}"
            if reply.status_code == 302:
                assert reply["Location"].startswith(SIGN_IN)
            assert shown_of(ada, reply, address) == [], f"{method} {address}"
    assert state_of(ada.user.pk) == before


def test_machine_tokens_open_the_api_and_no_page(ada, settings):
    from accounts.tokens import issue
    from tests.people import NOW

    settings.ADMIN_SEED_EMAIL = "operator@example.com"
    settings.API_TOKEN_MINUTES = 60 * 24 * 365 * 50
    token, _ = issue(settings.ADMIN_TOKEN, now=NOW)
    machine = Client(headers={"authorization": f"Bearer {token}"})
    for address in addresses(ada):
        if address.is_api or address.name in OPEN or address.route in TO_SIGN_IN:
            continue
        reply = machine.get(address.path)
        assert reply.status_code in (302, 404, 405), f"{address}"
    assert machine.get("/api/profile").json()["email"] == "operator@example.com"


def test_deleting_and_signing_out_end_oneself_only(ada):
    eve = life("evehollins")
    before = state_of(ada.user.pk)
    assert send(eve.browser, "POST", Address("", "", "/account/delete/"), ada).status_code == 302
    assert User.objects.get(pk=eve.user.pk).email is None
    assert state_of(ada.user.pk) == before


def test_hers_and_what_does_not_exist_look_the_same_from_outside(ada):
    eve = life("evehollins")
    hers, nobodys = str(ada.person.connection.pk), "00000000-0000-4000-8000-000000000000"
    tip = bodies(ada)["tip"]

    def answers(connection_id: str, tip_id: str) -> list:
        feedback = {"tip": tip_id, "reaction": "done"}
        replies = [
            eve.browser.delete(f"/api/connections/{connection_id}"),
            eve.browser.post("/api/feedback", feedback, content_type="application/json"),
            eve.browser.post(f"/connections/{connection_id}/cut/"),
            eve.browser.post("/answer/", feedback),
        ]
        return [(reply.status_code, reply.content) for reply in replies]

    assert answers(hers, tip) == answers(nobodys, nobodys)
    assert {status for status, _ in answers(hers, tip)} == {404}


def test_every_name_that_is_open_exists():
    assert {name for _, name in routes()} >= OPEN
