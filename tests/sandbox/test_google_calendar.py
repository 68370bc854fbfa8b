"""The stand-in Google Calendar and the feeds speak as the real ones do, from the door."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.sandbox.world import Receiver, World, sent_back

API = "/google/calendar/v3"
SCOPE = "https://www.googleapis.com/auth/calendar"
BUSY, EVENTS = f"{SCOPE}.freebusy", f"{SCOPE}.events.readonly"


class Calendar:
    """A client of one persona's calendar, with what was granted."""

    def __init__(self, world: World, persona: str = "priya", *, scope: str = f"{BUSY} {EVENTS}"):
        self.world, self.persona = world, persona
        asked = world.ask_google(
            persona=persona, scope=f"openid {scope}", access_type="offline", prompt="consent"
        )
        self.reply = world.google_exchange(sent_back(asked)["code"]).json()
        self.now = datetime.now(UTC)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.reply['access_token']}"}
        return self.world.http.request(method, f"{API}{path}", headers=headers, **more)

    def window(self) -> dict[str, str]:
        days = timedelta(days=14)
        return {"timeMin": self.now.isoformat(), "timeMax": (self.now + days).isoformat()}

    def list(self, **query: str) -> httpx.Response:
        return self.call(
            "GET", "/calendars/primary/events", params={"singleEvents": "true", **query}
        )

    def add(self, title: str, **more: Any) -> dict[str, Any]:
        starts = (self.now + timedelta(days=2)).isoformat()
        reply = self.world.control(
            "POST", "/events", persona=self.persona, title=title, starts_at=starts, **more
        )
        return reply.raise_for_status().json()


def reason(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["errors"][0]["reason"]


def test_scopes_can_be_left_unticked_and_the_token_says_which_were_not(world: World) -> None:
    page = world.ask_google(scope=f"openid {BUSY} {EVENTS}")
    assert page.text.count('type="checkbox"') == 2
    query = dict(httpx.URL(str(page.request.url)).params)
    chosen = {"persona": "mei", "choosing": "1", "ticked": BUSY}
    back = world.http.post("/google/o/oauth2/v2/auth", params=query, data=chosen)
    granted = world.google_exchange(sent_back(back)["code"]).json()["scope"]
    assert set(granted.split()) == {"openid", BUSY}


def test_busy_times_need_their_scope_and_join_what_touches(world: World) -> None:
    calendar = Calendar(world, scope=BUSY)
    wish = {**calendar.window(), "items": [{"id": "primary"}, {"id": "other@example.com"}]}
    calendars = calendar.call("POST", "/freeBusy", json=wish).raise_for_status().json()["calendars"]
    blocks = calendars["primary"]["busy"]
    assert len(blocks) > 10
    assert all(block["start"].endswith("Z") for block in blocks)
    assert calendars["other@example.com"]["errors"][0]["reason"] == "notFound"
    assert reason(calendar.list(**calendar.window())) == (403, "insufficientPermissions")
    calendar.reply["access_token"] = "nonsense"
    assert reason(calendar.call("POST", "/freeBusy", json=wish)) == (401, "authError")


def test_pages_lead_to_a_sync_token_that_tells_only_what_changed(world: World) -> None:
    calendar = Calendar(world)
    found, page = [], None
    while True:
        more = {"pageToken": page} if page else {}
        body = calendar.list(maxResults="7", **calendar.window(), **more).json()
        found += body["items"]
        page = body.get("nextPageToken")
        if not page:
            break
        assert "nextSyncToken" not in body
    whole = calendar.list(maxResults="2500", **calendar.window()).json()["items"]
    assert [one["id"] for one in found] == [one["id"] for one in whole]
    assert {one["eventType"] for one in found} >= {"default", "focusTime"}
    token = body["nextSyncToken"]
    assert calendar.list(syncToken=token).json()["items"] == []
    made = calendar.add("Dentist")
    changed = calendar.list(syncToken=token).json()
    assert [one["summary"] for one in changed["items"]] == ["Dentist"]
    world.control("POST", f"/events/{made['id']}", persona="priya", status="cancelled")
    (gone,) = calendar.list(syncToken=changed["nextSyncToken"]).json()["items"]
    assert gone == {"kind": "calendar#event", "id": made["id"], "status": "cancelled"}


def test_a_sync_token_is_refused_with_a_window_and_forgotten_on_demand(world: World) -> None:
    calendar = Calendar(world)
    token = calendar.list(maxResults="2500", **calendar.window()).json()["nextSyncToken"]
    assert reason(calendar.list(syncToken=token, **calendar.window())) == (400, "badRequest")
    assert reason(calendar.list(syncToken="nonsense")) == (410, "fullSyncRequired")
    world.control("POST", "/forget-sync-tokens", persona="priya").raise_for_status()
    assert reason(calendar.list(syncToken=token)) == (410, "fullSyncRequired")


def test_whole_days_end_on_the_day_after(world: World) -> None:
    world.shift_clock(0)
    calendar = Calendar(world, "mei")
    items = calendar.list(maxResults="2500", **calendar.window()).json()["items"]
    day = next(one for one in items if "date" in one["start"])
    assert (
        datetime.fromisoformat(day["end"]["date"]) - datetime.fromisoformat(day["start"]["date"])
    ) == timedelta(days=1)


def test_channels_say_hello_tell_of_changes_and_stop(world: World, receiver: Receiver) -> None:
    calendar = Calendar(world)
    receiver.deliveries.clear()
    wish = {"id": "c-1", "type": "web_hook", "address": receiver.url, "token": "between-us"}
    plain = {**wish, "address": "http://example.com/"}
    path = "/calendars/primary/events/watch"
    assert reason(calendar.call("POST", path, json=plain)) == (400, "push.webhookUrlNotHttps")
    made = calendar.call("POST", path, json=wish).raise_for_status().json()
    assert int(made["expiration"]) > calendar.now.timestamp() * 1000
    assert reason(calendar.call("POST", path, json=wish)) == (400, "channelIdNotUnique")
    calendar.add("Dentist")
    deadline = time.monotonic() + 30
    while len(receiver.deliveries) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    hello, change = receiver.deliveries
    assert (hello.headers["x-goog-resource-state"], hello.body) == ("sync", b"")
    assert change.headers["x-goog-resource-state"] == "exists"
    assert change.headers["x-goog-channel-token"] == "between-us"
    assert int(change.headers["x-goog-message-number"]) > int(
        hello.headers["x-goog-message-number"]
    )
    end = {"id": "c-1", "resourceId": made["resourceId"]}
    assert calendar.call("POST", "/channels/stop", json=end).status_code == 204
    assert calendar.call("POST", "/channels/stop", json=end).status_code == 404
    calendar.add("Nobody is told")
    time.sleep(0.2)
    assert len(receiver.deliveries) == 2


@pytest.mark.parametrize(("kind", "status"), [("403", 403), ("429", 429)])
def test_a_used_up_quota_is_a_403_as_often_as_a_429(world: World, kind: str, status: int) -> None:
    calendar = Calendar(world)
    world.fault(API, kind, seconds=9, times=1)
    refused = calendar.list(**calendar.window())
    assert refused.status_code == status
    assert refused.json()["error"]["errors"][0]["domain"] == "usageLimits"
    assert refused.headers["retry-after"] == "9"


def test_a_feed_answers_conditions_moves_and_can_be_reset(world: World) -> None:
    address = world.http.get("/_control/feed", params={"persona": "ruth"}).json()["address"]
    path = urlsplit(address).path
    first = world.http.get(path)
    assert first.text.startswith("BEGIN:VCALENDAR\r\n")
    assert "SUMMARY:Swimming\\, the boys" in first.text
    assert all(len(line.encode()) <= 75 * 3 for line in first.text.split("\r\n"))
    again = world.http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    led = world.http.get(f"/feeds/moved/2{path.removeprefix('/feeds')}", follow_redirects=True)
    assert (led.status_code, len(led.history)) == (200, 2)
    world.control("POST", "/feed/reset", persona="ruth").raise_for_status()
    assert world.http.get(path).status_code == 404
