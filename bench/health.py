"""How fast a health export is read, and in how much memory.

    python -m bench.health                  2 000 MB unpacked, as an iPhone packs it
    python -m bench.health --megabytes 50   a small one

Prints a markdown table: seconds, of them on the processor, MB a second and peak memory of the child
process that reads it, and of `zipfile` with `ElementTree.iterparse` alone, clearing as it goes and
keeping nothing, on the same file in the same run; the ratio says more than the speed when machines
differ.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from oo.sandbox.health import document_of
from oo.sandbox.personas import BY_ID

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
DAYS = 400
ALONE = """
import sys, zipfile
from xml.etree.ElementTree import iterparse
with zipfile.ZipFile(sys.argv[1]) as archive, archive.open("export.xml") as document:
    events = iterparse(document, events=("start", "end"))
    _, root = next(events)
    count = 0
    for event, element in events:
        if event == "end" and element.tag == "Record":
            count += element.get("type") == "HKQuantityTypeIdentifierStepCount"
            root.clear()
print(count)
"""
BETWEEN = """
import json, os, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen([sys.executable, *sys.argv[1:]], stdout=subprocess.PIPE)
said = child.stdout.read()
_, status, used = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps({
    "seconds": time.perf_counter() - began,
    "processor": used.ru_utime + used.ru_stime,
    "peak": used.ru_maxrss,
    "failed": said[-300:].decode() if child.returncode or b"error" in said else "",
}))
"""
READER = ("-m", "integrations.formats.apple_health_child", NOW.isoformat(), str(DAYS), "3600")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, prog="python -m bench.health")
    asked.add_argument("--megabytes", type=int, default=2_000)
    megabytes = asked.parse_args().megabytes
    with tempfile.TemporaryDirectory(prefix="oo-bench-") as folder:
        path = Path(folder) / "export.zip"
        size = write(path, megabytes * 1_000_000)
        packed = path.stat().st_size
        print(f"{size / 1e6:,.0f} MB unpacked, {packed / 1e6:,.0f} MB packed, {DAYS} days.\n")
        print("| reader | seconds | processor seconds | MB a second | peak memory, MB |")
        print("| :--- | ---: | ---: | ---: | ---: |")
        alone = measure(["-c", ALONE, str(path)], path)
        ours = measure(list(READER), path)
        for name, (seconds, busy, peak) in {"iterparse alone": alone, "oO": ours}.items():
            speed = size / 1e6 / seconds
            print(f"| {name} | {seconds:.1f} | {busy:.1f} | {speed:,.0f} | {peak:,.0f} |")
        ratios = [ours[i] / alone[i] for i in range(3)]
        print("| ratio | {:.2f} | {:.2f} | | {:.2f} |".format(*ratios))


def write(path: Path, size: int) -> int:
    """An export of somebody's days, filled up with the heartbeats that most of a real one is."""
    pieces = list(document_of(BY_ID["mei"], now=NOW, days=DAYS, size=0))
    filler = b"".join(list(document_of(BY_ID["sam"], now=NOW, days=0, size=4_000_000))[1:-1])
    filler = filler[filler.index(b" <Record") : filler.rindex(b" <Record")]
    head, end = b"".join(pieces).rsplit(b"</HealthData>", 1)
    written = len(head)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        archive.open("export.xml", "w", force_zip64=True) as document,
    ):
        document.write(head)
        while written < size:
            document.write(filler)
            written += len(filler)
        document.write(b"</HealthData>" + end)
    return written


def measure(command: list[str], path: Path) -> tuple[float, float, float]:
    """Seconds, seconds of processor time and peak MB of a process with the export as its input.

    Started by a small process in between, for a child begins with the peak of whoever started it.
    """
    with path.open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-c", BETWEEN, *command], stdin=file, capture_output=True, check=True
        )
    told = json.loads(done.stdout)
    if told["failed"]:
        raise SystemExit(f"{command[:2]} failed: {told['failed']}")
    peak = told["peak"] / (1e3 if sys.platform != "darwin" else 1e6)
    return told["seconds"], told["processor"], peak


if __name__ == "__main__":
    main()
