"""What `make run` shows: prefixed lines, one frame when it is ready, and no secret ever."""

import os
import select
import sys
from collections.abc import Iterable, Sequence

COLOURS = {"web": 36, "worker": 33, "beat": 35, "sandbox": 32, "redis": 31}
WIDTH = max(len(name) for name in COLOURS)


class Screen:
    """Writes lines to standard output, in colour where that is a terminal."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted(set(secrets), key=len, reverse=True)
        self._colourful = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        # A terminal that can't show a character gets a question mark and no traceback.
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace", line_buffering=True)

    @property
    def gone(self) -> bool:
        """The terminal was closed, or whoever read our output is no more."""
        try:
            poll = select.poll()
            poll.register(sys.stdout.fileno(), 0)
            return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
        except (OSError, ValueError):
            return False

    def line(self, name: str, text: str) -> None:
        """One line of a child's log."""
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        prefix = self._paint(COLOURS.get(name, 37), f"{name:<{WIDTH}} │")
        self._write(f"{prefix} {text.rstrip()}")

    def say(self, text: str) -> None:
        """A quiet line of the launcher's own."""
        self._write(self._paint(2, text))

    def alarm(self, text: str) -> None:
        self._write(self._paint(31, text))

    def frame(self, lines: Sequence[str]) -> None:
        wide = max(len(line) for line in lines)
        self._write("\n  ┌" + "─" * (wide + 4) + "┐")
        for line in lines:
            self._write(f"  │  {line:<{wide}}  │")
        self._write("  └" + "─" * (wide + 4) + "┘\n")

    def _paint(self, code: int, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._colourful else text

    def _write(self, text: str) -> None:
        try:
            print(text)
        except OSError:
            # The terminal is gone. Stopping the children properly matters more than saying so.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123
