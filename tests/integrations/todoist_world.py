"""People connected to the sandbox's Todoist, driven through the floor's verbs instead of its pages."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from integrations import snapshot
from integrations.commands import request_completion
from integrations.connect import begin, finish, take_attempt
from integrations.models import Connection, Task
from integrations.source import sources
from integrations.sources.todoist import Todoist
from integrations.sync import sync_due
from tests.services.sandbox import Sandbox

TOKEN = "/todoist/oauth/access_token"
SYNC = "/todoist/api/v1/sync"
REVOKE = "/todoist/api/v1/revoke"
PATIENCE, IMPATIENCE = 10.0, 0.3


def consent(url: str, persona: str | None) -> dict[str, str]:
    """Picks a persona on the consent page, or cancels; what the browser brings back."""
    chosen = httpx.post(url, data={"persona": persona} if persona else {})
    assert chosen.status_code in (302, 303), chosen.text
    query = parse_qs(urlsplit(chosen.headers["location"]).query)
    return {name: values[0] for name, values in query.items()}


class TodoistWorld:
    """`now` is the sandbox's clock, and the `now` that our verbs are given."""

    def __init__(self, sandbox: Sandbox, wait_at_most: Callable[[float], None]) -> None:
        self.control = sandbox.control
        self._wait_at_most = wait_at_most
        wait_at_most(PATIENCE)
        source = sources.get("todoist")
        assert isinstance(source, Todoist)
        self.source = source
        self.offset = timedelta(0)

    @property
    def now(self) -> datetime:
        return timezone.now() + self.offset

    def later(self, **by: float) -> datetime:
        """Moves the world's clock on."""
        self.offset += timedelta(**by)
        seconds = self.offset.total_seconds()
        self.control.post("/clock", json={"offset_seconds": seconds}).raise_for_status()
        return self.now

    def fault(self, kind: str, path: str = SYNC, **more: Any) -> None:
        """A bad day until `mend`. While it hangs, our side loses patience soon."""
        if kind == "hang":
            self._wait_at_most(IMPATIENCE)
        body = {"path": path, "kind": kind, **more}
        self.control.post("/faults", json=body).raise_for_status()

    def mend(self) -> None:
        self._wait_at_most(PATIENCE)
        self.control.delete("/faults").raise_for_status()

    def asked(self, path: str = SYNC) -> list[dict[str, Any]]:
        """The requests it has had on a path, oldest first."""
        entries = self.control.get("/requests").json()["requests"]
        return [entry for entry in entries if entry["path"] == path]

    def forget_requests(self) -> None:
        self.control.delete("/requests").raise_for_status()

    def revoke(self, persona: str) -> None:
        """The person removes the app in Todoist's settings."""
        body = {"service": "todoist", "persona": persona}
        self.control.post("/revoke", json=body).raise_for_status()

    def grants_alive(self, persona: str) -> int:
        grants = self.control.get("/grants").json()["grants"]
        return sum(
            g["live"] for g in grants if g["service"] == "todoist" and g["persona"] == persona
        )

    def link(
        self, persona: str = "sam", user: User | None = None, time_zone: str = "Europe/Berlin"
    ) -> "Link":
        """Somebody connects: PKCE, state and consent are the real ones."""
        user = user or User.objects.create_user(f"{persona}@example.com", time_zone=time_zone)
        redirect_uri = f"{settings.PUBLIC_URL}/connect/todoist/callback/"
        session: dict[str, Any] = {}
        url = begin(self.source, session, redirect_uri=redirect_uri, now=self.now)
        back = consent(url, persona)
        verifier = take_attempt(self.source, session, state=back["state"], now=self.now)
        connection = finish(
            user, self.source, code=back["code"], verifier=verifier, redirect_uri=redirect_uri,
            now=self.now,
        )  # fmt: skip
        return Link(self, persona, connection)


@dataclass
class Link:
    """One person's Todoist, from both sides."""

    world: TodoistWorld
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

    def next_read(self) -> datetime:
        due_at = self.row().due_at
        assert due_at is not None
        return due_at

    def add(self, content: str, **more: Any) -> str:
        """A new task in Todoist; its id."""
        body = {"persona": self.persona, "content": content, **more}
        return self.world.control.post("/tasks", json=body).raise_for_status().json()["id"]

    def act(self, external_id: str, verb: str, **more: Any) -> None:
        """Completes (`by` somebody else), deletes or assigns (`to` somebody) a task in Todoist itself."""
        url = f"/tasks/{external_id}/{verb}"
        self.world.control.post(url, json=more or None).raise_for_status()

    def tell(self, kind: str, **args: Any) -> None:
        """A sync command of the person's own client."""
        command = {"type": kind, "uuid": str(uuid.uuid4()), "args": args}
        token = Connection.objects.defer(None).get(pk=self.connection.pk).access_token
        reply = httpx.post(
            f"{settings.TODOIST_API_URL}/sync",
            data={"commands": json.dumps([command])},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert list(reply.raise_for_status().json()["sync_status"].values()) == ["ok"]

    def listed(self) -> dict[str, dict[str, Any]]:
        """What is open in Todoist, by id."""
        found = self.world.control.get("/tasks", params={"persona": self.persona}).json()["tasks"]
        return {item["id"]: item for item in found}

    def task(self, external_id: str) -> Task:
        return Task.objects.get(connection=self.connection, external_id=external_id)

    def due(self, external_id: str) -> datetime:
        """When a task of ours is due, which has a time."""
        due_at = self.task(external_id).due_at
        assert due_at is not None
        return due_at

    def titles(self) -> dict[str, str]:
        return snapshot.read(self.connection.pk) or {}

    def done_here(self, external_id: str) -> None:
        """The person says done in oO."""
        with transaction.atomic():
            request_completion(self.task(external_id).pk, now=self.world.now)
