"""The stand-in Google Calendar: version 3 of its API, as far as a reader needs it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from .clock import moment, stamp
from .diary import Body
from .personas import BY_ID, Persona
from .world import the_world

google_calendar = Blueprint("google_calendar", __name__, url_prefix="/google/calendar/v3")

SCOPE = "https://www.googleapis.com/auth/calendar"
READS_EVENTS = {SCOPE, f"{SCOPE}.readonly", f"{SCOPE}.events", f"{SCOPE}.events.readonly"}
READS_BUSY = READS_EVENTS - {f"{SCOPE}.events", f"{SCOPE}.events.readonly"} | {f"{SCOPE}.freebusy"}
READS_LIST = {SCOPE, f"{SCOPE}.readonly", f"{SCOPE}.calendarlist", f"{SCOPE}.calendarlist.readonly"}
PAGE, LARGEST_PAGE = 250, 2500
MOST_CALENDARS = 50
# What must be as it was when the sync token was made, and what must not be there at all.
FIXED = ("singleEvents", "eventTypes")
FORBIDDEN = (
    "timeMin", "timeMax", "orderBy", "q", "updatedMin", "iCalUID", "privateExtendedProperty",
    "sharedExtendedProperty",
)  # fmt: skip
LONGEST_CHANNEL = 30 * 86_400
USUAL_CHANNEL = 7 * 86_400


class Refusal(Exception):
    """An error in the shape of Google's APIs."""

    def __init__(
        self, status: int, reason: str, message: str, domain: str = "global", wait: int = 0
    ) -> None:
        super().__init__(reason)
        self.status, self.reason, self.message, self.domain = status, reason, message, domain
        self.wait = wait


@google_calendar.errorhandler(Refusal)
def refused(error: Refusal) -> Response:
    entry = {"domain": error.domain, "reason": error.reason, "message": error.message}
    response = jsonify(error={"errors": [entry], "code": error.status, "message": error.message})
    response.status_code = error.status
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="https://accounts.google.com/"'
    if error.wait:
        response.headers["Retry-After"] = str(error.wait)
    return response


@google_calendar.get("/users/me/calendarList")
def calendar_list() -> Response:
    persona = _whose(READS_LIST)
    entry = {
        "kind": "calendar#calendarListEntry",
        "id": persona.email,
        "summary": persona.email,
        "timeZone": persona.time_zone,
        "accessRole": "owner",
        "selected": True,
        "primary": True,
    }
    return jsonify(kind="calendar#calendarList", items=[entry], nextSyncToken="none")


@google_calendar.get("/users/me/settings/timezone")
def time_zone() -> Response:
    persona = _whose({SCOPE, f"{SCOPE}.readonly", f"{SCOPE}.settings.readonly"})
    return jsonify(kind="calendar#setting", id="timezone", value=persona.time_zone)


@google_calendar.post("/freeBusy")
def free_busy() -> Response:
    persona = _whose(READS_BUSY)
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or not isinstance(body.get("items"), list):
        raise Refusal(400, "required", "Required")
    if len(body["items"]) > MOST_CALENDARS:
        raise Refusal(400, "tooManyCalendarsRequested", "Too many calendars requested.")
    begin, end = _instant(body.get("timeMin")), _instant(body.get("timeMax"))
    if begin is None or end is None or begin >= end:
        raise Refusal(400, "timeRangeEmpty", "The specified time range is empty.")
    calendars = {}
    for item in body["items"]:
        id = item.get("id") if isinstance(item, dict) else None
        if id in ("primary", persona.email):
            with the_world().diary(persona) as diary:
                taken = diary.busy(begin, end)
            calendars[id] = {"busy": [_block(*span) for span in taken]}
        else:
            error = {"domain": "global", "reason": "notFound"}
            calendars[str(id)] = {"errors": [error], "busy": []}
    return jsonify(
        kind="calendar#freeBusy", timeMin=_z(begin), timeMax=_z(end), calendars=calendars
    )


@google_calendar.get("/calendars/<calendar>/events")
def list_events(calendar: str) -> Response:
    persona = _its_own(_whose(READS_EVENTS), calendar)
    asked = request.args
    with the_world().diary(persona) as diary:
        if token := asked.get("syncToken"):
            begin, end, since = _since(persona, token)
            # Also what moved out of the window: who had it has to learn that it is not there.
            rows = diary.rows(since=since)
        else:
            begin, end = _bound("timeMin"), _bound("timeMax")
            since = 0
            rows = [one for one in diary.between(begin, end) if one["status"] != "cancelled"]
        at = _page_of(persona, asked.get("pageToken"), begin, end)
        size = max(1, min(asked.get("maxResults", PAGE, type=int), LARGEST_PAGE))
        more = at + size < len(rows)
        body: dict[str, Any] = {
            "kind": "calendar#events",
            "summary": persona.email,
            "updated": stamp(the_world().clock.now()),
            "timeZone": persona.time_zone,
            "accessRole": "owner",
            "defaultReminders": [],
            "items": [_shown(row) for row in rows[at : at + size]],
        }
        span = [begin.isoformat(), end.isoformat()]
        if more:
            body["nextPageToken"] = the_world().opaque.seal("page", persona.id, at + size, *span)
        else:
            how = [asked.get(name) for name in FIXED]
            body["nextSyncToken"] = the_world().opaque.seal(
                "sync", persona.id, diary.version, *span, *how
            )
    return jsonify(body)


@google_calendar.post("/calendars/<calendar>/events/watch")
def watch(calendar: str) -> Response:
    persona = _its_own(_whose(READS_EVENTS), calendar)
    body = request.get_json(silent=True)
    body = body if isinstance(body, dict) else {}
    id, address = body.get("id"), body.get("address")
    if not isinstance(id, str) or not isinstance(address, str) or body.get("type") != "web_hook":
        raise Refusal(400, "required", "Required")
    if not the_world().herald.may_call(address):
        raise Refusal(400, "push.webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}")
    try:
        ttl = int((body.get("params") or {}).get("ttl", USUAL_CHANNEL))
    except (TypeError, ValueError, AttributeError):
        raise Refusal(400, "invalid", "Invalid ttl") from None
    token = str(body.get("token") or "")
    made = the_world().herald.open(
        persona, id, address, token, seconds=max(1, min(ttl, LONGEST_CHANNEL))
    )
    if made is None:
        raise Refusal(400, "channelIdNotUnique", f"Channel id {id} not unique")
    return jsonify(
        kind="api#channel",
        id=id,
        resourceId=made.resource,
        resourceUri=f"{request.base_url.removesuffix('/watch')}?alt=json",
        token=token,
        expiration=str(int(made.expires_at * 1000)),
    )


@google_calendar.post("/channels/stop")
def stop() -> tuple[str, int]:
    persona = _whose(READS_EVENTS)
    body = request.get_json(silent=True)
    body = body if isinstance(body, dict) else {}
    if not the_world().herald.close(persona, body.get("id"), body.get("resourceId")):
        raise Refusal(404, "notFound", f"Channel '{body.get('id')}' not found for project")
    return "", 204


def _whose(scopes: set[str]) -> Persona:
    """Whose calendar the request's token opens."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    with the_world().grants("google") as grants:
        access = grants.live(value.strip(), "access") if scheme.lower() == "bearer" else None
    if access is None:
        raise Refusal(401, "authError", "Invalid Credentials")
    if not scopes & set(access.scope.split()):
        raise Refusal(
            403, "insufficientPermissions", "Request had insufficient authentication scopes."
        )
    return BY_ID[access.persona]


def _its_own(persona: Persona, calendar: str) -> Persona:
    if calendar not in ("primary", persona.email):
        raise Refusal(404, "notFound", "Not Found")
    return persona


def _since(persona: Persona, token: str) -> tuple[datetime, datetime, int]:
    """The window and the version of a sync token."""
    if any(request.args.get(name) for name in FORBIDDEN):
        message = "Sync token cannot be used with other query restrictions."
        raise Refusal(400, "badRequest", message)
    parts = the_world().opaque.unseal(token)
    if parts is None or parts[:2] != ["sync", persona.id] or len(parts) != 5 + len(FIXED):
        raise Refusal(
            410,
            "fullSyncRequired",
            "Sync token is no longer valid, a full sync is required.",
            "calendar",
        )
    version, begin, end, *how = parts[2:]
    if how != [request.args.get(name) for name in FIXED]:
        raise Refusal(400, "badRequest", "Sync token was made with other parameters.")
    if version < int(the_world().store.remembered(f"diary_forgot:{persona.id}") or 0):
        raise Refusal(
            410,
            "fullSyncRequired",
            "Sync token is no longer valid, a full sync is required.",
            "calendar",
        )
    return datetime.fromisoformat(begin), datetime.fromisoformat(end), version


def _page_of(persona: Persona, token: str | None, begin: datetime, end: datetime) -> int:
    if not token:
        return 0
    parts = the_world().opaque.unseal(token)
    span = [begin.isoformat(), end.isoformat()]
    if parts is None or parts[:2] != ["page", persona.id] or parts[3:] != span:
        raise Refusal(400, "invalid", "Invalid page token value.")
    return int(parts[2])


def _bound(name: str) -> datetime:
    """A bound of the window. Here it has to have one: a series has no end of its own."""
    bound = _instant(request.args.get(name))
    if bound is None:
        raise Refusal(400, "badRequest", f"Bad Request: {name}")
    return bound


def _instant(text: Any) -> datetime | None:
    try:
        return moment(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _shown(event: Body) -> Body:
    """Of a cancelled event sometimes no more comes than that it is."""
    if event["status"] == "cancelled" and "recurringEventId" not in event:
        return {"kind": event["kind"], "id": event["id"], "status": "cancelled"}
    return event


def _block(starts: datetime, ends: datetime) -> Body:
    return {"start": _z(starts), "end": _z(ends)}


def _z(at: datetime) -> str:
    return stamp(at)[:19] + "Z"
