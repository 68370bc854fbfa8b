"""One launcher per folder, and no children of a launcher that was killed.

A launcher that gets `kill -9` can't stop its children. They are written down with the moment they
were born, so that the next launcher ends them, and never a stranger that got the same number.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import IO


class AlreadyRunning(Exception):
    """Another launcher holds this folder. The message says which."""


def born(pid: int) -> str | None:
    """When a process started, in the system's own words; None if there is no such process."""
    status = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        with contextlib.suppress(OSError, IndexError):
            fields = status.read_text().rpartition(")")[2].split()
            return None if fields[0] == "Z" else fields[19]
        return None
    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None


class Hold:
    """The launcher's claim on a folder and the record of its children."""

    def __init__(self, folder: Path, what: str) -> None:
        """Claims the folder; `what` is told to whoever comes second. Raises AlreadyRunning."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._record = folder / "children.json"
        self._children: dict[str, str] = {}
        self._lock: IO[str] = (folder / "lock").open("a+")
        try:
            # Children don't inherit the lock, so it ends with the launcher however that ends.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            raise AlreadyRunning(self._lock.read().strip()) from None
        self._lock.truncate(0)
        self._lock.write(f"{what} (process {os.getpid()})")
        self._lock.flush()

    def add(self, pid: int) -> None:
        self._children[str(pid)] = born(pid) or ""
        temporary = self._record.with_suffix(".new")
        temporary.write_text(json.dumps(self._children))
        temporary.replace(self._record)

    def end_leftovers(self, patience: float = 4.0) -> int:
        """Ends the recorded children of a launcher before us, whole groups. Returns how many."""
        try:
            recorded = json.loads(self._record.read_text())
        except (OSError, ValueError):
            return 0
        alive = [
            int(pid) for pid, moment in recorded.items() if moment and born(int(pid)) == moment
        ]
        for pid in alive:
            _signal_group(pid, signal.SIGTERM)
        end = time.monotonic() + patience
        while time.monotonic() < end and any(born(pid) for pid in alive):
            time.sleep(0.05)
        for pid in alive:
            _signal_group(pid, signal.SIGKILL)
        while time.monotonic() < end + 1 and any(born(pid) for pid in alive):
            time.sleep(0.02)
        self._record.unlink(missing_ok=True)
        return len(alive)

    def release(self) -> None:
        self._record.unlink(missing_ok=True)
        self._lock.close()


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
