"""People connected to the sandbox's Google Calendar by real OAuth, and their feeds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from integrations import snapshot
from integrations.connect import begin, finish, take_attempt
from integrations.models import CalendarEvent, Connection
from integrations.source import sources
from integrations.sources.google_calendar import EVENTS, FREEBUSY, GoogleCalendar
from integrations.sync import sync_due
from tests.services.sandbox import Sandbox

API = "/google/calendar/v3"
LIST = f"{API}/calendars/primary/events"


class GoogleWorld:
    """`now` is the sandbox's clock, and the `now` that our verbs are given."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.control = sandbox.control
        source = sources.get("google_calendar")
        assert isinstance(source, GoogleCalendar)
        self.source = source
        self.offset = timedelta(0)

    @property
    def now(self) -> datetime:
        return timezone.now() + self.offset

    def later(self, **by: float) -> datetime:
        self.offset += timedelta(**by)
        self.post("/clock", offset_seconds=self.offset.total_seconds())
        return self.now

    def post(self, path: str, /, **body: Any) -> Any:
        return self.control.post(path, json=body).raise_for_status().json()

    def asked(self, path: str = API) -> list[str]:
        """The method and path of the requests below a path, oldest first."""
        entries = self.control.get("/requests").json()["requests"]
        return [
            f"{one['method']} {one['path'].removeprefix(API)}"
            for one in entries
            if one["path"].startswith(path)
        ]

    def forget_requests(self) -> None:
        self.control.delete("/requests").raise_for_status()

    def channels(self) -> list[dict[str, Any]]:
        return self.control.get("/channels").json()["channels"]

    def grants_alive(self, persona: str) -> int:
        grants = self.control.get("/grants").json()["grants"]
        return sum(one["live"] for one in grants if one["persona"] == persona)

    def link(
        self,
        persona: str = "priya",
        user: User | None = None,
        *,
        titles: bool = False,
        ticked: tuple[str, ...] = (FREEBUSY, EVENTS),
    ) -> "Calendar":
        """Somebody connects: PKCE, state and consent are the real ones."""
        user = user or User.objects.create_user(f"{persona}@example.com", time_zone="Asia/Kolkata")
        redirect_uri = f"{settings.PUBLIC_URL}/connect/google_calendar/callback/"
        session: dict[str, Any] = {}
        url = begin(self.source, session, redirect_uri=redirect_uri, titles=titles, now=self.now)
        chosen = httpx.post(url, data={"persona": persona, "choosing": "1", "ticked": list(ticked)})
        assert chosen.status_code == 303, chosen.text
        back = parse_qs(urlsplit(chosen.headers["location"]).query)
        verifier = take_attempt(self.source, session, state=back["state"][0], now=self.now)
        connection = finish(
            user, self.source, code=back["code"][0], verifier=verifier,
            redirect_uri=redirect_uri, now=self.now,
        )  # fmt: skip
        return Calendar(self, persona, connection)


@dataclass
class Calendar:
    """One person's calendar, from both sides."""

    world: GoogleWorld
    persona: str
    connection: Connection

    def read(self) -> Connection:
        """A sweep that takes this connection first; the row as it is afterwards."""
        long_due = self.world.now - timedelta(days=365)
        Connection.objects.filter(pk=self.connection.pk).update(due_at=long_due)
        assert sync_due(now=self.world.now, limit=1) == 1
        return self.row()

    def row(self) -> Connection:
        self.connection = Connection.objects.get(pk=self.connection.pk)
        return self.connection

    def add(self, title: str, *, hours: float = 30, **more: Any) -> str:
        starts = (self.world.now + timedelta(hours=hours)).isoformat()
        body = {"persona": self.persona, "title": title, "starts_at": starts, **more}
        return self.world.post("/events", **body)["id"]

    def change(self, id: str, **fields: Any) -> None:
        self.world.post(f"/events/{id}", persona=self.persona, **fields)

    def event(self, id: str) -> CalendarEvent | None:
        return CalendarEvent.objects.filter(connection=self.connection, external_id=id).first()

    def titles(self) -> set[str]:
        texts = snapshot.read(self.connection.pk) or {}
        return {text for key, text in texts.items() if key.startswith("event:")}
