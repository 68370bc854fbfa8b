"""A sandbox as a child process, and the steps of a client that the tests tell their stories with."""

import base64
import hashlib
import sys
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from oo.sandbox.server import free_port
from tests.services.process import Service

CALLBACK = "http://localhost:9999/callback"
CLIENT = {"client_id": "oo-sandbox", "client_secret": "oo-sandbox-secret"}
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().strip("=")
EVERYTHING = "data:read_write,data:delete"


class World(Service):
    """`http` talks to it; the methods are what a client or a person does."""

    def __init__(self, name: str, state: Path, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        # No proxy from the environment, and a person's browser follows redirects by itself.
        self.http = httpx.Client(base_url=self.url, timeout=30, trust_env=False)
        command = [sys.executable, "-m", "oo.sandbox", "--port", str(self.port)]
        command += ["--state", str(state), "--public-url", self.url, *options]
        super().__init__(name, command)

    def ready(self) -> bool:
        try:
            return self.control("GET", "/").is_success
        except httpx.TransportError:
            return False

    def control(self, method: str, path: str, /, **body: Any) -> httpx.Response:
        return self.http.request(method, f"/_control{path}", json=body or None)

    def shift_clock(self, seconds: float) -> None:
        self.control("POST", "/clock", offset_seconds=seconds).raise_for_status()

    def fault(self, path: str, kind: str, **more: Any) -> None:
        self.control("POST", "/faults", path=path, kind=kind, **more).raise_for_status()

    def tasks_of(self, persona: str) -> list[dict[str, Any]]:
        return self.http.get("/_control/tasks", params={"persona": persona}).json()["tasks"]

    # -- Google --------------------------------------------------------------------------------

    def ask_google(self, *, persona: str | None = None, **changes: str | None) -> httpx.Response:
        """A request to authorize; with `persona` the answer to the form that it shows."""
        asked = {
            "client_id": CLIENT["client_id"],
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid email profile",
            "state": "abc",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        params = {name: value for name, value in asked.items() if value is not None}
        if persona is None:
            return self.http.get("/google/o/oauth2/v2/auth", params=params)
        return self.http.post("/google/o/oauth2/v2/auth", params=params, data={"persona": persona})

    def google_token(self, **form: str) -> httpx.Response:
        return self.http.post("/google/token", data=CLIENT | form)

    def google_exchange(self, code: str, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return self.google_token(**(form | changes))

    # -- Todoist -------------------------------------------------------------------------------

    def ask_todoist(
        self, *, persona: str = "mei", scope: str = EVERYTHING, **changes: str
    ) -> httpx.Response:
        params = {
            "client_id": CLIENT["client_id"],
            "redirect_uri": CALLBACK,
            "scope": scope,
            "state": "abc",
        } | changes
        return self.http.post("/todoist/oauth/authorize", params=params, data={"persona": persona})

    def todoist_token(self, **form: str) -> httpx.Response:
        return self.http.post("/todoist/oauth/access_token", data=CLIENT | form)

    def todoist_exchange(self, code: str, **changes: str) -> httpx.Response:
        form = {"code": code, "redirect_uri": CALLBACK, "grant_type": "authorization_code"}
        return self.todoist_token(**(form | changes))

    def connect(self, persona: str = "mei", scope: str = EVERYTHING) -> "Connection":
        """A persona's Todoist, connected all the way."""
        code = sent_back(self.ask_todoist(persona=persona, scope=scope))["code"]
        pair = self.todoist_exchange(code).raise_for_status().json()
        return Connection(self, pair["access_token"], pair["refresh_token"])

    def refresh(self, token: str, **more: str) -> httpx.Response:
        return self.todoist_token(grant_type="refresh_token", refresh_token=token, **more)


@dataclass
class Connection:
    """A client of the Todoist API with a token."""

    world: World
    access: str
    refresh: str

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.access}"}
        return self.world.http.request(method, f"/todoist/api/v1{path}", headers=headers, **more)

    def get(self, path: str, **params: Any) -> Any:
        return self.call("GET", path, params=params).raise_for_status().json()

    def post(self, path: str, **body: Any) -> Any:
        return self.call("POST", path, json=body or None).raise_for_status().json()

    def sync(self, **form: str) -> httpx.Response:
        return self.call("POST", "/sync", data=form)


def sent_back(response: httpx.Response) -> dict[str, str]:
    """The query of the redirect to the app."""
    assert response.status_code == 303, response.text
    target = response.headers["location"]
    assert target.startswith(CALLBACK), target
    return dict(parse_qsl(urlsplit(target).query))


@dataclass
class Delivery:
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Where webhooks arrive; answers `status` to each."""

    status: int = 200
    deliveries: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver.status  # before anybody sees that it came, and changes it
                receiver.deliveries.append(Delivery(headers, body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self._server.server_port}/hooks/todoist/"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
