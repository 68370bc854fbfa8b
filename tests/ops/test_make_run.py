"""`make run`, for real: it starts, it stops, and it comes back after the worst."""

import http.client
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from oo.up.leftovers import born
from tests.services.environment import ROOT, blanks

pytestmark = [pytest.mark.once, pytest.mark.timeout(400)]

LEFT_OUT = {"tests", "bench", "docs", "var"}


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


class Run:
    """A clone of this tree in which the launcher is started and stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.sandbox_port = free_port(), free_port()
        self.log = folder / "launcher.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        foreign = blanks().keys() | {"DEBUG", "SECRET_KEY", "ENCRYPTION_KEYS"}
        env = {name: value for name, value in os.environ.items() if name not in foreign}
        return env | {"PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "oo.up"],
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.process

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def until(self, words: str, seconds: float = 100) -> None:
        end = time.monotonic() + seconds
        while words not in self.said:
            assert self.process is not None
            assert self.process.poll() is None, f"ended before {words!r}:\n{self.said}"
            assert time.monotonic() < end, f"no {words!r}:\n{self.said}"
            time.sleep(0.05)

    def children(self) -> list[int]:
        """Every process that works in the clone, the launcher not among them."""
        not_mine = {os.getpid(), self.process.pid if self.process else 0}
        here = str(self.folder)
        return [pid for pid, what in processes() if here in what and pid not in not_mine]

    def left(self) -> list[int]:
        """The children that are still there when those that were killed have had time to go."""
        end = time.monotonic() + 20
        while (there := self.children()) and time.monotonic() < end:
            time.sleep(0.05)
        return there

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        connection.request("GET", path)
        return connection.getresponse().status


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "oO"

    def left_out(path: str, names: list[str]) -> set[str]:
        hidden = {name for name in names if name.startswith(".") or name == "__pycache__"}
        return hidden | (LEFT_OUT & set(names) if Path(path) == ROOT else set())

    shutil.copytree(ROOT, folder, ignore=left_out)
    run = Run(folder.resolve())
    yield run
    if run.process and run.process.poll() is None:
        run.process.kill()
        run.process.wait()
    for pid in run.children():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_it_starts_prints_its_address_and_ctrl_c_stops_all_of_it(clone):
    launcher = clone.start()
    clone.until("oO is ready.")
    assert f"http://localhost:{clone.port}" in clone.said
    assert "is the admin" in clone.said
    assert clone.get("/welcome/") == 200
    assert clone.get("/static/oo/oo.css") == 200
    clone.until("celery.apps.worker: ")

    dotenv = clone.folder / ".env"
    assert stat.S_IMODE(dotenv.stat().st_mode) == 0o600
    assert not any(line.split("=", 1)[-1] in clone.said for line in secrets_of(dotenv))
    assert any("redis-server" in args(pid) for pid in clone.children())

    start = time.monotonic()
    launcher.send_signal(signal.SIGINT)
    assert launcher.wait(60) == 0
    assert time.monotonic() - start < 20
    assert clone.left() == []
    assert "Everything has stopped." in clone.said


def test_it_comes_back_after_kill_9_and_a_second_one_is_told_of_the_first(clone):
    first = clone.start()
    clone.until("oO is ready.")
    address = f"http://localhost:{clone.port}"

    second = subprocess.run(
        [sys.executable, "-m", "oo.up"],
        cwd=clone.folder,
        env=clone.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert second.returncode == 1
    assert f"oO is running already at {address} (process {first.pid})" in second.stderr

    first.kill()
    first.wait()
    orphans = clone.children()
    assert orphans
    again = clone.start()
    clone.until("oO is ready.")
    assert "leftover process(es) of a run that was killed" in clone.said
    assert all(born(pid) is None for pid in orphans)

    web = next(pid for pid in clone.children() if "gunicorn" in args(pid))
    os.kill(web, signal.SIGKILL)
    assert again.wait(90) == 1
    assert "web died" in clone.said
    assert clone.left() == []


def test_a_port_in_use_is_named(clone):
    with socket.socket() as other:
        other.bind(("127.0.0.1", clone.port))
        other.listen()
        assert clone.start().wait(90) == 1
    assert f"Port {clone.port} is taken by another program." in clone.said
    assert "make run PORT=" in clone.said
    assert clone.left() == []


def processes() -> list[tuple[int, str]]:
    """All processes: number, and working folder with command line."""
    if Path("/proc/self/cwd").exists():
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (folder / "cmdline").read_text(errors="replace").replace("\0", " ")
                found.append((int(folder.name), f"{(folder / 'cwd').readlink()} {words}"))
        return found
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True
    )
    pairs = (line.split(None, 1) for line in listed.stdout.splitlines())
    return [(int(pid), words) for pid, words in pairs]


def args(pid: int) -> str:
    return dict(processes()).get(pid, "")


def secrets_of(dotenv: Path) -> list[str]:
    return [line for line in dotenv.read_text().splitlines() if line.startswith(("SECRET", "ENC"))]
