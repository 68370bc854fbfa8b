"""The stand-in Todoist's OAuth: one-hour tokens, rotating refresh tokens, and their rules."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from .. import consent, oauth
from ..grants import Consent, InvalidGrant, Rotation
from ..oauth import Refused
from ..world import the_world
from .access import SCOPES, widened

authorization = Blueprint("todoist_authorization", __name__, url_prefix="/todoist")

ACCESS_LIFE = 3600
WISHES = {
    "task:add": "add tasks",
    "data:read": "see the task list",
    "data:read_write": "see and change the task list",
    "data:delete": "delete tasks",
    "project:delete": "delete projects",
    "backups:read": "see backups",
}


@authorization.route("/oauth/authorize", methods=["GET", "POST"])
def authorize() -> Response | str:
    asked = request.args
    redirect_uri = oauth.trusted_redirect(asked)
    state = asked.get("state")
    try:
        scope, challenge = _checked(asked)
    except Refused as no:
        return oauth.send_back(redirect_uri, error=no.error, state=state)

    def consent_of(persona: str) -> Consent:
        return Consent("todoist", persona, redirect_uri, scope, challenge=challenge)

    wishes = [WISHES[name] for name in scope.split(",")]
    return consent.ask("todoist", consent_of, state=state, redirect_uri=redirect_uri, wishes=wishes)


@authorization.post("/oauth/access_token")
def access_token() -> Response:
    given = oauth.parameters(request)
    refreshing = given.get("grant_type") == "refresh_token"
    if not oauth.client_is_known(given):
        # The older half of this endpoint has its own words for errors.
        word = "invalid_client" if refreshing else "incorrect_application_credentials"
        return oauth.error(401 if refreshing else 400, word)
    if refreshing:
        return _refresh(given)
    if given.get("grant_type", "authorization_code") != "authorization_code":
        return oauth.error(400, "unsupported_grant_type")
    return _exchange(given)


@authorization.post("/api/v1/revoke")
def revoke() -> Response:
    """RFC 7009: whatever the token was, afterwards it is worth nothing and the answer is 200."""
    given = oauth.parameters(request)
    if request.authorization is None or not oauth.client_is_known(given):
        return oauth.error(401, "invalid_client")
    value = given.get("token")
    if not value:
        return oauth.error(400, "invalid_request", "token is required")
    with the_world().grants("todoist") as grants:
        # An access token dies alone; a refresh token takes what came from it along.
        if grants.scope_of(value) is not None:
            grants.revoke_grant(value)
        else:
            grants.revoke_token(value)
    return jsonify(None)


def _checked(asked: Any) -> tuple[str, str | None]:
    """The scope and challenge of a well-formed request."""
    if asked.get("response_type", "code") != "code":
        raise Refused("unsupported_response_type", "")
    if not asked.get("state"):
        raise Refused("invalid_request", "")
    scope = asked.get("scope", "")
    if not scope or not SCOPES.issuperset(scope.split(",")):
        raise Refused("invalid_scope", "")
    return scope, oauth.challenge_of(asked, required=False)


def _exchange(given: dict[str, str]) -> Response:
    try:
        with the_world().grants("todoist") as grants:
            agreed, grant_id = grants.spend_code(
                given.get("code", ""), given.get("redirect_uri", ""), given.get("code_verifier")
            )
            access = grants.issue("access", grant_id, agreed.persona, agreed.scope, ACCESS_LIFE)
            refresh = grants.issue("refresh", grant_id, agreed.persona, agreed.scope)
    except InvalidGrant:
        return oauth.error(400, "bad_authorization_code")
    return _reply(Rotation(access, refresh.value))


def _refresh(given: dict[str, str]) -> Response:
    value, narrower = given.get("refresh_token", ""), given.get("scope")
    try:
        with the_world().grants("todoist") as grants:
            if narrower and not _covers(grants.scope_of(value), narrower):
                return oauth.error(400, "invalid_scope")
            rotation = grants.rotate(value, scope=narrower, life=ACCESS_LIFE)
    except InvalidGrant as no:
        return oauth.error(400, "invalid_grant", str(no))
    return _reply(rotation)


def _covers(scope: str | None, narrower: str) -> bool:
    # An unknown token has no scope to exceed; rotating it is refused with the better word.
    return scope is None or widened(scope).issuperset(narrower.split(","))


def _reply(rotation: Rotation) -> Response:
    access = rotation.access
    assert access.expires_at is not None
    body = {
        "access_token": access.value,
        "token_type": "Bearer",
        "expires_in": round(access.expires_at - the_world().clock.now().timestamp()),
        "scope": access.scope,
    }
    if rotation.refresh:
        body["refresh_token"] = rotation.refresh
    return oauth.private(body)
