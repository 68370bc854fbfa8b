"""A visitor: a browser's cookies, the product's real views, the sandbox's real consent pages."""

from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.test import Client


class Visitor:
    """Drives the product as a person would, each step a request that a browser would make.

    Django's client plays the browser towards the product, httpx towards the sandbox.
    """

    def __init__(self, *, check_csrf: bool = False) -> None:
        host = urlsplit(settings.PUBLIC_URL).netloc
        self.client = Client(enforce_csrf_checks=check_csrf, headers={"host": host})

    def _consent(self, url: str, persona: str | None) -> str:
        """Opens a consent page and picks a persona, or cancels. Returns where that leads back to."""
        page = httpx.get(url)
        assert page.status_code == 200, page.text
        chosen = httpx.post(url, data={"persona": persona} if persona else {})
        assert chosen.status_code in (302, 303), chosen.text
        back = urlsplit(chosen.headers["location"])
        assert back.netloc == urlsplit(settings.PUBLIC_URL).netloc
        return f"{back.path}?{back.query}"

    def sign_in(self, persona: str | None, *, time_zone: str = "Europe/Berlin") -> Any:
        start = self.client.post("/welcome/", {"time_zone": time_zone, "next": "/"})
        assert start.status_code == 302, start.content
        assert start["Location"].startswith(settings.GOOGLE_AUTHORIZE_URL)
        return self.client.get(self._consent(start["Location"], persona))

    def connect_todoist(self, persona: str | None) -> Any:
        start = self.client.post("/connect/todoist/")
        assert start.status_code == 302, start.content
        assert start["Location"].startswith(settings.TODOIST_AUTHORIZE_URL)
        return self.client.get(self._consent(start["Location"], persona))

    def recommend(self) -> dict[str, Any]:
        reply = self.client.post("/api/recommend", content_type="application/json")
        assert reply.status_code == 200, reply.content
        return reply.json()

    def answer(self, tip_id: str, reaction: str, dwell_ms: int | None = None) -> dict[str, Any]:
        body: dict[str, Any] = {"tip": tip_id, "reaction": reaction}
        if dwell_ms is not None:
            body["dwell_ms"] = dwell_ms
        reply = self.client.post("/api/feedback", body, content_type="application/json")
        assert reply.status_code == 200, reply.content
        return reply.json()
