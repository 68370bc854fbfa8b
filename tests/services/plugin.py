"""Chooses this test process's ports, folder and secrets before Django reads its settings.

Settings are read once, at import, and name the sandbox, the public address and Redis. pytest-django
imports them before any conftest.py, so a fixture would come too late; `-p` plug-ins come earlier.
Only the names are settled here: fixtures start the parts behind them when a test first asks.
Every xdist worker imports this module in its own process and so has its own of everything.
"""

import atexit
import os
import shutil
import socket
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from tests.services import environment

ROOT = environment.ROOT
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")

_reserved: dict[int, socket.socket] = {}


def _reserve_port() -> int:
    """A free port, bound but not listening until `release_port`, so that no one else gets it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port = int(held.getsockname()[1])
    _reserved[port] = held
    return port


def release_port(port: int) -> None:
    """Lets the part that a port was reserved for bind it."""
    if held := _reserved.pop(port, None):
        held.close()


FOLDER = Path(tempfile.mkdtemp(prefix="oo-t-"))
_owner = os.getpid()


@atexit.register
def _remove_folder() -> None:
    if os.getpid() == _owner:
        shutil.rmtree(FOLDER, ignore_errors=True)


LIVE_PORT = _reserve_port()
SANDBOX_PORT = _reserve_port()
REDIS_SOCKET = FOLDER / "redis.sock"
# The runner names its private PostgreSQL here; without it the tests use SQLite.
DATABASE_URL = os.environ.get("DATABASE_URL", "")

os.environ |= {
    **environment.development(FOLDER),
    "DATABASE_URL": DATABASE_URL,
    "PUBLIC_URL": f"http://localhost:{LIVE_PORT}",
    "SANDBOX_URL": f"http://localhost:{SANDBOX_PORT}",
    "REDIS_URL": f"unix://{REDIS_SOCKET}",
    "ADMIN_TOKEN": "test-" * 10,
}


def shared_database_name(name: str) -> str:
    """The test database's name, which processes of this test process are told too."""
    return f"test_{name}_{WORKER}"


def shared_database_url() -> str:
    """`DATABASE_URL` of the test database. Empty on SQLite, where VAR_DIR says it all."""
    if not DATABASE_URL:
        return ""
    parts = urlsplit(DATABASE_URL)
    return urlunsplit(parts._replace(path=f"/{shared_database_name(parts.path.strip('/'))}"))


def child_environment(**more: str) -> dict[str, str]:
    """The environment of a process of ours that works on the test database."""
    return {**os.environ, "DATABASE_URL": shared_database_url(), **more}
