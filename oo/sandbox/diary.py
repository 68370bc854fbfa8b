"""One persona's calendar: rows as Google's API shows them, and a version for each change."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .clock import stamp
from .personas import Persona
from .personas.diaries import DIARIES, Habit
from .store import Store

Body = dict[str, Any]

BEFORE, AHEAD = timedelta(days=10), timedelta(days=60)


@dataclass
class Diary:
    """Events of one persona at one moment, inside the caller's transaction."""

    db: sqlite3.Connection
    persona: Persona
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.persona.time_zone)

    @property
    def version(self) -> int:
        row = self.db.execute(
            "SELECT COALESCE(MAX(version), 0) AS latest FROM objects WHERE persona = ?",
            (self.persona.id,),
        ).fetchone()
        return int(row["latest"])

    def rows(self, *, since: int = 0) -> list[Body]:
        """Every event changed after a version, cancelled ones too, in order of their start."""
        found = self.db.execute(
            "SELECT body FROM objects WHERE persona = ? AND kind = 'events' AND version > ?",
            (self.persona.id, since),
        )
        return sorted((json.loads(row["body"]) for row in found), key=lambda one: self.span(one))

    def between(self, begin: datetime, end: datetime, *, since: int = 0) -> list[Body]:
        """Those that end after ``begin`` and start before ``end``."""
        rows = ((one, *self.span(one)) for one in self.rows(since=since))
        return [one for one, starts, ends in rows if ends > begin and starts < end]

    def busy(self, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The times that are taken, joined where they touch."""
        joined: list[tuple[datetime, datetime]] = []
        for one in self.between(begin, end):
            if not takes_time(one):
                continue
            starts, ends = self.span(one)
            if joined and starts <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
            else:
                joined.append((starts, ends))
        return joined

    def span(self, event: Body) -> tuple[datetime, datetime]:
        return self._moment(event["start"]), self._moment(event["end"])

    def add(self, title: str, starts: datetime, minutes: int, **more: Any) -> Body:
        body = self._event(secrets.token_hex(13), title, starts, minutes) | more
        self._put(body)
        return body

    def change(self, id: str, **more: Any) -> Body | None:
        """Alters an event, or cancels it with ``status="cancelled"``; None when there is none."""
        row = self.db.execute(
            "SELECT body FROM objects WHERE persona = ? AND kind = 'events' AND id = ?",
            (self.persona.id, id),
        ).fetchone()
        if row is None:
            return None
        body: Body = json.loads(row["body"]) | more | {"updated": stamp(self.now)}
        self._put(body)
        return body

    def catch_up(self, store: Store) -> None:
        """Writes down what is on in the days ahead that nobody has written down yet."""
        fact = f"diary_until:{self.persona.id}"
        last = (self.now + AHEAD).astimezone(self.zone).date()
        known = store.remembered(fact)
        day = (
            date.fromisoformat(known) if known else (self.now - BEFORE).astimezone(self.zone).date()
        )
        if day >= last:
            return
        while day < last:
            for event in self._day(day):
                self._put(event)
            day += timedelta(days=1)
        store.remember(fact, last.isoformat())

    def _day(self, day: date) -> Iterator[Body]:
        for number, habit in enumerate(DIARIES[self.persona.id]):
            if not habit.is_on(day):
                continue
            series = hashlib.sha256(f"{self.persona.id}{number}".encode()).hexdigest()[:26]
            if habit.at:
                starts = datetime.combine(day, time.fromisoformat(habit.at), self.zone)
                id = f"{series}_{starts.astimezone(UTC):%Y%m%dT%H%M%SZ}"
                event = self._event(id, habit.title, starts, habit.minutes)
            else:
                event = self._event(f"{series}_{day:%Y%m%d}", habit.title, self.now, 0)
                event["start"] = {"date": day.isoformat()}
                event["end"] = {"date": (day + timedelta(days=1)).isoformat()}
            yield event | {"recurringEventId": series} | self._details(habit)

    def _details(self, habit: Habit) -> Body:
        more: Body = {"eventType": habit.kind}
        if habit.free or habit.kind in ("workingLocation", "birthday"):
            more["transparency"] = "transparent"
        if habit.answer:
            me = {"email": self.persona.email, "self": True, "responseStatus": habit.answer}
            host = {"email": "host@example.org", "organizer": True, "responseStatus": "accepted"}
            more["attendees"] = [host, me]
        return more

    def _event(self, id: str, title: str, starts: datetime, minutes: int) -> Body:
        def told(moment: datetime) -> Body:
            local = moment.astimezone(self.zone)
            shown = local.isoformat(timespec="seconds")
            return {"dateTime": shown, "timeZone": self.persona.time_zone}

        # In UTC: an hour is an hour, also in the night when clocks change.
        ends = starts.astimezone(UTC) + timedelta(minutes=minutes)
        return {
            "kind": "calendar#event",
            "etag": f'"{secrets.randbits(53)}"',
            "id": id,
            "status": "confirmed",
            "created": stamp(self.now),
            "updated": stamp(self.now),
            "summary": title,
            "creator": {"email": self.persona.email, "self": True},
            "organizer": {"email": self.persona.email, "self": True},
            "start": told(starts),
            "end": told(ends),
            "iCalUID": f"{id}@google.com",
            "sequence": 0,
            "eventType": "default",
        }

    def _moment(self, told: Body) -> datetime:
        if "date" in told:
            return datetime.combine(date.fromisoformat(told["date"]), time(), self.zone)
        return datetime.fromisoformat(told["dateTime"])

    def _put(self, body: Body) -> None:
        self.db.execute(
            "INSERT INTO objects (id, kind, persona, version, body) VALUES (?, 'events', ?, ?, ?)"
            " ON CONFLICT (persona, kind, id)"
            " DO UPDATE SET version = excluded.version, body = excluded.body",
            (body["id"], self.persona.id, self.version + 1, json.dumps(body)),
        )


def takes_time(event: Body) -> bool:
    """Whether an event makes its person busy."""
    return (
        event["status"] != "cancelled"
        and event.get("transparency") != "transparent"
        and not any(
            one.get("self") and one["responseStatus"] == "declined"
            for one in event.get("attendees", ())
        )
    )
