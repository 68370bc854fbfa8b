"""Telling who watches a calendar that it changed: Google's channels, each call with headers only."""

from __future__ import annotations

import http.client
import logging
import sqlite3
import threading
import urllib.request
import uuid
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from .clock import Clock
from .config import LOOPBACK_NAMES
from .personas import Persona
from .store import Store

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 5


@dataclass(frozen=True)
class Channel:
    resource: str
    expires_at: float


class Herald:
    """The channels, and the thread that calls. What is not answered well is not called again."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._calls: SimpleQueue[tuple[str, dict[str, str]] | None] = SimpleQueue()
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._thread = threading.Thread(target=self._work, name="channels", daemon=True)
        self._thread.start()

    def may_call(self, address: str) -> bool:
        """https, as Google asks for; on this machine there is no certificate to be had."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        return parts.scheme == "https" or (
            parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES
        )

    def open(
        self, persona: Persona, id: str, address: str, token: str, *, seconds: int
    ) -> Channel | None:
        """A new channel, which says hello at once; None when there is one of this id."""
        expires_at = self._clock.now().timestamp() + seconds
        resource = uuid.uuid5(uuid.NAMESPACE_URL, persona.id).hex[:27]
        with self._store.transaction() as db:
            try:
                db.execute(
                    "INSERT INTO channels VALUES (?, ?, ?, ?, ?, ?, 1)",
                    (id, persona.id, resource, address, token, expires_at),
                )
            except sqlite3.IntegrityError:
                return None
            self._call(db, id, "sync")
        return Channel(resource, expires_at)

    def close(self, persona: Persona, id: Any, resource: Any) -> bool:
        with self._store.transaction() as db:
            gone = db.execute(
                "DELETE FROM channels WHERE id = ? AND persona = ? AND resource = ?",
                (str(id), persona.id, str(resource)),
            )
        return gone.rowcount == 1

    def tell(self, persona: Persona) -> None:
        """The persona's calendar changed."""
        with self._store.transaction() as db:
            now = self._clock.now().timestamp()
            rows = db.execute(
                "SELECT id FROM channels WHERE persona = ? AND expires_at > ?", (persona.id, now)
            )
            for row in rows.fetchall():
                self._call(db, row["id"], "exists")

    def listed(self) -> list[dict[str, Any]]:
        with self._store.transaction() as db:
            rows = db.execute("SELECT id, persona, address, expires_at FROM channels").fetchall()
        return [dict(row) for row in rows]

    def stop(self) -> None:
        self._calls.put(None)
        self._thread.join(timeout=PATIENCE_SECONDS)

    def _call(self, db: sqlite3.Connection, id: str, state: str) -> None:
        row = db.execute("SELECT * FROM channels WHERE id = ?", (id,)).fetchone()
        db.execute("UPDATE channels SET number = number + 3 WHERE id = ?", (id,))
        headers = {
            "X-Goog-Channel-ID": id,
            "X-Goog-Channel-Token": row["token"],
            "X-Goog-Resource-State": state,
            "X-Goog-Resource-ID": row["resource"],
            "X-Goog-Message-Number": str(row["number"]),
            "User-Agent": "APIs-Google",
        }
        self._calls.put((row["address"], headers))

    def _work(self) -> None:
        while True:
            try:
                call = self._calls.get(timeout=60)
            except Empty:
                continue
            if call is None:
                return
            address, headers = call
            request = urllib.request.Request(address, b"", headers, method="POST")  # noqa: S310
            try:
                self._opener.open(request, timeout=PATIENCE_SECONDS).close()
            except (OSError, http.client.HTTPException) as error:
                log.info("a channel's call was not taken: %s", error)
