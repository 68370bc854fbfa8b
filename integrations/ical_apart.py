"""Reading a calendar in a process of its own, which can be killed: a hostile one hangs no worker."""

import json
import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Event, Timer
from typing import Any

from integrations.formats.facts import BadFormat, CalendarPull, SeenEvent

SECONDS = 6.0
MOST_ANSWER_BYTES = 2_000_000
CHILD = ("-E", "-s", "-m", "integrations.formats.ical_child")
ROOT = Path(__file__).resolve().parents[1]
# What an interpreter may need to start at all. No secret of ours is among them.
ENVIRONMENT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

TOO_SLOW = "This calendar took too long to read. Export fewer calendars or a shorter time."
UNREADABLE = "This calendar file could not be read."
NOT_NOW = "Calendar files can't be read right now. Try again in a few minutes."

log = logging.getLogger(__name__)


def read_apart(
    data: bytes, *, time_zone: str, now: datetime, may_be_empty: bool = False
) -> CalendarPull:
    """The coming events of a calendar. Raises BadFormat with a sentence for the user.

    `may_be_empty`: a calendar without any event is one without coming events, and no mistake.
    """
    asked = {"time_zone": time_zone, "now": now.isoformat(), "may_be_empty": may_be_empty}
    return _understand(_ask_child(json.dumps(asked).encode() + b"\n" + data))


def _ask_child(question: bytes) -> bytes:
    """The child's answer. Raises BadFormat; whatever happens, no process is left."""
    try:
        child = subprocess.Popen(  # noqa: S603 our own interpreter and module, no shell
            [sys.executable, *CHILD],
            cwd=ROOT,
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback could quote the user's events
            start_new_session=True,
        )
    except OSError as error:
        log.error("the calendar reader did not start: %s", error)
        raise BadFormat(NOT_NOW) from None
    assert child.stdin is not None
    assert child.stdout is not None
    late = Event()

    def ring() -> None:
        late.set()
        _kill(child)

    clock = Timer(SECONDS, ring)
    clock.daemon = True
    try:
        clock.start()
        # The child reads all before it writes; one that doesn't is ended by the clock.
        with suppress(BrokenPipeError):
            child.stdin.write(question)
            child.stdin.close()
        answer = child.stdout.read(MOST_ANSWER_BYTES + 1)
    finally:
        clock.cancel()
        clock.join()
        _kill(child)  # before it is waited for, so its number can't be another's
        with suppress(BrokenPipeError):
            child.stdin.close()
        child.stdout.close()
        ended = child.wait()
    if late.is_set() or ended == -getattr(signal, "SIGXCPU", signal.SIGTERM):
        raise BadFormat(TOO_SLOW)
    return answer


def _kill(child: subprocess.Popen[bytes]) -> None:
    """Ends the child and all it may have started."""
    with suppress(ProcessLookupError, PermissionError):  # gone, or as good as gone
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()


def _understand(answer: bytes) -> CalendarPull:
    """Takes nothing on trust: the child has read what a stranger wrote."""
    try:
        if len(answer) > MOST_ANSWER_BYTES:
            raise ValueError("longer than any answer")
        told = json.loads(answer)
        if "error" in told:
            raise BadFormat(_text(told["error"], 300))
        return CalendarPull(
            coming=[_event(one) for one in told["coming"]],
            refused=[_text(one, 300) for one in told["refused"]],
        )
    except BadFormat:
        raise
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("the calendar reader gave no answer: %s", type(error).__name__)
        raise BadFormat(UNREADABLE) from None


def _event(told: Any) -> SeenEvent:
    external_id, title, starts_at, ends_at, all_day, kind = told
    event = SeenEvent(
        external_id=_text(external_id, 64),
        title=_text(title, 200),
        starts_at=datetime.fromisoformat(starts_at),
        ends_at=datetime.fromisoformat(ends_at),
        all_day=all_day is True,
        kind="away" if kind == "away" else "busy",
    )
    if event.starts_at.utcoffset() is None or event.ends_at < event.starts_at:
        raise ValueError("an impossible time")
    return event


def _text(told: Any, longest: int) -> str:
    if not isinstance(told, str) or not 0 < len(told) <= longest:
        raise ValueError("no text")
    return told
