"""The state of the world: one SQLite file, one writer at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (
    name TEXT PRIMARY KEY, value TEXT NOT NULL
) WITHOUT ROWID;

-- Authorization codes, kept after use so that a second use can be recognised and punished.
CREATE TABLE IF NOT EXISTS codes (
    code TEXT PRIMARY KEY, service TEXT NOT NULL, persona TEXT NOT NULL, redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL, nonce TEXT, challenge TEXT, offline INTEGER NOT NULL,
    expires_at REAL NOT NULL, grant_id TEXT
) WITHOUT ROWID;

-- One row per token; the tokens of one consent share a grant_id.
CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    grant_id TEXT NOT NULL, service TEXT NOT NULL, persona TEXT NOT NULL, scope TEXT NOT NULL,
    issued_at REAL NOT NULL, expires_at REAL, consumed_at REAL, successor TEXT, revoked_at REAL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_by_persona ON tokens (persona, service);
CREATE INDEX IF NOT EXISTS tokens_by_grant ON tokens (grant_id);

-- Items, projects, labels and sections as the API shows them. `version` is one counter for the
-- whole world, so "what changed since" is a range.
CREATE TABLE IF NOT EXISTS objects (
    id TEXT NOT NULL, kind TEXT NOT NULL, persona TEXT NOT NULL, version INTEGER NOT NULL,
    body TEXT NOT NULL, PRIMARY KEY (persona, kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS objects_by_version ON objects (persona, version);

-- Every completion as it was then: a recurring task is completed many times and stays open.
CREATE TABLE IF NOT EXISTS completions (
    persona TEXT NOT NULL, task TEXT NOT NULL, completed_at TEXT NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS completions_by_time ON completions (persona, completed_at);

-- Sync commands that were carried out, by the uuid that makes them idempotent.
CREATE TABLE IF NOT EXISTS commands (
    persona TEXT NOT NULL, uuid TEXT NOT NULL, real_id TEXT,
    PRIMARY KEY (persona, uuid)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS channels (
    id TEXT PRIMARY KEY, persona TEXT NOT NULL, resource TEXT NOT NULL, address TEXT NOT NULL,
    token TEXT NOT NULL, expires_at REAL NOT NULL, number INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY, body BLOB NOT NULL, attempts INTEGER NOT NULL, due_at REAL NOT NULL
) WITHOUT ROWID;
"""

# What `forget_everything` empties. The signing key is a fact too, and is meant to survive.
CHANGEABLE = ("codes", "tokens", "objects", "completions", "commands", "deliveries", "channels")


class Store:
    """A connection shared by all threads behind one lock: simple, and no race to think about."""

    def __init__(self, path: str) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. A transaction opened inside another joins it."""
        with self._lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._db
            except BaseException:
                if self._depth == 1:
                    self._db.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._db.execute("COMMIT")
            finally:
                self._depth -= 1

    def remembered(self, name: str) -> str | None:
        """A fact about the world itself, or None."""
        with self.transaction() as db:
            row = db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row["value"] if row else None

    def remember(self, name: str, value: str) -> None:
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def forget_everything(self, *, keep: tuple[str, ...]) -> None:
        """Empty every table; of the facts only those named in ``keep`` stay."""
        with self.transaction() as db:
            for table in CHANGEABLE:
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the tuple above
            marks = ", ".join("?" * len(keep))
            db.execute(f"DELETE FROM facts WHERE name NOT IN ({marks})", keep)  # noqa: S608

    def close(self) -> None:
        with self._lock:
            self._db.close()
