"""A private PostgreSQL in a temporary folder: a unix socket, no password, no fsync, no port."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Fedora, Red Hat
    "/opt/homebrew/opt/postgresql@*/bin",  # macOS, Apple silicon
    "/usr/local/opt/postgresql@*/bin",  # macOS, Intel
)
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"


def find_postgres() -> Path | None:
    """The folder with initdb and postgres, the newest version of those installed."""
    if initdb := shutil.which("initdb"):
        return Path(initdb).resolve().parent
    found = [
        folder for pattern in FOLDERS for folder in Path("/").glob(pattern[1:]) if folder.is_dir()
    ]
    complete = [f for f in found if (f / "initdb").exists() and (f / "postgres").exists()]
    return max(complete, key=_version, default=None)


def _version(folder: Path) -> int:
    digits = "".join(c for c in folder.parent.name if c.isdigit())
    return int(digits or 0)


class Postgres:
    """A cluster that lives inside a `with` block. `.url` is its `DATABASE_URL`."""

    def __init__(self, binaries: Path, options: str = FAST) -> None:
        self._binaries = binaries
        self._options = options
        self._server: subprocess.Popen[bytes] | None = None
        # initdb refuses root, so root lets an account without rights do it.
        self._account = _unprivileged() if os.getuid() == 0 else None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="oo-pg-"))
        if self._account:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        try:
            data = self.folder / "data"
            self._run("initdb", "-D", data, "-U", "oo", "-A", "trust", "-E", "UTF8", "--no-sync")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        if self._server and self._server.poll() is None:
            self._server.terminate()
            try:
                self._server.wait(10)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"postgres://oo@{quote(str(self.folder), safe='')}/postgres"

    def kill(self) -> None:
        """kill -9 to all its processes: `start` then finds what a crash leaves behind."""
        if self._server is not None:
            self._server.send_signal(signal.SIGSTOP)  # or it would have more children meanwhile
            for pid in (*self._backends(), self._server.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._server.wait()
            self._server = None

    def _backends(self) -> list[int]:
        """Each is the leader of a process group of its own."""
        assert self._server is not None
        ps = ["ps", "-axo", "pid=,ppid="]
        table = subprocess.run(ps, capture_output=True, text=True, check=True).stdout.split()
        pairs = zip(table[::2], table[1::2], strict=True)
        return [int(pid) for pid, parent in pairs if int(parent) == self._server.pid]

    def start(self) -> None:
        """Starts the server on its data; returns when it takes connections."""
        data = self.folder / "data"
        self._server = subprocess.Popen(
            [
                *(str(self._binaries / "postgres"), "-D", str(data), "-k", str(self.folder)),
                *("-c", "listen_addresses="),
                *self._options.split(),
            ],
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "log").open("ab"),
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            # A session of its own: Ctrl-C must reach it through us, after its clients are gone.
            start_new_session=True,
            **self._as_account(),
        )
        end = time.monotonic() + 60
        while self._run("pg_isready", "-q", "-h", self.folder, check=False):
            if self._server.poll() is not None or time.monotonic() > end:
                log = (self.folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start:\n{log[-2000:]}")
            time.sleep(0.05)

    def _run(self, program: str, *arguments: object, check: bool = True) -> int:
        done = subprocess.run(
            [str(self._binaries / program), *map(str, arguments)],
            capture_output=True,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            **self._as_account(),
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")
        return done.returncode

    def _as_account(self) -> dict[str, Any]:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("Running as root, and there is no account `postgres` or `nobody` to use.")
