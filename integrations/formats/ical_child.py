"""Reads one calendar file as a process of its own, which limits itself and can be killed.

`python -m integrations.formats.ical_child`: standard input is a line of JSON (`time_zone`, `now`,
`may_be_empty`) and then the file; standard output is one JSON object, {"coming", "refused"} or {"error"}.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from types import FrameType

if sys.platform != "win32":  # there, whoever started this process kills it in time
    import resource
    from signal import ITIMER_VIRTUAL, SIGVTALRM, setitimer, signal

CPU_SECONDS = 5
MEMORY_BYTES = 768_000_000
SERIES_SECONDS = 0.7
TOO_MUCH = "This calendar is too large to be read. Export fewer calendars or a shorter time."


def main() -> None:
    limit_myself()
    # Imported under the limits as well.
    from integrations.formats.facts import BadFormat
    from integrations.formats.ical import parse

    asked = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    now = datetime.fromisoformat(asked["now"])
    told: dict[str, object]
    try:
        pull = parse(
            data,
            time_zone=asked["time_zone"],
            now=now,
            guard=series_guard,
            may_be_empty=asked["may_be_empty"],
        )
    except BadFormat as error:
        told = {"error": str(error)}
    except MemoryError:
        told = {"error": TOO_MUCH}
    else:
        coming = [
            [
                *(e.external_id, e.title, e.starts_at.isoformat(), e.ends_at.isoformat()),
                *(e.all_day, e.kind),
            ]
            for e in pull.coming
        ]
        told = {"coming": coming, "refused": pull.refused}
    sys.stdout.write(json.dumps(told))


def limit_myself() -> None:
    """No more processor time, memory or core dumps than reading takes, where there are limits."""
    if sys.platform == "win32":
        return
    for what, soft, hard in (
        (resource.RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS + 1),
        (resource.RLIMIT_AS, MEMORY_BYTES, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with suppress(ValueError, OSError):  # some systems have the name and not the limit
            resource.setrlimit(what, (soft, hard))


@contextmanager
def series_guard() -> Iterator[None]:
    """Ends with TimeoutError what takes more processor time than one event should.

    For the main thread only, as signals are.
    """
    if sys.platform == "win32":
        yield
        return
    armed = True

    def ring(_number: int, _frame: FrameType | None) -> None:
        if armed:
            raise TimeoutError

    before = signal(SIGVTALRM, ring)
    # It rings again, in case a library takes the first for an error of its own.
    setitimer(ITIMER_VIRTUAL, SERIES_SECONDS, 0.05)
    try:
        try:
            yield
        finally:
            armed = False
    finally:
        setitimer(ITIMER_VIRTUAL, 0)
        signal(SIGVTALRM, before)


if __name__ == "__main__":
    main()
