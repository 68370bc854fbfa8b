"""The one clock of the world. Tests move it; nothing else reads the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .store import Store


class Clock:
    """Real time plus an offset that survives a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._offset = timedelta(seconds=float(store.remembered("clock_offset") or 0))

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    @property
    def offset_seconds(self) -> float:
        return self._offset.total_seconds()

    def shift_to(self, offset_seconds: float) -> None:
        """Show real time plus ``offset_seconds`` from now on. Raises OverflowError if absurd."""
        offset = timedelta(seconds=offset_seconds)
        datetime.now(UTC) + offset
        self._store.remember("clock_offset", repr(offset.total_seconds()))
        self._offset = offset


def stamp(moment: datetime) -> str:
    """A moment as Todoist writes it: UTC, microseconds, ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(text: str) -> datetime:
    """Read a timestamp with an offset or ``Z``. Raises ValueError if it has neither."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return parsed.astimezone(UTC)
