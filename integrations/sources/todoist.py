"""Todoist through API v1: OAuth with rotating tokens, incremental sync, completing by command."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings

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
from oo.lib.http import OutgoingError, Reply, fetch

SCOPE = "data:read_write"  # reading ranks, writing ticks off
COMMANDS_AT_ONCE = 100
# A grant is refreshed while its row is locked, so this wait is shorter than others.
TOKEN_SECONDS = 5.0
MOST_BYTES = 20_000_000  # a full sync of a very large account


class Todoist(UsesOAuth, CompletesTasks):
    id = "todoist"
    name = "Todoist"
    says = "Reads your open tasks to pick the one that fits now, and ticks it off when you say done."

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
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token}, now)

    def revoke(self, token: str) -> None:
        reply = _fetch(
            "POST",
            settings.TODOIST_REVOKE_URL,
            form={"token": token},
            basic=(settings.TODOIST_CLIENT_ID, settings.TODOIST_CLIENT_SECRET),
        )
        # RFC 7009: an unknown token answers 200 as well; a 400 or 401 says it is dead already.
        if reply.status not in (200, 204, 400, 401, 404):
            raise _trouble(reply)

    def pull(self, access_token: str, *, cursor: str, now: datetime) -> TaskPull:
        first = self._read(access_token, cursor or "*", now)
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
                raise SourceTrouble("bad_answer", "Todoist did not say what became of the commands.")
            for command in batch:
                # A 200 means nothing by itself: every command has its own status.
                said = status.get(command["uuid"])
                if said == "ok":
                    outcomes[str(command["uuid"])] = "ok"
                elif isinstance(said, dict) and said.get("http_code") in (400, 403, 404):
                    outcomes[str(command["uuid"])] = "gone"
        return outcomes

    def _token(self, form: dict[str, str], now: datetime) -> Grant:
        reply = _fetch(
            "POST",
            settings.TODOIST_TOKEN_URL,
            form={
                **form,
                "client_id": settings.TODOIST_CLIENT_ID,
                "client_secret": settings.TODOIST_CLIENT_SECRET,
            },
            seconds=TOKEN_SECONDS,
        )
        body = _json(reply)
        body = body if isinstance(body, dict) else {}
        if reply.status != 200:
            if body.get("error") in ("invalid_grant", "bad_authorization_code", "access_denied"):
                raise NeedsReconnect(str(body["error"]))
            raise _trouble(reply)
        access = body.get("access_token")
        if not isinstance(access, str) or not access:
            raise SourceTrouble("bad_answer", "Todoist's token endpoint gave no token.")
        seconds = body.get("expires_in")
        lasts = isinstance(seconds, int) and 0 < seconds < 10**9
        refresh = body.get("refresh_token")
        return Grant(
            access_token=access,
            refresh_token=refresh if isinstance(refresh, str) and refresh else None,
            expires_at=now + timedelta(seconds=seconds) if lasts else None,
            scope=str(body.get("scope") or "")[:200],
        )

    def _read(self, access_token: str, cursor: str, now: datetime) -> TaskPull:
        wanted = {"sync_token": cursor, "resource_types": '["items"]'}
        try:
            return parse_sync(self._sync(access_token, wanted), now=now)
        except BadFormat as error:
            raise SourceTrouble("bad_answer", str(error)) from error

    def _sync(self, access_token: str, form: dict[str, str]) -> Any:
        reply = _fetch(
            "POST",
            f"{settings.TODOIST_API_URL}/sync",
            form=form,
            headers={"Authorization": f"Bearer {access_token}"},
        )
        if reply.status == 401:
            raise TokenRejected
        if reply.status != 200:
            raise _trouble(reply)
        body = _json(reply)
        if body is None:
            raise SourceTrouble("bad_answer", "Todoist's answer is not JSON.")
        return body


def _fetch(method: str, url: str, *, seconds: float | None = None, **request: Any) -> Reply:
    try:
        return fetch(
            method,
            url,
            seconds=seconds or settings.SOURCE_TIMEOUT_SECONDS,
            max_bytes=MOST_BYTES,
            **request,
        )
    except OutgoingError as error:
        raise SourceTrouble("unreachable", str(error)) from error


def _json(reply: Reply) -> Any:
    try:
        return reply.json()
    except ValueError:
        return None


def _trouble(reply: Reply) -> SourceTrouble:
    """What a status that isn't success means. `retry_after` counts only for 429 and 5xx."""
    busy = reply.status == 429 or reply.status >= 500
    after = reply.headers.get("retry-after", "") if busy else ""
    seconds = float(after) if after.isdigit() else None
    code = "rate_limited" if reply.status == 429 else "unavailable" if busy else "bad_answer"
    return SourceTrouble(code, f"Todoist answered {reply.status}.", seconds)
