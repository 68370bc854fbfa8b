"""Reads one health export as a process of its own, which limits itself and can be killed.

`python -m integrations.formats.apple_health_child NOW KEEP_DAYS CPU_SECONDS`, the file as standard
input. Standard output is a line of JSON for each: {"progress": percent} again and again, and at the
end {"days", "since", "made_on", "refused"} or {"error"}.
"""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime

if sys.platform != "win32":  # there, whoever started this process kills it in time
    import resource

MEMORY_BYTES = 512_000_000
ALIVE_SECONDS = 5.0
TOO_MUCH = "This export holds more than oO can read. None of it was taken."


def main() -> None:
    now, keep_days, cpu_seconds = sys.argv[1:]
    limit_myself(int(cpu_seconds))
    # Imported under the limits as well.
    from integrations.formats.apple_health import parse
    from integrations.formats.apple_health_zip import opened, pieces
    from integrations.formats.facts import BadFormat

    told: dict[str, object]
    try:
        with opened(sys.stdin.buffer) as (document, size):
            read = counted(pieces(document, size), size)
            pull = parse(read, now=datetime.fromisoformat(now), keep_days=int(keep_days))
    except BadFormat as error:
        told = {"error": str(error)}
    except MemoryError:
        told = {"error": TOO_MUCH}
    else:
        told = {
            "days": [[seen.day.isoformat(), seen.measure, seen.value] for seen in pull.days],
            "since": pull.since.isoformat(),
            "made_on": pull.made_on.isoformat(),
            "refused": pull.refused,
        }
    say(told)


def counted(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The same pieces; tells how much of them was taken, whenever that is another percent, and every
    few seconds: it shows that this process lives.
    """
    taken, said, at = 0, -1, time.monotonic()
    for piece in pieces:
        yield piece
        taken += len(piece)
        percent = min(99, 100 * taken // size)
        if percent > said or time.monotonic() - at >= ALIVE_SECONDS:
            said, at = percent, time.monotonic()
            say({"progress": percent})


def say(told: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def limit_myself(cpu_seconds: int) -> None:
    """No more processor time, memory or core dumps than reading takes, where there are limits."""
    if sys.platform == "win32":
        return
    for what, soft, hard in (
        (resource.RLIMIT_CPU, cpu_seconds, cpu_seconds + 1),
        (resource.RLIMIT_AS, MEMORY_BYTES, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with suppress(ValueError, OSError):  # some systems have the name and not the limit
            resource.setrlimit(what, (soft, hard))


if __name__ == "__main__":
    main()
