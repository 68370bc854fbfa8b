"""Having a file read by a process of its own, which can be killed: whatever it does, it ends."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Timer
from typing import BinaryIO

from integrations.formats.facts import BadFormat

ROOT = Path(__file__).resolve().parents[1]
LONGEST_LINE = 4_000_000
# What an interpreter may need to start at all. No secret of ours is among them.
ENVIRONMENT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONTZPATH")

log = logging.getLogger(__name__)


class TookTooLong(Exception):
    """The child used up its time and was killed."""


def read_by_lines(
    module: str,
    *arguments: str,
    file: BinaryIO,
    seconds: float,
    hear: Callable[[bytes], None],
    not_now: str,
) -> None:
    """Runs a module of ours with `file` as its standard input and hands on each line it writes.

    Raises TookTooLong, BadFormat(not_now) when no process can be started, and what `hear` raises. In
    any case no process is left.
    """
    try:
        child = subprocess.Popen(  # noqa: S603 our own interpreter and module, no shell
            [sys.executable, "-E", "-s", "-m", module, *arguments],
            cwd=ROOT,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            stdin=file,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback could quote what is in the file
            start_new_session=True,
        )
    except OSError as error:
        log.error("%s did not start: %s", module, error)
        raise BadFormat(not_now) from None
    assert child.stdout is not None
    late = Event()

    def ring() -> None:
        late.set()
        _kill(child)

    clock = Timer(seconds, ring)
    clock.daemon = True
    try:
        clock.start()
        while line := child.stdout.readline(LONGEST_LINE):
            hear(line)
    finally:
        clock.cancel()
        clock.join()
        _kill(child)  # before it is waited for, so its number can't be another's
        child.stdout.close()
        ended = child.wait()
    if late.is_set() or ended == -getattr(signal, "SIGXCPU", signal.SIGTERM):
        raise TookTooLong


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Ends the child and all it may have started."""
    with suppress(ProcessLookupError, PermissionError):  # gone, or as good as gone
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
