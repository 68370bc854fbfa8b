"""Starts children, prints what they say, and stops all of them when one dies or someone says so.

honcho's manager starts everything at once, stops everything at once, and keeps a forked helper per
child that outlives a killed launcher. Redis must come before the migrations and go last.
"""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from oo.up.leftovers import Hold
from oo.up.screen import Screen

GRACE = 6.0  # seconds for the product to finish what it does ...
LAST_GRACE = 2.0  # ... and for what it rests on, so that all is over in ten


class Stopped(Exception):
    """Somebody asked the launcher to stop."""


class ChildDied(Exception):
    """A child ended though nobody asked it to. The message says which and how."""


@dataclass(frozen=True)
class _Child:
    process: subprocess.Popen[str]
    reader: threading.Thread


class Supervisor:
    """Holds the children. Only the main thread starts, prints and stops."""

    def __init__(self, screen: Screen, hold: Hold, cwd: Path) -> None:
        self._screen = screen
        self._hold = hold
        self._cwd = cwd
        self._lines: queue.Queue[tuple[str, str]] = queue.Queue()
        self._children: dict[str, _Child] = {}
        self._asked: signal.Signals | None = None
        self._impatient = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    @property
    def asked(self) -> signal.Signals | None:
        """The signal that asked for the end, if one did."""
        return self._asked

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Starts a child in a session of its own: a terminal's Ctrl-C is for the launcher."""
        process = subprocess.Popen(
            command,
            cwd=self._cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._hold.add(process.pid)
        reader = threading.Thread(target=self._read, args=(name, process), daemon=True)
        reader.start()
        self._children[name] = _Child(process, reader)

    def run(self, name: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Runs a step to its end. Raises ChildDied when it fails."""
        self.start(name, command, env)
        while (code := self._children[name].process.poll()) is None:
            self._turn(step=name)
        self._print_last_words(self._children.pop(name))
        if code:
            raise ChildDied(f"{name} failed ({_how(code)}); its last lines are above.")

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Prints on until `ready()`. Raises ChildDied also when that takes too long."""
        end = time.monotonic() + seconds
        while not ready():
            self._turn()
            if time.monotonic() > end:
                raise ChildDied(f"{what} gave no answer within {seconds:.0f} s.")

    def watch(self) -> None:
        """Prints until a child dies or a signal comes: it always ends by raising."""
        while True:
            self._turn()

    def stop(self, last: Sequence[str] = ()) -> int:
        """Stops all children, those named in `last` after the others. Returns how many it had."""
        count = len(self._children)
        self._stop([name for name in self._children if name not in last], GRACE)
        self._stop(list(self._children), LAST_GRACE)
        return count

    def _stop(self, names: list[str], grace: float) -> None:
        children = [self._children.pop(name) for name in names]
        for child in children:
            # Only the head of the group: pools and web servers see to their own workers.
            child.process.terminate()
        end = time.monotonic() + grace
        while any(child.process.poll() is None for child in children):
            if self._impatient or time.monotonic() > end:
                break
            self._print_waiting(0.1)
        for child in children:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._print_last_words(child)

    def _turn(self, step: str = "") -> None:
        self._print_waiting(0.1)
        # A closed terminal signals only the first process on it, which may be make, waiting for us.
        if self._asked is None and self._screen.gone:
            self._asked = signal.SIGHUP
        if self._asked is not None:
            raise Stopped
        for name, child in self._children.items():
            if name != step and (code := child.process.poll()) is not None:
                self._print_last_words(child)
                raise ChildDied(f"{name} died ({_how(code)}); its last lines are above.")

    def _print_last_words(self, child: _Child) -> None:
        child.reader.join(0.5)
        self._print_waiting()

    def _print_waiting(self, patience: float = 0.0) -> None:
        with contextlib.suppress(queue.Empty):
            self._screen.line(*self._lines.get(timeout=patience or None, block=patience > 0))
            while True:
                self._screen.line(*self._lines.get_nowait())

    def _read(self, name: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._lines.put((name, line))

    def _on_signal(self, number: int, frame: object) -> None:
        self._impatient = self._asked is not None
        self._asked = signal.Signals(number)


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
