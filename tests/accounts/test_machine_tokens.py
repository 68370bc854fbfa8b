"""Machine tokens: off unless set, hard to guess, short-lived, kept as hashes, acting as the admin."""

import hmac
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.erase import ask
from accounts.models import ApiToken, User
from accounts.tokens import Refused, find, issue
from tests.people import NOW

SECRET = "only-the-operator-knows-this-one-0123456789"


@pytest.fixture
def admin(db, settings) -> User:
    settings.ADMIN_TOKEN = SECRET
    settings.ADMIN_SEED_EMAIL = "boss@example.com"
    return User.objects.create_user("Boss@example.com", role=User.Role.ADMIN)


def ask_for(client, secret=SECRET):
    return client.post("/api/auth/token", {"admin_token": secret}, content_type="application/json")


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_whoever_knows_the_admin_token_gets_a_token_that_acts_as_the_seed_admin(client, admin):
    reply = ask_for(client)
    assert reply.status_code == 201
    assert "no-store" in reply["Cache-Control"]
    token = reply.json()["token"]
    seen = client.get("/api/profile", headers=bearer(token)).json()
    assert (seen["email"], seen["role"]) == (admin.email, "admin")


def test_the_token_is_kept_as_a_hash_only(client, admin):
    token = ask_for(client).json()["token"]
    assert token not in repr(list(ApiToken.objects.values()))


@pytest.mark.parametrize("wrong", ["x", SECRET + "x", SECRET[:-1], SECRET.upper(), "é" * 40])
def test_anything_else_is_refused(client, admin, wrong):
    reply = ask_for(client, wrong)
    assert reply.status_code == 403
    assert "not the admin token" in reply.json()["detail"]
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("body", [{}, {"admin_token": ""}, {"admin_token": None}, [], None, 7])
def test_without_an_admin_token_in_it_a_request_is_sent_back(client, admin, body):
    reply = client.post("/api/auth/token", body, content_type="application/json")
    assert reply.status_code == 400
    assert reply.json()["errors"]


def test_it_is_compared_in_constant_time(client, admin, monkeypatch):
    compared = []
    truly = hmac.compare_digest
    monkeypatch.setattr(
        "accounts.tokens.hmac.compare_digest", lambda a, b: compared.append((a, b)) or truly(a, b)
    )
    ask_for(client, "short")
    assert [len(one) for one in compared[0]] == [64, 64]  # nor does its length show


def test_tokens_are_off_unless_the_operator_sets_one(client, admin, settings):
    settings.ADMIN_TOKEN = ""
    for secret in ("", SECRET):
        reply = ask_for(client, secret)
        assert reply.status_code in (400, 404)
    assert "ADMIN_TOKEN" in reply.json()["detail"]


@pytest.mark.parametrize("later", ["", "another-secret-of-the-operator-9876543210"])
def test_changing_or_removing_the_admin_token_ends_the_tokens_given_for_it(
    client, admin, settings, later
):
    token = ask_for(client).json()["token"]
    settings.ADMIN_TOKEN = later
    assert client.get("/api/profile", headers=bearer(token)).status_code == 401


def test_a_token_ends_by_itself(admin, settings):
    settings.API_TOKEN_MINUTES = 60
    token, ends = issue(SECRET, now=NOW)
    assert ends == NOW + timedelta(hours=1)
    assert find(token, now=ends - timedelta(seconds=1))
    assert find(token, now=ends) is None


def test_an_ended_token_says_so(client, admin):
    token, _ = issue(SECRET, now=timezone.now() - timedelta(days=1))
    reply = client.get("/api/profile", headers=bearer(token))
    assert reply.status_code == 401
    assert reply["WWW-Authenticate"] == "Bearer"
    assert "expired" in reply.json()["detail"]


def test_there_must_be_an_admin_to_act_as(client, admin):
    User.objects.update(role=User.Role.USER)
    reply = ask_for(client)
    assert reply.status_code == 403
    assert "sign in once" in reply.json()["detail"]
    User.objects.update(role=User.Role.ADMIN, email="someone-else@example.com")
    assert ask_for(client).status_code == 403


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"role": User.Role.USER}], ids=["deactivated", "demoted"]
)
def test_a_token_lives_no_longer_than_its_admin(client, admin, change):
    token = ask_for(client).json()["token"]
    User.objects.filter(pk=admin.pk).update(**change)
    assert client.get("/api/profile", headers=bearer(token)).status_code == 401
    with pytest.raises(Refused):
        issue(SECRET, now=NOW)


def test_a_token_ends_when_its_admin_deletes_their_account(client, admin):
    token = ask_for(client).json()["token"]
    ask(admin, now=timezone.now())
    assert client.get("/api/profile", headers=bearer(token)).status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer x", "bearer \xff\xfe", "Bearer a b c", "Bearer " * 99]
)
def test_a_token_that_is_none_is_refused_even_beside_a_good_session(client, admin, header):
    client.force_login(admin)
    reply = client.get("/api/profile", headers={"authorization": header})
    assert reply.status_code == 401


def test_another_scheme_is_not_ours_and_counts_as_nothing(client, admin):
    assert client.get("/api/profile", headers={"authorization": "Basic x"}).status_code == 401
    client.force_login(admin)
    assert client.get("/api/profile", headers={"authorization": "Basic x"}).status_code == 200


def test_guessing_is_limited_and_an_invented_address_does_not_help(client, admin):
    replies = [
        client.post(
            "/api/auth/token",
            {"admin_token": "guess"},
            content_type="application/json",
            headers={"x-forwarded-for": f"203.0.113.{n}"},
        )
        for n in range(11)
    ]
    assert [reply.status_code for reply in replies] == [403] * 10 + [429]
    assert 0 < int(replies[-1]["Retry-After"]) <= 60
    assert ask_for(client).status_code == 429  # nor does knowing it, until then


def test_ended_tokens_are_swept_away(admin):
    from accounts.jobs import drop_expired

    issue(SECRET, now=timezone.now() - timedelta(days=1))
    issue(SECRET, now=timezone.now())
    drop_expired()
    assert ApiToken.objects.count() == 1
