"""Todoist through API v1: OAuth with rotating tokens, incremental sync, commands, webhooks."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from integrations.answers import ask, grant, json_body, json_object, trouble
from integrations.formats.facts import BadFormat, CompletedPage, TaskPull, Told
from integrations.formats.todoist import due_day, parse_sync, put_off
from integrations.formats.todoist_told import parse_activities, parse_completed, parse_webhook
from integrations.source import (
    CompletesTasks,
    Grant,
    NeedsReconnect,
    Outcome,
    PostponesTasks,
    RemembersCompleted,
    ReopensTasks,
    SourceTrouble,
    TellsOfChanges,
    TokenRejected,
    UsesOAuth,
)

SCOPE = "data:read_write"  # reading ranks, writing ticks off
SCOPE_TOO_SMALL = "AUTH_INSUFFICIENT_TOKEN_SCOPE"
COMMANDS_AT_ONCE = 100
PAGE = 200
LOG_PAGE = 100
MOST_LOG_PAGES = 20
# An answer to a refresh that is not waited for takes the next refresh token with it, and an hour later
# the user has to reconnect. Todoist itself gives up a request after this time.
REFRESH_SECONDS = 15.0
REFUSALS = ("invalid_grant", "bad_authorization_code", "access_denied")


class Todoist(
    UsesOAuth, CompletesTasks, ReopensTasks, PostponesTasks, RemembersCompleted, TellsOfChanges
):
    id = "todoist"
    name = "Todoist"
    says = (
        "Reads your open tasks to pick the one that fits now, and ticks it off when you say done."
    )
    # Two versions of a task with the longest description there can be, every letter escaped.
    most_bytes = 300_000
    signed_in = "X-Todoist-Hmac-SHA256"
    named_in = "X-Todoist-Delivery-ID"

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
            return replace(later, account=later.account or first.account)
        changed = {task.external_id for task in later.open} | {t.external_id for t in later.closed}
        kept = [task for task in first.open if task.external_id not in changed]
        return replace(
            later,
            open=kept + later.open,
            closed=first.closed + later.closed,
            complete=True,
            refused=first.refused + later.refused,
            account=first.account,
        )

    def complete(
        self, access_token: str, commands: Mapping[str, str], *, now: datetime
    ) -> dict[str, Outcome]:
        return self._tell(access_token, _each("item_close", commands))

    def reopen(
        self, access_token: str, commands: Mapping[str, str], *, now: datetime
    ) -> dict[str, Outcome]:
        return self._tell(access_token, _each("item_uncomplete", commands))

    def postpone(
        self,
        access_token: str,
        commands: Mapping[str, tuple[str, date]],
        *,
        zone: tzinfo,
        now: datetime,
    ) -> dict[str, Outcome]:
        """The date as it is now is asked for first: its time of day, and the words that a task
        recurs by, are Todoist's to know. What is later already stays as it is.
        """
        outcomes: dict[str, Outcome] = {}
        moving = []
        for uuid, (task_id, day) in commands.items():
            try:
                task = self._get(access_token, f"/tasks/{quote(task_id, safe='')}")
            except _Missing:
                outcomes[uuid] = "gone"
                continue
            if not isinstance(task, dict) or task.get("id") != task_id:
                raise SourceTrouble("bad_answer", "Todoist's answer is not that task.")
            due = task.get("due")
            due_on = due_day(due, zone=zone)
            if due_on is not None and due_on >= day:
                outcomes[uuid] = "ok"
                continue
            args = {"id": task_id, "due": put_off(due, day, zone=zone)}
            moving.append({"type": "item_update", "uuid": uuid, "args": args})
        return outcomes | self._tell(access_token, moving)

    def completed(
        self, access_token: str, *, since: datetime, until: datetime, cursor: str
    ) -> CompletedPage:
        asked = {"since": _stamp(since), "until": _stamp(until), "limit": str(PAGE)}
        if cursor:
            asked["cursor"] = cursor
        body = self._get(access_token, f"/tasks/completed/by_completion_date?{urlencode(asked)}")
        try:
            return parse_completed(body)
        except BadFormat as error:
            raise SourceTrouble("bad_answer", str(error)) from error

    def completed_lately(
        self, access_token: str, *, since: datetime, now: datetime
    ) -> dict[str, dict[datetime, str]]:
        done: dict[str, dict[datetime, str]] = {}
        asked = {"object_event_types": "item:completed", "date_from": f"{since:%Y-%m-%d}"}
        asked["limit"] = str(LOG_PAGE)
        for _ in range(MOST_LOG_PAGES):
            body = self._get(access_token, f"/activities?{urlencode(asked)}")
            try:
                page, cursor = parse_activities(body)
            except BadFormat as error:
                raise SourceTrouble("bad_answer", str(error)) from error
            for task, times in page.items():
                if fresh := {at: by for at, by in times.items() if at >= since}:
                    done.setdefault(task, {}).update(fresh)
            if not cursor:
                break
            asked["cursor"] = cursor
        return done

    def is_genuine(self, body: bytes, signature: str) -> bool:
        if not settings.TODOIST_CLIENT_SECRET:
            return False
        ours = hmac.digest(settings.TODOIST_CLIENT_SECRET.encode(), body, hashlib.sha256)
        return hmac.compare_digest(base64.b64encode(ours), signature.encode(errors="replace"))

    def hear(self, body: bytes) -> Told:
        return parse_webhook(body)

    def _tell(self, access_token: str, commands: Sequence[dict[str, Any]]) -> dict[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        for start in range(0, len(commands), COMMANDS_AT_ONCE):
            batch = commands[start : start + COMMANDS_AT_ONCE]
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
        # Whose account it is says the object of the user, which holds more than is good to ask for:
        # so once, with a complete read, of which nothing but the id is kept.
        kinds = '["items", "user"]' if cursor == "*" else '["items"]'
        wanted = {"sync_token": cursor, "resource_types": kinds}
        try:
            return parse_sync(self._sync(access_token, wanted), now=now)
        except BadFormat as error:
            raise SourceTrouble("bad_answer", str(error)) from error

    def _sync(self, access_token: str, form: dict[str, str]) -> Any:
        return self._answer(access_token, "POST", "/sync", form=form)

    def _get(self, access_token: str, path: str) -> Any:
        return self._answer(access_token, "GET", path)

    def _answer(self, access_token: str, method: str, path: str, **request: Any) -> Any:
        reply = ask(
            method,
            f"{settings.TODOIST_API_URL}{path}",
            headers={"Authorization": f"Bearer {access_token}"},
            **request,
        )
        if reply.status == 401:
            raise TokenRejected
        if reply.status == 403 and json_object(reply).get("error_tag") == SCOPE_TOO_SMALL:
            raise NeedsReconnect("the grant does not reach far enough")
        if reply.status == 400:
            raise _Refused("bad_answer", "Todoist refused a request.")
        if reply.status == 404:
            raise _Missing("bad_answer", "Todoist answered 404.")
        if reply.status != 200:
            raise trouble(self.name, reply)
        return json_body(self.name, reply)


class _Refused(SourceTrouble):
    """A 400: something in the request itself is not to Todoist's liking."""


class _Missing(SourceTrouble):
    """A 404: there is no such thing, or we have the wrong address."""


def _each(kind: str, commands: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"type": kind, "uuid": uuid, "args": {"id": task_id}} for uuid, task_id in commands.items()
    ]


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _outcome(said: Any) -> Outcome | None:
    """What the status of a command means; None: try again."""
    if said == "ok":
        return "ok"
    code = said.get("http_code") if isinstance(said, dict) else None
    if code == 404:
        return "gone"
    return "refused" if code in (400, 403, 410) else None
