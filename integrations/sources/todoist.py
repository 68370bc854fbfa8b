"""Todoist through API v1: OAuth with rotating tokens, incremental sync, completing by command."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from integrations.answers import ask, grant, json_body, json_object, trouble
from integrations.formats.facts import BadFormat, TaskPull
from integrations.formats.todoist import parse_sync
from integrations.source import (
    CompletesTasks,
    Grant,
    NeedsReconnect,
    Outcome,
    SourceTrouble,
    TokenRejected,
    UsesOAuth,
)

SCOPE = "data:read_write"  # reading ranks, writing ticks off
SCOPE_TOO_SMALL = "AUTH_INSUFFICIENT_TOKEN_SCOPE"
COMMANDS_AT_ONCE = 100
# An answer to a refresh that is not waited for takes the next refresh token with it, and an hour later
# the user has to reconnect. Todoist itself gives up a request after this time.
REFRESH_SECONDS = 15.0
REFUSALS = ("invalid_grant", "bad_authorization_code", "access_denied")


class Todoist(UsesOAuth, CompletesTasks):
    id = "todoist"
    name = "Todoist"
    says = (
        "Reads your open tasks to pick the one that fits now, and ticks it off when you say done."
    )

    def is_configured(self) -> bool:
        return bool(settings.TODOIST_CLIENT_ID and settings.TODOIST_CLIENT_SECRET)

    def authorize_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        query = {
            "client_id": settings.TODOIST_CLIENT_ID,
            "response_type": "code",
            "scope": SCOPE,
            "state": state,
            "redirect_uri": redirect_uri,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{settings.TODOIST_AUTHORIZE_URL}?{urlencode(query)}"

    def exchange(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> Grant:
        return self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": redirect_uri,
            },
            now,
        )

    def refresh(self, refresh_token: str, *, now: datetime) -> Grant:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._token(form, now, seconds=REFRESH_SECONDS)

    def revoke(self, token: str) -> None:
        reply = ask(
            "POST",
            settings.TODOIST_REVOKE_URL,
            form={"token": token},
            basic=(settings.TODOIST_CLIENT_ID, settings.TODOIST_CLIENT_SECRET),
        )
        # RFC 7009 answers 200 to an unknown token as well. A 401 or 403 is about our own credentials.
        dead = reply.status in (400, 404)
        if reply.status not in (200, 204) and not dead:
            raise trouble(self.name, reply)

    def pull(self, access_token: str, *, cursor: str, now: datetime) -> TaskPull:
        try:
            first = self._read(access_token, cursor or "*", now)
        except _Refused:
            if not cursor:
                raise
            # The only thing in it that can have gone bad is the cursor.
            first = self._read(access_token, "*", now)
        if not first.complete:
            return first
        # A full sync of a large account can be stale: what happened since comes incrementally.
        later = self._read(access_token, first.cursor, now)
        if later.complete:
            return later
        changed = {task.external_id for task in later.open} | {t.external_id for t in later.closed}
        kept = [task for task in first.open if task.external_id not in changed]
        return replace(
            later,
            open=kept + later.open,
            closed=first.closed + later.closed,
            complete=True,
            refused=first.refused + later.refused,
        )

    def complete(
        self, access_token: str, commands: Mapping[str, str], *, now: datetime
    ) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        pending = list(commands.items())
        for start in range(0, len(pending), COMMANDS_AT_ONCE):
            batch = [
                {"type": "item_close", "uuid": uuid, "args": {"id": task_id}}
                for uuid, task_id in pending[start : start + COMMANDS_AT_ONCE]
            ]
            body = self._sync(access_token, {"commands": json.dumps(batch)})
            status = body.get("sync_status") if isinstance(body, dict) else None
            if not isinstance(status, dict):
                raise SourceTrouble(
                    "bad_answer", "Todoist did not say what became of the commands."
                )
            for command in batch:
                # A 200 means nothing by itself: every command has its own status.
                outcome = _outcome(status.get(command["uuid"]))
                if outcome is not None:
                    outcomes[str(command["uuid"])] = outcome
        return outcomes

    def _token(self, form: dict[str, str], now: datetime, *, seconds: float | None = None) -> Grant:
        ours = {
            "client_id": settings.TODOIST_CLIENT_ID,
            "client_secret": settings.TODOIST_CLIENT_SECRET,
        }
        reply = ask("POST", settings.TODOIST_TOKEN_URL, form={**form, **ours}, seconds=seconds)
        return grant(self.name, reply, refusals=REFUSALS, now=now)

    def _read(self, access_token: str, cursor: str, now: datetime) -> TaskPull:
        wanted = {"sync_token": cursor, "resource_types": '["items"]'}
        try:
            return parse_sync(self._sync(access_token, wanted), now=now)
        except BadFormat as error:
            raise SourceTrouble("bad_answer", str(error)) from error

    def _sync(self, access_token: str, form: dict[str, str]) -> Any:
        reply = ask(
            "POST",
            f"{settings.TODOIST_API_URL}/sync",
            form=form,
            headers={"Authorization": f"Bearer {access_token}"},
        )
        if reply.status == 401:
            raise TokenRejected
        if reply.status == 403 and json_object(reply).get("error_tag") == SCOPE_TOO_SMALL:
            raise NeedsReconnect("the grant does not reach far enough")
        if reply.status == 400:
            raise _Refused("bad_answer", "Todoist refused a request.")
        if reply.status != 200:
            raise trouble(self.name, reply)
        return json_body(self.name, reply)


class _Refused(SourceTrouble):
    """A 400: something in the request itself is not to Todoist's liking."""


def _outcome(said: Any) -> Outcome | None:
    """What the status of a command means; None: try again."""
    if said == "ok":
        return "ok"
    code = said.get("http_code") if isinstance(said, dict) else None
    if code == 404:
        return "gone"
    return "refused" if code in (400, 403, 410) else None
