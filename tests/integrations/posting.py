"""Somebody with an endpoint, and the other side, which posts to it as the scheme says."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from integrations import snapshot
from integrations.endpoints import make_endpoint
from integrations.formats.standard_webhooks import sign
from integrations.models import Connection, Delivery, Task
from oo.lib.encrypted import fingerprints


def upsert(id: str = "bike-1", title: str = "Fetch the bike", **more: Any) -> dict[str, Any]:
    return {"op": "upsert", "id": id, "title": title, **more}


@dataclass
class Poster:
    """Posts through the front door, without a browser's cookies."""

    user: User
    endpoint: Connection
    secret: str
    sent: set[str] = field(default_factory=set)  # the ids of tasks, which rows don't hold

    def post(self, *tasks: Any, **more: Any) -> HttpResponse:
        self.sent |= {str(task["id"]) for task in tasks if isinstance(task, dict) and "id" in task}
        return self.post_raw(json.dumps({"tasks": tasks}).encode(), **more)

    def post_raw(
        self,
        body: bytes,
        *,
        id: str | None = None,
        at: datetime | None = None,
        secret: str | None = None,
        headers: dict[str, str] | None = None,
        kind: str = "application/json",
    ) -> HttpResponse:
        id = uuid.uuid4().hex if id is None else id
        stamp = int((at or timezone.now()).timestamp())
        signed = {
            "webhook-id": id,
            "webhook-timestamp": str(stamp),
            "webhook-signature": sign(secret or self.secret, id, stamp, body),
        }
        sent = {name: value for name, value in (signed | (headers or {})).items() if value}
        browser = Client(raise_request_exception=True)
        return browser.post(self.path, body, content_type=kind, headers=sent)

    @property
    def path(self) -> str:
        return f"/in/{self.endpoint.pk}/"

    def deliveries(self) -> list[Delivery]:
        rows = Delivery.objects.filter(connection=self.endpoint)
        return list(rows.defer(None).order_by("received_at", "pk"))

    def open_tasks(self) -> dict[str, Task]:
        tasks = Task.objects.filter(connection=self.endpoint, closed_at=None)
        return {self.theirs(task.external_id): task for task in tasks}

    def texts(self) -> dict[str, str]:
        """The words in the snapshot, by the sender's ids."""
        kept = snapshot.read(self.endpoint.pk) or {}
        return {self.theirs(key.removeprefix("task:")): text for key, text in kept.items()}

    def theirs(self, name: str) -> str:
        """What the sender calls the task that we call so."""
        return {ours: id for id in self.sent for ours in fingerprints(id)}[name]


def poster(email: str = "ada@example.com", name: str = "Bike shop") -> Poster:
    user = User.objects.create_user(email, time_zone="Europe/Berlin")
    endpoint, secret = make_endpoint(user, name, now=timezone.now())
    return Poster(user, endpoint, secret)
