"""`make test`: every check and every test, on SQLite and on PostgreSQL, with one summary.

`python -m tests.run` runs all of it; with paths or pytest options only the tests they choose.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.services import environment
from tests.services.postgres import Postgres, find_postgres
from tests.services.provision import Missing, provision

Check = tuple[str, list[str], Mapping[str, str]]
PYTHON = sys.executable
BIN = Path(PYTHON).parent
NO_TESTS_COLLECTED = 5  # pytest's exit code for it
NOT_DONE = 77  # a check's, which needs something that can't be had here


@dataclass(frozen=True)
class Result:
    name: str
    passed: bool
    seconds: float
    output: str = ""
    done: bool = True


def static_checks(dev: Mapping[str, str], prod: Mapping[str, str]) -> list[Check]:
    """What is checked without running a test, the slowest first."""
    manage = [PYTHON, "manage.py"]
    return [
        ("types", [str(BIN / "mypy")], dev),
        ("lint", [str(BIN / "ruff"), "check", "."], dev),
        ("format", [str(BIN / "ruff"), "format", "--check", "."], dev),
        ("import contracts", [str(BIN / "lint-imports")], dev),
        ("system checks", [*manage, "check", "--fail-level", "WARNING"], dev),
        ("deployment checks", [*manage, "check", "--deploy", "--fail-level", "WARNING"], prod),
        ("schemas of events", [PYTHON, "-m", "tests.schemas"], dev),
        ("migrations complete", [*manage, "makemigrations", "--check", "--dry-run"], dev),
    ]


def run_static(folder: Path) -> Iterator[Result]:
    """Runs the checks two at a time; gives their results in order."""
    dev = {**os.environ, **environment.development(folder)}
    prod = {**os.environ, **environment.production(folder)}
    with ThreadPoolExecutor(2) as pool:
        yield from pool.map(lambda check: _quietly(*check), static_checks(dev, prod))


def _quietly(name: str, command: list[str], env: Mapping[str, str]) -> Result:
    start = time.monotonic()
    done = subprocess.run(
        command,
        cwd=environment.ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    took, code = time.monotonic() - start, done.returncode
    return Result(name, code in (0, NOT_DONE), took, done.stdout, done=code != NOT_DONE)


def run_pytest(database: str, url: str, arguments: list[str], *, parallel: bool) -> Result:
    """Runs the tests on one database, with their output as it comes."""
    print(f"\n── tests on {database} " + "─" * 40, flush=True)
    start = time.monotonic()
    # One more than there are cores, since many tests wait: for a worker, a kill, a browser.
    spread = ["-n", "3", "--dist", "worksteal"] if parallel else []
    pytest = subprocess.Popen(
        [PYTHON, "-m", "pytest", "-q", *spread, *arguments],
        cwd=environment.ROOT,
        env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.DEVNULL,
    )
    try:
        code = pytest.wait()
    except BaseException as stop:
        # It has processes of its own to stop. Ctrl-C reached it too; a second would cut that short.
        if not isinstance(stop, KeyboardInterrupt):
            pytest.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            pytest.wait(30)
        pytest.kill()
        raise
    # What was asked for may concern one of the two databases only.
    passed = code == 0 or (bool(arguments) and code == NO_TESTS_COLLECTED)
    return Result(f"tests on {database}", passed, time.monotonic() - start)


def run_all(arguments: list[str]) -> list[Result]:
    results = []
    if not arguments:
        with temporary_folder() as folder:
            for result in run_static(folder):
                show(result)
                if not (result.passed and result.done):
                    print(result.output.rstrip(), flush=True)
                elif notes := re.findall(r"^Note: .*", result.output, re.MULTILINE):
                    print("\n".join(f"        {note}" for note in notes), flush=True)
                results.append(result)
    binaries = find_postgres()
    assert binaries is not None, "provision() has seen to it"
    results.append(run_pytest("SQLite", "", arguments, parallel=not arguments))
    with Postgres(binaries) as postgres:
        results.append(run_pytest("PostgreSQL", postgres.url, arguments, parallel=not arguments))
    return results


@contextmanager
def temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="oo-check-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def show(result: Result) -> None:
    mark = ("ok  " if result.done else "NOT ") if result.passed else "FAIL"
    print(f"  {mark}  {result.name:<22} {result.seconds:6.1f} s", flush=True)


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    start = time.monotonic()
    try:
        provision()
        if not os.environ.get("OO_REAL_DATA"):
            print("OO_REAL_DATA is not set: tests on real data are skipped, and say so.")
        results = run_all(arguments)
    except Missing as missing:
        print(missing)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130
    print("\n── summary " + "─" * 40)
    for result in results:
        show(result)
    failed = [result.name for result in results if not result.passed]
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    verdict = f"failed: {', '.join(failed)}" if failed else "all passed"
    if left_out := [result.name for result in results if not result.done]:
        verdict += f", not checked: {', '.join(left_out)} (see above)"
    print(f"\n  {verdict}, in {minutes} min {seconds} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
