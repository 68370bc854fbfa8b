"""Coming in through Google: who may, what is kept of it, and what is not."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache

from accounts.adapter import Google
from accounts.erase import ask, resume
from accounts.models import Consent, User
from oo.sandbox.personas import BY_ID
from tests.flows.visitor import Visitor
from tests.people import NOW

PRIYA, SAM = BY_ID["priya"], BY_ID["sam"]


@pytest.fixture
def google_says(monkeypatch):
    """Changes claims of the ID token, after it was really fetched. None takes one away."""
    said: dict[str, object] = {}
    truly = Google._decode_id_token

    def decode(self, app, id_token):
        claims = {**truly(self, app, id_token), **said}
        return {name: value for name, value in claims.items() if value is not None}

    monkeypatch.setattr(Google, "_decode_id_token", decode)
    return said


def told(visitor: Visitor) -> str:
    """What the sign-in page says to them."""
    return visitor.client.get("/welcome/").content.decode()


def test_the_browser_is_sent_to_google_with_pkce_and_no_wish_for_offline_access(client, db):
    start = client.post("/welcome/", {"next": "/"})
    asked = parse_qs(urlsplit(start["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert asked["access_type"] == ["online"]
    assert set(asked["scope"][0].split()) == {"openid", "email", "profile"}
    assert asked["redirect_uri"] == [f"{settings.PUBLIC_URL}/accounts/google/login/callback/"]


def test_a_code_is_worth_nothing_with_another_pkce_verifier(sandbox, db):
    visitor = Visitor()
    start = visitor.client.post("/welcome/", {"next": "/"})
    back = visitor._consent(start["Location"], "priya")
    session = visitor.client.session
    for kept, *_ in session["socialaccount_states"].values():
        kept["pkce_code_verifier"] = "x" * 64
    session.save()
    assert visitor.client.get(back)["Location"] == "/welcome/"
    assert "did not confirm" in told(visitor)
    assert not User.objects.exists()


def test_a_code_from_someone_elses_browser_signs_nobody_in(sandbox, db):
    ada, eve = Visitor(), Visitor()
    ada.client.post("/welcome/", {"next": "/"})
    start = eve.client.post("/welcome/", {"next": "/"})
    back = eve._consent(start["Location"], "sam")
    assert ada.client.get(back)["Location"] == "/welcome/"
    assert "_auth_user_id" not in ada.client.session
    assert not User.objects.exists()


def test_no_token_of_the_sign_in_is_stored_anywhere(sandbox, db, monkeypatch, redis_server):
    replies = []
    truly = Google.get_access_token_data

    def watch(*args, **kwargs):
        replies.append(truly(*args, **kwargs))
        return replies[-1]

    monkeypatch.setattr(Google, "get_access_token_data", watch)
    visitor = Visitor()
    visitor.sign_in("priya")
    tokens = [replies[0]["access_token"], replies[0]["id_token"]]
    assert all(tokens)
    assert "refresh_token" not in replies[0]
    assert not SocialToken.objects.exists()
    kept = repr([session.get_decoded() for session in Session.objects.all()])
    kept += repr(dict(visitor.client.session)) + repr(list(SocialAccount.objects.values()))
    kept += repr([redis_server.client.dump(key) for key in redis_server.client.scan_iter()])
    assert not any(token in kept for token in tokens)


def test_of_what_google_tells_only_the_subject_and_the_address_are_kept(sandbox, db):
    for _ in range(2):
        Visitor().sign_in("priya")
        account = SocialAccount.objects.get()
        assert account.uid == PRIYA.google_sub
        assert set(account.extra_data) <= {"sub", "email", "email_verified"}
    assert User.objects.get().email == PRIYA.email
    assert not User.objects.get().has_usable_password()


@pytest.mark.parametrize("verified", [False, None])
def test_an_address_that_google_has_not_verified_is_refused(sandbox, db, google_says, verified):
    google_says["email_verified"] = verified
    visitor = Visitor()
    assert visitor.sign_in("priya")["Location"] == "/welcome/"
    assert "not verified" in told(visitor)
    assert not User.objects.exists()


def test_someone_who_is_here_already_is_refused_too_once_google_doubts_them(
    sandbox, db, google_says
):
    Visitor().sign_in("priya")
    google_says["email_verified"] = False
    visitor = Visitor()
    visitor.sign_in("priya")
    assert "_auth_user_id" not in visitor.client.session


def test_an_address_that_belongs_to_another_account_is_refused(sandbox, db, google_says):
    Visitor().sign_in("priya")
    google_says["email"] = PRIYA.email.upper()
    visitor = Visitor()
    assert visitor.sign_in("sam")["Location"] == "/welcome/"
    assert "belongs to another account" in told(visitor)
    assert User.objects.count() == 1


def test_someone_whose_address_changed_at_google_is_the_same_person_with_the_new_one(
    sandbox, db, google_says
):
    Visitor().sign_in("priya")
    google_says["email"] = "priya@elsewhere.example"
    visitor = Visitor()
    assert visitor.sign_in("priya")["Location"] == "/"
    assert User.objects.get().email == "priya@elsewhere.example"
    assert list(EmailAddress.objects.values_list("email", flat=True)) == ["priya@elsewhere.example"]
    google_says.clear()
    google_says["email"] = PRIYA.email
    assert Visitor().sign_in("sam")["Location"] == "/"  # the old address is free again
    assert User.objects.count() == 2


def test_someone_whose_new_address_is_anothers_here_comes_in_and_keeps_the_old_one(
    sandbox, db, google_says
):
    Visitor().sign_in("priya")
    Visitor().sign_in("sam")
    google_says["email"] = SAM.email
    assert Visitor().sign_in("priya")["Location"] == "/"
    assert User.objects.get(socialaccount__uid=PRIYA.google_sub).email == PRIYA.email
    assert User.objects.get(socialaccount__uid=SAM.google_sub).email == SAM.email


def test_an_unverified_change_to_the_seed_address_makes_no_admin(
    sandbox, db, google_says, settings
):
    settings.ADMIN_SEED_EMAIL = "boss@example.com"
    Visitor().sign_in("priya")
    google_says.update(email="boss@example.com", email_verified=False)
    Visitor().sign_in("priya")
    assert User.objects.get().role == "user"
    google_says["email_verified"] = True
    Visitor().sign_in("priya")
    assert User.objects.get().role == "admin"


def test_someone_who_was_deleted_comes_back_as_someone_new(sandbox, db):
    Visitor().sign_in("priya")
    before = User.objects.get()
    erasure = ask(before, now=NOW)
    early = Visitor()
    assert early.sign_in("priya")["Location"] == "/welcome/"
    assert "just being deleted" in told(early)
    assert resume(erasure.pk, now=NOW)
    assert Visitor().sign_in("priya")["Location"] == "/"
    after = User.objects.get(is_active=True)
    assert after.pk != before.pk
    assert after.email == PRIYA.email
    assert User.objects.get(pk=before.pk).email is None


def test_consents_are_dated_once_for_each_version(sandbox, db, settings):
    for _ in range(2):
        Visitor().sign_in("priya")
    first = list(Consent.objects.order_by("pk").values_list("document", "version", "given_at"))
    assert [row[:2] for row in first] == [
        ("terms", settings.LEGAL_VERSION),
        ("privacy", settings.LEGAL_VERSION),
    ]
    settings.LEGAL_VERSION = "2031-01-01"
    Visitor().sign_in("priya")
    every = list(Consent.objects.order_by("pk").values_list("document", "version", "given_at"))
    assert every[:2] == first
    assert [row[1] for row in every[2:]] == ["2031-01-01"] * 2


@pytest.mark.parametrize(
    "nonsense", ["", "Mars/Olympus", "../../etc/passwd", "\0", "UTC\n", "x" * 5000]
)
def test_a_time_zone_that_is_none_is_ignored(sandbox, db, nonsense):
    Visitor().sign_in("priya", time_zone="Asia/Kolkata")
    assert Visitor().sign_in("priya", time_zone=nonsense)["Location"] == "/"
    assert User.objects.get().time_zone == "Asia/Kolkata"


def test_a_first_sign_in_that_breaks_off_half_way_leaves_nobody_locked_out(
    sandbox, db, monkeypatch
):
    def fail(*args, **kwargs):
        raise ValueError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(SocialAccount, "save", fail)
        assert Visitor().sign_in("priya")["Location"] == "/welcome/"
    assert not User.objects.exists()
    assert Visitor().sign_in("priya")["Location"] == "/"


@pytest.mark.parametrize("kind", ["500", "429", "garbage", "html", "truncated", "wrong_types"])
def test_google_on_a_bad_day_leads_back_to_the_page_with_a_sentence(sandbox, db, kind):
    visitor = Visitor()
    start = visitor.client.post("/welcome/", {"next": "/"})
    back = visitor._consent(start["Location"], "priya")
    fault = {"path": "/google/token", "kind": kind}
    sandbox.control.post("/faults", json=fault).raise_for_status()
    assert visitor.client.get(back)["Location"] == "/welcome/"
    assert "did not confirm" in told(visitor)
    assert not User.objects.exists()


def test_nothing_of_the_sign_in_stays_behind_in_an_anonymous_session(sandbox, db, google_says):
    google_says["email_verified"] = False
    visitor = Visitor()
    visitor.sign_in("priya")
    cache.clear()
    kept = repr(dict(visitor.client.session))
    assert PRIYA.email not in kept
    assert PRIYA.google_sub not in kept


def test_an_id_token_for_another_app_signs_nobody_in(sandbox, db, monkeypatch):
    truly = Google.get_access_token_data

    def swap(self, *args, **kwargs):
        # The body of a token for someone else's app, in which an attacker may be anyone.
        reply = truly(self, *args, **kwargs)
        import jwt

        claims = jwt.decode(reply["id_token"], options={"verify_signature": False})
        reply["id_token"] = jwt.encode({**claims, "aud": "another-app"}, "k" * 32)
        return reply

    monkeypatch.setattr(Google, "get_access_token_data", swap)
    visitor = Visitor()
    assert visitor.sign_in("priya")["Location"] == "/welcome/"
    assert not User.objects.exists()


def test_the_sandbox_itself_insists_on_the_verifier(sandbox, client, db):
    start = client.post("/welcome/", {"next": "/"})
    agreed = httpx.post(start["Location"], data={"persona": "priya"})
    code = parse_qs(urlsplit(agreed.headers["location"]).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": settings.GOOGLE_CLIENT_ID,
        "client_secret": settings.GOOGLE_CLIENT_SECRET,
        "redirect_uri": f"{settings.PUBLIC_URL}/accounts/google/login/callback/",
        "code_verifier": "y" * 64,
    }
    assert httpx.post(settings.GOOGLE_TOKEN_URL, data=form).status_code == 400


def test_the_privacy_notice_says_who_runs_oo_in_a_whole_sentence(client, settings, db):
    for name in (settings.OPERATOR_NAME, "Ada Lovelace"):
        settings.OPERATOR_NAME = name
        page = client.get("/privacy/").content.decode()
        assert f"<p>This oO is run by {name}, who decides over this data." in page
        assert "<p>the " not in page
        assert "this installation runs this installation" not in page
