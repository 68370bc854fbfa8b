"""A child process of a test: its log is kept, its whole group dies with it."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.services.plugin import FOLDER, ROOT


class Service:
    """Starts a command in its own process group and ends all of it, gently or with kill -9."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        cwd: Path = ROOT,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.env = dict(env if env is not None else os.environ)
        self.cwd = cwd
        self.log_path = FOLDER / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self) -> None:
        """Starts the process; returns when `ready` says so."""
        assert not self.running, f"{self.name} is running already"
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.wait_until(self.ready)
        except BaseException:
            self.kill()
            raise

    def ready(self) -> bool:
        return True

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Polls; fails with the tail of the log when the process dies or time is up."""
        end = time.monotonic() + seconds
        while not condition():
            if not self.running:
                raise AssertionError(f"{self.name} died:\n{self.log[-4000:]}")
            if time.monotonic() > end:
                raise AssertionError(
                    f"{self.name}: no progress in {seconds} s:\n{self.log[-4000:]}"
                )
            time.sleep(0.02)

    def stop(self, seconds: float = 10.0) -> None:
        """SIGTERM, and SIGKILL for what is still there afterwards."""
        if self._process is None:
            return
        if self.running:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """kill -9 to the whole group: nothing gets to clean up."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)
        self._process = None

    def restart(self) -> None:
        """As after a crash: killed if still running, and started again."""
        self.kill()
        self.start()
