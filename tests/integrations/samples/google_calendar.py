"""A small Google Calendar, for who granted titles as well."""

import base64
import json
from typing import Any

SCOPE = "https://www.googleapis.com/auth/calendar"
SCOPES = f"openid {SCOPE}.freebusy {SCOPE}.events.readonly"
_CLAIMS = base64.urlsafe_b64encode(json.dumps({"sub": "1048"}).encode()).decode().rstrip("=")
GRANT = {
    "access_token": "an-access-token",
    "refresh_token": "a-refresh-token",
    "expires_in": 3599,
    "scope": SCOPES,
    "token_type": "Bearer",
    "id_token": f"e30.{_CLAIMS}.c2lnbmF0dXJl",
}


def _event(id: str, title: str | None, start: Any, end: Any, **more: Any) -> dict[str, Any]:
    summary = {} if title is None else {"summary": title}
    return {"id": id, "status": "confirmed", "start": start, "end": end, **summary, **more}


def _at(hour: int) -> dict[str, str]:
    return {"dateTime": f"2026-11-19T{hour:02}:00:00+01:00", "timeZone": "Europe/Berlin"}


def _me(answer: str) -> dict[str, Any]:
    return {"attendees": [{"self": True, "responseStatus": answer}, {"responseStatus": "accepted"}]}


BUSY = {"calendars": {"primary": {"busy": [
    {"start": "2026-11-19T08:00:00Z", "end": "2026-11-19T09:00:00Z"},
    {"start": "2026-11-20T12:00:00+01:00", "end": "2026-11-20T13:00:00+01:00"},
]}}}  # fmt: skip
READ = [
    {
        "items": [
            _event("one", "Review with Zoë", _at(9), _at(10), **_me("accepted")),
            _event("two", "Deep work", _at(10), _at(12), eventType="focusTime"),
            _event("no", "Sales pitch", _at(13), _at(14), **_me("declined")),
            _event("free", "Lunch bell", _at(12), _at(13), transparency="transparent"),
        ],
        "nextPageToken": "page-2",
    },
    {
        "items": [
            _event(
                "three", "Out: Lisbon", {"date": "2026-11-20"}, {"date": "2026-11-22"},
                eventType="outOfOffice",
            ),
            _event("place", "Home", _at(8), _at(18), eventType="workingLocation"),
            {"id": "gone", "status": "cancelled"},
        ],
        "nextSyncToken": "a-sync-token",
    },
]  # fmt: skip
TITLES = {"Review with Zoë", "Deep work", "Out: Lisbon"}
MORE: dict[str, Any] = {"scope": SCOPES, "time_zone": "Europe/Berlin"}
