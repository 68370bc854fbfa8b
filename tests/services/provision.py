"""Getting what the tests need from the system: installed by root on Debian, asked for elsewhere."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from oo.up.redis import NoRedis, find_redis_server
from tests.services.browser import find_browser
from tests.services.nats import find_nats
from tests.services.postgres import find_postgres


def _has_redis() -> bool:
    try:
        return bool(find_redis_server())
    except NoRedis:
        return False


@dataclass(frozen=True)
class Need:
    """Something to find, and the packages that hold it."""

    name: str
    there: Callable[[], bool]
    debian: str
    fedora: str
    macos: str


NEEDS = (
    Need(
        "PostgreSQL",
        lambda: find_postgres() is not None,
        "postgresql",
        "postgresql-server",
        "postgresql@17",
    ),
    Need("Redis", _has_redis, "redis-server", "redis", "redis"),
    Need("NATS", lambda: find_nats() is not None, "nats-server", "nats-server", "nats-server"),
    Need("Chromium", lambda: find_browser() is not None, "chromium", "chromium", "--cask chromium"),
)


class Missing(Exception):
    """Something is not there and can't be installed from here. The message says what to do."""


def provision() -> None:
    """Sees to it that PostgreSQL, Redis, NATS and Chromium are there. Raises Missing."""
    missing = [need for need in NEEDS if not need.there()]
    if not missing:
        return
    if os.getuid() == 0 and shutil.which("apt-get"):
        _install([need.debian for need in missing])
        missing = [need for need in missing if not need.there()]
    if missing:
        raise Missing(_ask_for(missing))


def _install(packages: list[str]) -> None:
    print(f"Installing {', '.join(packages)} ...", flush=True)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    quiet = {"env": env, "stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    if subprocess.run(install, **quiet, check=False).returncode:  # type: ignore[call-overload]
        subprocess.run(["apt-get", "update", "-qq"], **quiet, check=False)  # type: ignore[call-overload]
        done = subprocess.run(install, **quiet, check=False)  # type: ignore[call-overload]
        if done.returncode:
            print(done.stdout[-2000:], done.stderr[-2000:], sep="\n")


def _ask_for(missing: list[Need]) -> str:
    names = " and ".join(need.name for need in missing)
    if sys.platform == "darwin":
        command = "; ".join(f"brew install {need.macos}" for need in missing)
    elif shutil.which("dnf"):
        command = f"sudo dnf install {' '.join(need.fedora for need in missing)}"
    else:
        command = f"sudo apt install {' '.join(need.debian for need in missing)}"
    return f"The tests need {names}. Install and try again:\n\n    {command}\n"
