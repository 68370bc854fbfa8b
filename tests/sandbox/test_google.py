"""Sign-in with the stand-in Google, from the door."""

import base64
import hashlib

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tests.sandbox.world import CALLBACK, CLIENT, World, sent_back


def test_a_person_signs_in_and_the_id_token_says_who(world: World) -> None:
    answer = sent_back(world.ask_google(persona="joao", nonce="n-1"))
    assert answer["state"] == "abc"
    reply = world.google_exchange(answer["code"]).json()

    key = jwt.PyJWKSet(world.http.get("/google/certs").json()["keys"]).keys[0]
    assert jwt.get_unverified_header(reply["id_token"])["kid"] == key.key_id
    claims = jwt.decode(
        reply["id_token"],
        key,
        algorithms=["RS256"],
        audience="oo-sandbox",
        issuer=f"{world.url}/google",
    )
    assert claims["email"] == "joao.ferreira@example.com"
    assert claims["email_verified"] is True
    assert claims["name"] == "João Ferreira"
    assert claims["nonce"] == "n-1"
    assert claims["azp"] == "oo-sandbox"
    assert "picture" not in claims
    digest = hashlib.sha256(reply["access_token"].encode()).digest()[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(digest).decode().strip("=")
    assert reply["expires_in"] == 3599
    assert "refresh_token" not in reply

    userinfo = world.http.get(
        "/google/userinfo", headers={"Authorization": f"Bearer {reply['access_token']}"}
    ).json()
    assert userinfo["sub"] == claims["sub"]


def test_discovery_names_addresses_that_answer(world: World) -> None:
    found = world.http.get("/google/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{world.url}/google"
    assert httpx.get(found["jwks_uri"]).json()["keys"][0]["alg"] == "RS256"
    assert httpx.get(found["authorization_endpoint"]).status_code == 400
    assert httpx.post(found["token_endpoint"]).json()["error"] == "invalid_client"
    assert httpx.get(found["userinfo_endpoint"]).status_code == 401
    assert httpx.post(found["revocation_endpoint"]).status_code == 400


def test_the_certificate_map_holds_the_key_that_signs(world: World) -> None:
    reply = world.google_exchange(sent_back(world.ask_google(persona="mei"))["code"]).json()
    kid = jwt.get_unverified_header(reply["id_token"])["kid"]
    pem = world.http.get("/google/x509-certs").json()[kid]
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    assert isinstance(key, RSAPublicKey)
    jwt.decode(reply["id_token"], key, algorithms=["RS256"], audience="oo-sandbox")


def test_a_scope_opens_only_its_own_claims(world: World) -> None:
    code = sent_back(world.ask_google(persona="mei", scope="openid"))["code"]
    token = world.google_exchange(code).json()["id_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert "sub" in claims
    assert "email" not in claims
    assert "name" not in claims


def test_a_hint_without_a_prompt_signs_in_at_once(world: World) -> None:
    hinted = world.ask_google(prompt="none", login_hint="ruth.adeyemi@example.com")
    token = world.google_exchange(sent_back(hinted)["code"]).json()["id_token"]
    assert jwt.decode(token, options={"verify_signature": False})["given_name"] == "Ruth"
    unknown = world.ask_google(prompt="none", login_hint="nobody@example.com")
    assert sent_back(unknown)["error"] == "login_required"


def test_the_page_offers_everybody_and_a_way_out(world: World) -> None:
    page = world.ask_google()
    assert page.status_code == 200
    assert "Sandbox Google" in page.text
    assert "Nobody real is signed in" in page.text
    for name in ("Amina Diallo", "João Ferreira", "Sam Okafor"):
        assert name in page.text
    answer = sent_back(world.ask_google(persona=""))
    assert answer == {"error": "access_denied", "state": "abc"}


@pytest.mark.parametrize(
    "uri",
    [
        "http://evil.test/callback",
        "http://localhost.evil.test/",
        "http://localhost:80@evil.test/",
        "http://localhost:9999\\@evil.test/",
        "http://localhost\\.evil.test/",
        "http://local\thost:9999/",
        "https://localhost:9999/callback",
        "javascript:alert(1)",
        "http://localhost:9999/#fragment",
        "",
    ],
)
def test_a_code_is_never_sent_to_a_strange_address(world: World, uri: str) -> None:
    refused = world.ask_google(persona="mei", redirect_uri=uri)
    assert refused.status_code == 400
    assert "location" not in refused.headers
    assert "redirect_uri_mismatch" in refused.text


def test_an_unknown_app_is_told_so_and_sent_nowhere(world: World) -> None:
    refused = world.ask_google(persona="mei", client_id="somebody-else")
    assert refused.status_code == 400
    assert "invalid_client" in refused.text


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "email"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_a_malformed_request_is_refused_at_the_app(
    world: World, changes: dict[str, str | None], error: str
) -> None:
    answer = sent_back(world.ask_google(persona="mei", **changes))
    assert answer["error"] == error
    assert answer["state"] == "abc"
    assert "code" not in answer


def test_a_code_needs_the_verifier_of_its_challenge(world: World) -> None:
    code = sent_back(world.ask_google(persona="mei"))["code"]
    refused = world.google_exchange(code, code_verifier="w" * 64)
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"
    # A wrong guess spends the code.
    assert world.google_exchange(code).json()["error"] == "invalid_grant"


def test_a_code_needs_the_redirect_uri_it_was_issued_to(world: World) -> None:
    code = sent_back(world.ask_google(persona="mei"))["code"]
    refused = world.google_exchange(code, redirect_uri=f"{CALLBACK}/other")
    assert refused.json()["error"] == "invalid_grant"


def test_a_code_dies_after_a_minute(world: World) -> None:
    code = sent_back(world.ask_google(persona="mei"))["code"]
    world.shift_clock(61)
    assert world.google_exchange(code).json()["error"] == "invalid_grant"


def test_a_code_used_twice_takes_its_tokens_back(world: World) -> None:
    code = sent_back(world.ask_google(persona="mei"))["code"]
    access = world.google_exchange(code).json()["access_token"]
    bearer = {"Authorization": f"Bearer {access}"}
    assert world.http.get("/google/userinfo", headers=bearer).status_code == 200
    assert world.google_exchange(code).json()["error"] == "invalid_grant"
    assert world.http.get("/google/userinfo", headers=bearer).status_code == 401


def test_a_wrong_secret_is_refused(world: World) -> None:
    code = sent_back(world.ask_google(persona="mei"))["code"]
    refused = world.google_exchange(code, client_secret="guess")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_the_client_may_prove_itself_by_basic_auth(world: World) -> None:
    code = sent_back(world.ask_google(persona="mei"))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    reply = world.http.post(
        "/google/token",
        data=form | {"code_verifier": "v" * 64},
        auth=(CLIENT["client_id"], CLIENT["client_secret"]),
    )
    assert reply.status_code == 200


def test_a_refresh_token_comes_once_unless_asked_again_and_is_not_rotated(world: World) -> None:
    def sign_in(**more: str) -> dict[str, str]:
        answer = sent_back(world.ask_google(persona="mei", access_type="offline", **more))
        return world.google_exchange(answer["code"]).json()

    first = sign_in()
    assert "refresh_token" not in sign_in()
    assert "refresh_token" in sign_in(prompt="consent")
    for _ in range(2):
        again = world.google_token(
            grant_type="refresh_token", refresh_token=first["refresh_token"]
        ).json()
        assert again["access_token"] != first["access_token"]
        assert "refresh_token" not in again


def test_revoking_a_refresh_token_ends_its_access_tokens(world: World) -> None:
    answer = sent_back(world.ask_google(persona="mei", access_type="offline"))
    reply = world.google_exchange(answer["code"]).json()
    revoke = {"token": reply["refresh_token"]}
    assert world.http.post("/google/revoke", data=revoke).status_code == 200
    assert world.http.post("/google/revoke", data=revoke).status_code == 400
    bearer = {"Authorization": f"Bearer {reply['access_token']}"}
    assert world.http.get("/google/userinfo", headers=bearer).status_code == 401
    refused = world.google_token(grant_type="refresh_token", refresh_token=reply["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_an_access_token_expires_with_the_clock(world: World) -> None:
    reply = world.google_exchange(sent_back(world.ask_google(persona="mei"))["code"]).json()
    bearer = {"Authorization": f"Bearer {reply['access_token']}"}
    world.shift_clock(3600)
    assert world.http.get("/google/userinfo", headers=bearer).status_code == 401
