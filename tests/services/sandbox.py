"""The sandbox world as a process, on the port that the settings already name."""

import sys

import httpx

from tests.services.plugin import FOLDER, LIVE_PORT, SANDBOX_PORT, release_port
from tests.services.process import Service


class Sandbox(Service):
    """`.url` is its address, `.control` an httpx client for `/_control/...`."""

    def __init__(self) -> None:
        self.url = f"http://localhost:{SANDBOX_PORT}"
        self.control = httpx.Client(base_url=f"{self.url}/_control", timeout=30)
        super().__init__(
            "sandbox",
            [
                *(sys.executable, "-m", "oo.sandbox"),
                *("--port", str(SANDBOX_PORT)),
                *("--state", str(FOLDER / "sandbox.sqlite3")),
                *("--public-url", self.url),
                *("--app-url", f"http://localhost:{LIVE_PORT}"),
                *("--webhook-url", f"http://localhost:{LIVE_PORT}/hooks/todoist/"),
            ],
        )

    def start(self) -> None:
        release_port(SANDBOX_PORT)
        super().start()

    def ready(self) -> bool:
        try:
            return self.control.get("/", timeout=5).is_success
        except httpx.TransportError:
            return False
