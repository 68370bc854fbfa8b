"""One persona's Todoist: every row in it, a version for each change, and what to announce."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ..clock import stamp
from ..personas import Persona
from .errors import not_found

Body = dict[str, Any]

KINDS = ("items", "projects", "sections", "labels")
NAMES = {"items": "Task", "projects": "Project", "sections": "Section", "labels": "Label"}

# The alphabet of Todoist's ids: no vowels and no look-alikes, so that no word appears by chance.
ID_ALPHABET = "23456789CFGHJMPQRVWXcfghjmpqrvwx"


@dataclass(frozen=True)
class Change:
    """One change to one object, as a webhook tells it. ``by`` is who made it, if not the person."""

    event_name: str
    body: Body
    old: Body | None = None
    intent: str | None = None
    by: str | None = None


@dataclass
class Account:
    """Rows of one persona at one moment, inside the caller's transaction."""

    db: sqlite3.Connection
    persona: Persona
    now: datetime
    changes: list[Change] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.persona.time_zone)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def at(self, moment: datetime) -> Account:
        """The same rows at another moment; used to live through days nobody watched."""
        return Account(self.db, self.persona, moment, self.changes)

    # -- reading -------------------------------------------------------------------------------

    def rows(self, kind: str) -> list[Body]:
        """Every row of a kind, tombstones too, oldest first."""
        found = self.db.execute(
            "SELECT body FROM objects WHERE persona = ? AND kind = ?", (self.persona.id, kind)
        )
        rows = [json.loads(row["body"]) for row in found]
        return sorted(rows, key=lambda row: (row.get("added_at") or "", _order(row), row["id"]))

    def live(self, kind: str) -> list[Body]:
        """What the person sees: not deleted and, for tasks, not completed."""
        return [row for row in self.rows(kind) if is_live(row)]

    def find(self, kind: str, id: str) -> Body | None:
        row = self.db.execute(
            "SELECT body FROM objects WHERE persona = ? AND kind = ? AND id = ?",
            (self.persona.id, kind, id),
        ).fetchone()
        body: Body | None = json.loads(row["body"]) if row else None
        return body

    def get(self, kind: str, id: Any, *, completed: bool = False) -> Body:
        """A live row, or a 404. With ``completed`` a checked task counts as there."""
        body = self.find(kind, id) if isinstance(id, str) else None
        if body is None or body.get("is_deleted") or (body.get("checked") and not completed):
            raise not_found(NAMES[kind])
        return body

    def changed_since(self, kind: str, version: int) -> list[Body]:
        found = self.db.execute(
            "SELECT body FROM objects WHERE persona = ? AND kind = ? AND version > ?"
            " ORDER BY version",
            (self.persona.id, kind, version),
        )
        return [json.loads(row["body"]) for row in found]

    @property
    def version(self) -> int:
        # Rows are never removed, only marked, so the largest version never goes back.
        row = self.db.execute(
            "SELECT COALESCE(MAX(version), 0) AS latest FROM objects WHERE persona = ?",
            (self.persona.id,),
        ).fetchone()
        return int(row["latest"])

    def completions(self, since: datetime, until: datetime) -> list[Body]:
        """Completions from ``since`` up to but not including ``until``, newest first."""
        found = self.db.execute(
            "SELECT body FROM completions WHERE persona = ? AND completed_at >= ?"
            " AND completed_at < ? ORDER BY completed_at DESC, rowid DESC",
            (self.persona.id, stamp(since), stamp(until)),
        )
        return [json.loads(row["body"]) for row in found]

    # -- writing -------------------------------------------------------------------------------

    def put(self, kind: str, body: Body) -> None:
        self.db.execute(
            "INSERT INTO objects (id, kind, persona, version, body) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (persona, kind, id)"
            " DO UPDATE SET version = excluded.version, body = excluded.body",
            (body["id"], kind, self.persona.id, self.version + 1, json.dumps(body)),
        )

    def record_completion(self, body: Body) -> None:
        self.db.execute(
            "INSERT INTO completions VALUES (?, ?, ?, ?)",
            (self.persona.id, body["id"], body["completed_at"], json.dumps(body)),
        )

    def erase_last_completion(self, task: str) -> None:
        self.db.execute(
            "DELETE FROM completions WHERE rowid = (SELECT rowid FROM completions"
            " WHERE persona = ? AND task = ? ORDER BY completed_at DESC LIMIT 1)",
            (self.persona.id, task),
        )

    def announce(self, *changes: Change) -> None:
        self.changes.extend(changes)


def is_live(body: Body) -> bool:
    return not (body.get("is_deleted") or body.get("checked") or body.get("is_archived"))


def new_id(characters: Iterable[str] | None = None) -> str:
    """An id in Todoist's style; seeding passes its own characters to be reproducible."""
    drawn = characters or (secrets.choice(ID_ALPHABET) for _ in range(14))
    return "6X" + "".join(drawn)


def _order(row: Body) -> int:
    for name in ("child_order", "section_order", "order"):
        if name in row:
            return int(row[name])
    return 0
