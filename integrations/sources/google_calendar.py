"""Google Calendar: when the user is busy, and titles too if they turn them on.

The grant is apart from sign-in and does not include what sign-in was granted
(`include_granted_scopes` is not sent): revoking one token revokes all that it includes, and a
calendar that is disconnected should not sign anybody out of the agreement they signed in by.
"""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from integrations.answers import ask, grant, json_body, json_object, trouble
from integrations.formats.facts import BadFormat, CalendarPull, SeenEvent
from integrations.formats.google_calendar import (
    Cursor,
    Page,
    parse_busy,
    parse_events,
    unpack,
    user_zone,
    window,
)
from integrations.source import (
    Grant,
    NeedsReconnect,
    SharesCalendar,
    SourceTrouble,
    TokenRejected,
    Watch,
)
from oo.lib.http import Reply

FREEBUSY = "https://www.googleapis.com/auth/calendar.freebusy"
EVENTS = "https://www.googleapis.com/auth/calendar.events.readonly"
CALENDAR = "primary"
DAYS = 14
PAGE = 250
MOST_PAGES = 20
# The sync token keeps the window it was made for, so the window is read anew each night.
BASELINE = timedelta(hours=20)
CHANNEL_DAYS = 7
FIELDS = (
    "nextPageToken,nextSyncToken,items(id,status,summary,start,end,transparency,eventType,"
    "attendees(self,responseStatus))"
)
QUOTA = {"userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"}
TOO_SMALL = {"insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}


class GoogleCalendar(SharesCalendar):
    id = "google_calendar"
    name = "Google Calendar"
    says = "Reads when you are busy, so that it keeps quiet then. Titles only if you turn them on."

    def is_configured(self) -> bool:
        return bool(settings.GOOGLE_CALENDAR_CLIENT_ID and settings.GOOGLE_CALENDAR_CLIENT_SECRET)

    def authorize_url(
        self, *, state: str, challenge: str, redirect_uri: str, titles: bool = False
    ) -> str:
        # Who unticks the titles has busy times still: both are asked for. `openid` says whose
        # account it is, so that a new grant of the same one doesn't have the old one revoked.
        scopes = ["openid", FREEBUSY, *([EVENTS] if titles else [])]
        query = {
            "client_id": settings.GOOGLE_CALENDAR_CLIENT_ID,
            "response_type": "code",
            "scope": " ".join(scopes),
            "state": state,
            "redirect_uri": redirect_uri,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            # Without these two there is no refresh token but at the very first consent.
            "access_type": "offline",
            "prompt": "consent",
        }
        return f"{settings.GOOGLE_AUTHORIZE_URL}?{urlencode(query)}"

    def exchange(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> Grant:
        reply = self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": redirect_uri,
            }
        )
        given = grant(self.name, reply, refusals=("invalid_grant",), now=now)
        scope = _calendar_scopes(str(json_object(reply).get("scope")))
        if not scope:
            # All was unticked: what is left of the grant is of no use, and is given back.
            with suppress(SourceTrouble):
                self.revoke(given.refresh_token or given.access_token)
            raise NeedsReconnect("nothing of the calendar was granted")
        return Grant(
            given.access_token, given.refresh_token, given.expires_at, scope, _account(reply)
        )

    def refresh(self, refresh_token: str, *, now: datetime) -> Grant:
        reply = self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})
        return grant(self.name, reply, refusals=("invalid_grant",), now=now)

    def revoke(self, token: str) -> None:
        reply = ask("POST", settings.GOOGLE_REVOKE_URL, form={"token": token})
        # 400: it ended already, perhaps with the refresh token it came from.
        if reply.status not in (200, 400):
            raise trouble(self.name, reply)

    def gives_titles(self, scope: str) -> bool:
        return EVENTS in scope.split()

    def without_titles(self, scope: str) -> str:
        return " ".join(one for one in scope.split() if one != EVENTS)

    def pull(
        self,
        access_token: str,
        *,
        cursor: str,
        now: datetime,
        scope: str = "",
        time_zone: str = "UTC",
    ) -> CalendarPull:
        if not self.gives_titles(scope):
            return self._busy(access_token, now)
        last = unpack(cursor)
        # A stamp from the future is of a clock that was wrong.
        fresh = last.read_at is not None and timedelta(0) <= now - last.read_at < BASELINE
        if last.token and last.zone == time_zone and fresh:
            try:
                return self._events(access_token, last, now)
            except _FullSyncRequired:
                pass  # Google forgets tokens now and then: it all comes again
        return self._events(access_token, Cursor(zone=time_zone, read_at=now), now)

    def can_watch(self, scope: str) -> bool:
        # Google calls https only; the sandbox has no certificate to ask for.
        reachable = settings.PUBLIC_URL.startswith("https://") or bool(settings.SANDBOX_URL)
        return self.gives_titles(scope) and reachable

    def watch(
        self, access_token: str, *, channel_id: str, token: str, address: str, now: datetime
    ) -> Watch:
        wish = {
            "id": channel_id,
            "type": "web_hook",
            "address": address,
            "token": token,
            "params": {"ttl": str(int(timedelta(days=CHANNEL_DAYS).total_seconds()))},
        }
        body = self._api("POST", f"/calendars/{CALENDAR}/events/watch", access_token, json=wish)
        resource, expires = (
            (body.get("resourceId"), body.get("expiration"))
            if isinstance(body, dict)
            else (None, None)
        )
        try:
            expires_at = datetime.fromtimestamp(int(expires) / 1000, UTC)  # type: ignore[arg-type]
        except (TypeError, ValueError, OverflowError, OSError):
            expires_at = now + timedelta(days=1)
        if not isinstance(resource, str) or not 0 < len(resource) <= 200 or not resource.isascii():
            raise SourceTrouble("bad_answer", f"{self.name} did not say what it watches.")
        return Watch(resource, expires_at)

    def stop(self, access_token: str, *, channel_id: str, resource_id: str) -> None:
        reply = self._ask(
            "POST",
            "/channels/stop",
            access_token,
            json={"id": channel_id, "resourceId": resource_id},
        )
        if reply.status not in (200, 204, 404):
            self._refuse(reply)

    def _busy(self, access_token: str, now: datetime) -> CalendarPull:
        begin, end = window(now, DAYS)
        wish = {
            "timeMin": begin.isoformat(),
            "timeMax": end.isoformat(),
            "items": [{"id": CALENDAR}],
        }
        body = self._api("POST", "/freeBusy", access_token, json=wish)
        try:
            blocks = parse_busy(body, CALENDAR)
        except BadFormat as error:
            raise SourceTrouble("bad_answer", str(error)) from error
        return CalendarPull(coming=[one for one in blocks if one.ends_at > now])

    def _events(self, access_token: str, last: Cursor, now: datetime) -> CalendarPull:
        """All of the window, or what changed since `last`. Raises _FullSyncRequired."""
        begin, end = window(now, DAYS)
        query = {"singleEvents": "true", "maxResults": str(PAGE), "fields": FIELDS}
        if last.token:
            query["syncToken"] = last.token
        else:
            query |= {"timeMin": begin.isoformat(), "timeMax": end.isoformat()}
        coming: dict[str, SeenEvent] = {}
        gone: set[str] = set()
        refused = 0
        for _ in range(MOST_PAGES):
            page = self._page(access_token, query, last.zone)
            for event in page.coming:
                # An incremental page tells of all times; only the window is kept.
                if event.ends_at > now and event.starts_at < end:
                    coming[event.external_id] = event
                    gone.discard(event.external_id)
                else:
                    coming.pop(event.external_id, None)
                    gone.add(event.external_id)
            for id in page.gone:
                coming.pop(id, None)
                gone.add(id)
            refused += page.refused
            if not page.next_page:
                break
            query["pageToken"] = page.next_page
        else:
            raise SourceTrouble("bad_answer", f"{self.name} has more pages than can be read.")
        next = Cursor(page.sync_token, last.read_at if page.sync_token else None, last.zone)
        packed = next.packed() if page.sync_token else ""
        return CalendarPull(
            coming=list(coming.values()),
            complete=not last.token,
            gone=sorted(gone) if last.token else [],
            cursor=packed if len(packed) <= 1000 else "",
            refused=[f"{refused} entries made no sense and were left out."] if refused else [],
        )

    def _page(self, access_token: str, query: dict[str, str], zone: str) -> Page:
        path = f"/calendars/{quote(CALENDAR)}/events"
        body = self._api("GET", path, access_token, params=query)
        try:
            return parse_events(body, zone=user_zone(zone))
        except BadFormat as error:
            raise SourceTrouble("bad_answer", str(error)) from error

    def _token(self, form: dict[str, str]) -> Reply:
        ours = {
            "client_id": settings.GOOGLE_CALENDAR_CLIENT_ID,
            "client_secret": settings.GOOGLE_CALENDAR_CLIENT_SECRET,
        }
        return ask("POST", settings.GOOGLE_TOKEN_URL, form={**form, **ours})

    def _ask(self, method: str, path: str, access_token: str, **request: Any) -> Reply:
        bearer = {"Authorization": f"Bearer {access_token}"}
        return ask(method, f"{settings.GOOGLE_CALENDAR_URL}{path}", headers=bearer, **request)

    def _api(self, method: str, path: str, access_token: str, **request: Any) -> Any:
        reply = self._ask(method, path, access_token, **request)
        if reply.status == 410 or (
            reply.status == 400 and "syncToken" in request.get("params", {})
        ):
            raise _FullSyncRequired("bad_answer", f"{self.name} wants a full read.")
        if reply.status != 200:
            self._refuse(reply)
        return json_body(self.name, reply)

    def _refuse(self, reply: Reply) -> None:
        """What a status that isn't success means here. A 403 is a quota as often as a lack of rights."""
        reasons = _reasons(reply)
        if reply.status == 401:
            raise TokenRejected
        if reply.status == 403 and reasons & QUOTA:
            raise trouble(self.name, Reply(429, reply.headers, reply.body))
        if reply.status == 403 and reasons & TOO_SMALL:
            raise NeedsReconnect("the grant does not reach to the calendar")
        raise trouble(self.name, reply)


class _FullSyncRequired(SourceTrouble):
    """The sync token is not good any more. Normal: everything is to be read again."""


def _calendar_scopes(granted: str) -> str:
    """Those that matter here. What was ticked is told by the token's answer and nowhere else."""
    return " ".join(one for one in (FREEBUSY, EVENTS) if one in granted.split())


def _account(reply: Reply) -> str:
    """Whose account it is: `sub` of the ID token, which came from Google itself over TLS, so its
    signature adds nothing (OpenID Connect Core, 3.1.3.7)."""
    told = json_object(reply).get("id_token")
    try:
        body = str(told).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        sub = claims["sub"]
    except (IndexError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return sub if isinstance(sub, str) and sub.isascii() and 0 < len(sub) <= 255 else ""


def _reasons(reply: Reply) -> set[str]:
    error = json_object(reply).get("error")
    if not isinstance(error, dict):
        return set()
    found = set()
    for list_name in ("errors", "details"):
        entries = error.get(list_name)
        for one in entries if isinstance(entries, list) else []:
            if isinstance(one, dict) and isinstance(one.get("reason"), str):
                found.add(one["reason"])
    return found
