"""django-allauth's Google provider, unchanged, signs in at the stand-in over real HTTP."""

import json
import subprocess
import sys

from oo.sandbox.personas import BY_ID
from tests.sandbox.world import CHALLENGE, World

# A child process: allauth reads its endpoints at import, and the product's settings name others.
SITE = """
import json, sys
from urllib.parse import urlsplit

base = sys.argv[1]
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50, ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes",
        "django.contrib.sessions", "django.contrib.messages", "allauth", "allauth.account",
        "allauth.socialaccount", "allauth.socialaccount.providers.google"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]}}],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    LOGIN_REDIRECT_URL="/in", SOCIALACCOUNT_LOGIN_ON_GET=True,
    SOCIALACCOUNT_PROVIDERS={"google": {
        "APP": {"client_id": "oo-sandbox", "secret": "oo-sandbox-secret", "key": ""},
        "SCOPE": ["openid", "email", "profile"], "OAUTH_PKCE_ENABLED": True,
        "AUTHORIZE_URL": f"{base}/google/o/oauth2/v2/auth",
        "ACCESS_TOKEN_URL": f"{base}/google/token", "IDENTITY_URL": f"{base}/google/userinfo",
        "CERTS_URL": f"{base}/google/x509-certs", "ID_TOKEN_ISSUER": f"{base}/google",
    }},
)
import django
django.setup()
from django.urls import include, path
urlpatterns = [path("accounts/", include("allauth.urls"))]
from django.core.management import call_command
call_command("migrate", verbosity=0)

import httpx
from django.contrib.auth import get_user_model
from django.test import Client, RequestFactory
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount

browser, person = Client(HTTP_HOST="localhost:9999"), httpx.Client(trust_env=False)
asked = browser.get("/accounts/google/login/")["Location"]
consented = person.post(asked, data={"persona": "harald"}).headers["location"]
landed = browser.get(urlsplit(consented).path + "?" + urlsplit(consented).query)
refused = person.post(browser.get("/accounts/google/login/")["Location"], data={"cancel": "1"})

# The other way in: an id token handed over by an app, its signature checked against CERTS_URL.
verifier = "v" * 64
code = person.get(f"{base}/google/o/oauth2/v2/auth", params={
    "client_id": "oo-sandbox", "redirect_uri": "http://localhost:9999/app", "prompt": "none",
    "response_type": "code", "scope": "openid email", "login_hint": "mei.lin@example.com",
    "code_challenge": sys.argv[2], "code_challenge_method": "S256",
}).headers["location"].partition("code=")[2]
token = person.post(f"{base}/google/token", data={
    "client_id": "oo-sandbox", "client_secret": "oo-sandbox-secret", "code_verifier": verifier,
    "grant_type": "authorization_code", "redirect_uri": "http://localhost:9999/app", "code": code,
}).json()["id_token"]
request = RequestFactory().get("/")
provider = get_adapter(request).get_provider(request, "google")
by_token = provider.verify_token(request, {"id_token": token})

print(json.dumps({
    "landed": landed["Location"],
    "emails": list(EmailAddress.objects.values_list("email", "verified")),
    "uids": list(SocialAccount.objects.values_list("uid", flat=True)),
    "first_name": get_user_model().objects.get().first_name,
    "refused": refused.headers["location"].partition("?")[2].partition("&")[0],
    "by_token": by_token.account.uid,
}))
"""


def test_allauth_signs_a_persona_in_by_browser_and_by_token(world: World) -> None:

    run = subprocess.run(
        [sys.executable, "-c", SITE, world.url, CHALLENGE],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said == {
        "landed": "/in",
        "emails": [["harald.nygard@example.com", True]],
        "uids": [BY_ID["harald"].google_sub],
        "first_name": "Harald",
        "refused": "error=access_denied",
        "by_token": BY_ID["mei"].google_sub,
    }
