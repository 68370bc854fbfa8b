"""Signed webhooks, delivered from a background thread and again if the answer is not 200."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import logging
import sqlite3
import threading
import urllib.request
import uuid
from datetime import datetime
from email.message import Message
from typing import IO, Any

from ..clock import Clock, stamp
from ..config import CLIENT_SECRET, Config
from ..store import Store
from .account import Account, Change

log = logging.getLogger(__name__)

REDELIVERIES = 3
# What can be made to go wrong with the next deliveries: they are lost, come twice, or a forged one
# comes first.
MISCHIEF = ("lose", "repeat", "forge")
PATIENCE_SECONDS = 10
# The thread also looks up on its own, so that a clock moved by a test takes effect soon.
PULSE_SECONDS = 0.5


def signature(body: bytes, secret: str = CLIENT_SECRET) -> str:
    """The value of ``X-Todoist-Hmac-SHA256`` for a raw body."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def payload(account: Account, change: Change, triggered_at: datetime) -> dict[str, Any]:
    """The body of one webhook."""
    persona = account.persona
    told: dict[str, Any] = {
        "version": "10",
        "user_id": persona.user_id,
        "initiator": {
            "id": persona.user_id,
            "full_name": persona.name,
            "email": persona.email,
            "image_id": None,
            "is_premium": False,
        },
        "event_name": change.event_name,
        "event_data": change.body,
        "triggered_at": stamp(triggered_at),
    }
    if change.by not in (None, persona.user_id):
        told["initiator"] |= {
            "id": change.by,
            "full_name": "A Colleague",
            "email": "colleague@example.com",
        }
    if change.old is not None:
        told["event_data_extra"] = {"old_item": change.old, "update_intent": change.intent}
    return told


class Postman:
    """The outbox and the thread that empties it. Silent without a webhook URL."""

    def __init__(self, config: Config, store: Store, clock: Clock) -> None:
        self._url = config.webhook_url
        self._retry_seconds = config.webhook_retry_seconds
        self._mischief = dict.fromkeys(MISCHIEF, 0)
        self._store = store
        self._clock = clock
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)
        # A redirect is an answer other than 200, and a proxy has no business on the loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
        if self._url:
            self._thread.start()

    def take(self, db: sqlite3.Connection, account: Account) -> None:
        """Put the account's changes into the outbox, within the transaction that made them."""
        if not self._url:
            return
        now = self._clock.now()
        for change in account.changes:
            body = json.dumps(payload(account, change, now), separators=(",", ":"))
            db.execute(
                "INSERT INTO deliveries VALUES (?, ?, 0, ?)",
                (str(uuid.uuid4()), body.encode(), now.timestamp()),
            )

    def storm(self, account: Account, count: int) -> None:
        """Puts many deliveries into the outbox that tell of nothing anybody knows."""
        change = Change("filter:updated", {"id": "1", "name": "Storm"})
        account.changes.extend([change] * count)

    def plan(self, **counts: int) -> None:
        """How many of the next deliveries go wrong, and how."""
        self._mischief |= counts

    def planned(self) -> dict[str, int]:
        return dict(self._mischief)

    def waiting(self) -> int:
        """Deliveries that have yet to be heard or given up."""
        with self._store.transaction() as db:
            count: int = db.execute("SELECT COUNT(*) FROM deliveries").fetchone()[0]
        return count

    def due(self) -> int:
        """Of those, how many are about to be tried or being tried."""
        return len(self._due())

    def forget(self) -> None:
        self._mischief = dict.fromkeys(MISCHIEF, 0)

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=PATIENCE_SECONDS)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(PULSE_SECONDS)
            self._woken.clear()
            for row in self._due():
                if self._stopping.is_set():
                    return
                self._attempt(row)

    def _due(self) -> list[sqlite3.Row]:
        with self._store.transaction() as db:
            return db.execute(
                "SELECT * FROM deliveries WHERE due_at <= ? ORDER BY due_at",
                (self._clock.now().timestamp(),),
            ).fetchall()

    def _attempt(self, row: sqlite3.Row) -> None:
        # No transaction is open here: the receiver may call back before it answers.
        if self._next("forge"):
            self._post(str(uuid.uuid4()), row["body"], secret=CLIENT_SECRET[::-1])
        delivered = self._next("lose") or self._post(row["id"], row["body"])
        if self._next("repeat"):
            self._post(row["id"], row["body"])
        attempts = row["attempts"] + 1
        with self._store.transaction() as db:
            if delivered or attempts > REDELIVERIES:
                db.execute("DELETE FROM deliveries WHERE id = ?", (row["id"],))
            else:
                again = self._clock.now().timestamp() + self._retry_seconds
                db.execute(
                    "UPDATE deliveries SET attempts = ?, due_at = ? WHERE id = ?",
                    (attempts, again, row["id"]),
                )

    def _next(self, mischief: str) -> bool:
        left = self._mischief[mischief]
        self._mischief[mischief] = max(0, left - 1)
        return left > 0

    def _post(self, delivery_id: str, body: bytes, *, secret: str = CLIENT_SECRET) -> bool:
        assert self._url is not None
        request = urllib.request.Request(self._url, data=body, method="POST")  # noqa: S310
        request.add_header("Content-Type", "application/json")
        request.add_header("User-Agent", "Todoist-Webhooks")
        request.add_header("X-Todoist-Hmac-SHA256", signature(body, secret))
        request.add_header("X-Todoist-Delivery-ID", delivery_id)
        try:
            with self._opener.open(request, timeout=PATIENCE_SECONDS) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException) as error:
            log.info("webhook %s not delivered: %s", delivery_id, error)
            return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> None:
        return None
