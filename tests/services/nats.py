"""A private NATS server with JetStream, on a port of its own. Its streams outlive a kill."""

import shutil
import socket
import tempfile
from pathlib import Path

from tests.services.plugin import FOLDER
from tests.services.process import Service

NAMES = ("nats-server", "/usr/sbin/nats-server")


def find_nats() -> str | None:
    """The path of a nats-server, or None. Debian keeps it where only root's PATH looks."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class NatsServer(Service):
    """`kill()` is kill -9; `start()` comes back on the same port with what was stored."""

    def __init__(self, config: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="nats-", dir=FOLDER))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        file = self.folder / "nats.conf"
        file.write_text(config)
        server = find_nats()
        assert server, "No nats-server on the PATH. `make test` as root installs it."
        super().__init__(
            self.folder.name,
            [
                *(server, "-c", str(file), "-js", "-sd", str(self.folder)),
                *("-a", "127.0.0.1", "-p", str(self.port)),
            ],
        )
        self._starts = 0

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._starts += 1
        super().start()

    def ready(self) -> bool:
        return self.log.count("Server is ready") >= self._starts
