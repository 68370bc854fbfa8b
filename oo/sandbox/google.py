"""The stand-in Google: OpenID Connect as Google speaks it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from flask import Blueprint, Response, jsonify, request

from . import consent, oauth
from .config import CLIENT_ID
from .grants import Consent, Grants, InvalidGrant, Token
from .oauth import Refused
from .personas import BY_EMAIL, BY_ID, Persona
from .world import the_world

google = Blueprint("google", __name__, url_prefix="/google")

ACCESS_LIFE = 3599
ID_TOKEN_LIFE = 3600
CALENDAR = "https://www.googleapis.com/auth/calendar"
WISHES = {
    "profile": "see the name",
    "email": "see the e-mail address",
    f"{CALENDAR}.freebusy": "see when the calendar is busy",
    f"{CALENDAR}.events.readonly": "see the events in the calendar",
}
# Those that a person can leave unticked, one by one.
OPTIONAL = (f"{CALENDAR}.freebusy", f"{CALENDAR}.events.readonly")


def issuer() -> str:
    return f"{the_world().config.public_url}/google"


@google.get("/.well-known/openid-configuration")
def discovery() -> Response:
    base = issuer()
    return jsonify(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/o/oauth2/v2/auth",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/userinfo",
            "revocation_endpoint": f"{base}/revoke",
            "jwks_uri": f"{base}/certs",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", *WISHES],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
        }
    )


@google.route("/o/oauth2/v2/auth", methods=["GET", "POST"])
def authorize() -> Response | str:
    asked = request.args
    redirect_uri = oauth.trusted_redirect(asked)
    state = asked.get("state")
    try:
        scope, challenge = _checked(asked)
    except Refused as no:
        return oauth.send_back(
            redirect_uri, error=no.error, error_description=no.description, state=state
        )

    def consent_of(persona: str) -> Consent:
        offline = asked.get("access_type") == "offline" and _deserves_refresh_token(persona)
        nonce = asked.get("nonce")
        granted = " ".join(one for one in scope.split() if one not in consent.unticked(choices))
        return Consent("google", persona, redirect_uri, granted, nonce, challenge, offline)

    choices = {one: WISHES[one] for one in OPTIONAL if one in scope.split()}

    if asked.get("prompt") == "none":
        persona = BY_EMAIL.get(asked.get("login_hint", ""))
        if persona is None:
            return oauth.send_back(redirect_uri, error="login_required", state=state)
        return consent.agreed(consent_of(persona.id), state)
    granted = scope.split()
    wishes = [words for name, words in WISHES.items() if name in granted and name not in choices]
    return consent.ask(
        "google",
        consent_of,
        state=state,
        redirect_uri=redirect_uri,
        wishes=wishes,
        choices=choices,
    )


@google.post("/token")
def token() -> Response:
    given = oauth.parameters(request)
    if not oauth.client_is_known(given):
        return oauth.error(401, "invalid_client", "The OAuth client was not found.")
    try:
        if given.get("grant_type") == "authorization_code":
            return _exchange(given)
        if given.get("grant_type") == "refresh_token":
            return _refresh(given)
    except InvalidGrant as no:
        return oauth.error(400, "invalid_grant", str(no))
    return oauth.error(400, "unsupported_grant_type", "Invalid grant_type")


@google.get("/certs")
def certs() -> Response:
    return _cacheable(the_world().signing_key.jwks())


@google.get("/x509-certs")
def x509_certs() -> Response:
    return _cacheable(the_world().signing_key.certificates())


@google.route("/userinfo", methods=["GET", "POST"])
def userinfo() -> Response:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    with the_world().grants("google") as grants:
        access = grants.live(value.strip(), "access") if scheme.lower() == "bearer" else None
    if access is None:
        response = oauth.error(401, "invalid_token", "Invalid Credentials")
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response
    return oauth.private(_profile(BY_ID[access.persona], access.scope))


@google.post("/revoke")
def revoke() -> Response:
    value = request.form.get("token") or request.args.get("token") or ""
    with the_world().grants("google") as grants:
        ended = grants.revoke_grant(value)
    if not ended:
        return oauth.error(400, "invalid_token", "Token expired or revoked")
    return oauth.private({})


def _checked(asked: Any) -> tuple[str, str | None]:
    """The scope and challenge of a well-formed request."""
    if asked.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response_type must be code")
    scope = " ".join(sorted(set(asked.get("scope", "").split())))
    if "openid" not in scope.split():
        raise Refused("invalid_scope", "scope must contain openid")
    return scope, oauth.challenge_of(asked, required=True)


def _deserves_refresh_token(persona: str) -> bool:
    """Google hands one out at the first consent only, unless it is asked to prompt again."""
    if "consent" in request.args.get("prompt", "").split():
        return True
    with the_world().grants("google") as grants:
        return not grants.has_refresh_token(persona)


def _exchange(given: dict[str, str]) -> Response:
    with the_world().grants("google") as grants:
        agreed, grant_id = grants.spend_code(
            given.get("code", ""), given.get("redirect_uri", ""), given.get("code_verifier")
        )
        access = grants.issue("access", grant_id, agreed.persona, agreed.scope, ACCESS_LIFE)
        body = _reply(access, agreed.nonce)
        if agreed.offline:
            refresh = grants.issue("refresh", grant_id, agreed.persona, agreed.scope)
            body["refresh_token"] = refresh.value
    return oauth.private(body)


def _refresh(given: dict[str, str]) -> Response:
    """A new access token; Google does not rotate the refresh token, nor repeat it."""
    with the_world().grants("google") as grants:
        refresh = _live_refresh(grants, given.get("refresh_token", ""))
        access = grants.issue(
            "access", refresh.grant_id, refresh.persona, refresh.scope, ACCESS_LIFE
        )
    return oauth.private(_reply(access, nonce=None))


def _live_refresh(grants: Grants, value: str) -> Token:
    refresh = grants.live(value, "refresh")
    if refresh is None:
        raise InvalidGrant("Token has been expired or revoked.")
    return refresh


def _reply(access: Token, nonce: str | None) -> dict[str, Any]:
    return {
        "access_token": access.value,
        "expires_in": ACCESS_LIFE,
        "scope": access.scope,
        "token_type": "Bearer",
        "id_token": _id_token(access, nonce),
    }


def _id_token(access: Token, nonce: str | None) -> str:
    now = int(the_world().clock.now().timestamp())
    digest = hashlib.sha256(access.value.encode()).digest()[:16]
    claims = {
        "iss": issuer(),
        "aud": CLIENT_ID,
        "azp": CLIENT_ID,
        "iat": now,
        "exp": now + ID_TOKEN_LIFE,
        "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        **_profile(BY_ID[access.persona], access.scope),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return the_world().signing_key.sign(claims)


def _profile(persona: Persona, scope: str) -> dict[str, Any]:
    """The claims about a person that a scope opens. Nobody here has a picture."""
    claims: dict[str, Any] = {"sub": persona.google_sub}
    granted = scope.split()
    if "email" in granted:
        claims |= {"email": persona.email, "email_verified": True}
    if "profile" in granted:
        claims |= {
            "name": persona.name,
            "given_name": persona.given_name,
            "family_name": persona.family_name,
        }
    return claims


def _cacheable(body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
