"""The schemas of the events: generated classes current, linted, and no promise to readers broken.

    python -m tests.schemas            what `make test` runs
    python -m tests.schemas --write    after a change to oo/events/proto: renews classes and docs/events.md

buf comes from the npm registry, once. Where it can't be had this says so, and ends with code 77.
"""

import argparse
import importlib.resources
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.services.environment import ROOT, development

BUF = "@bufbuild/buf@1.75.0"
PROTO = ROOT / "oo" / "events" / "proto"
GENERATED = ROOT / "oo" / "events" / "generated"
NOT_DONE = 77


def generate(folder: Path) -> None:
    """Python classes of every schema, side by side: their names differ, and none imports another."""
    from grpc_tools import protoc  # type: ignore[import-untyped]

    known = str(importlib.resources.files("grpc_tools") / "_proto")
    with tempfile.TemporaryDirectory() as work:
        files = [str(path.relative_to(PROTO)) for path in sorted(PROTO.rglob("*.proto"))]
        command = ["", f"-I{PROTO}", f"-I{known}", f"--python_out={work}", f"--pyi_out={work}"]
        if protoc.main([*command, *files]):
            raise SystemExit("The schemas in oo/events/proto can't be compiled, see above.")
        for path in Path(work).rglob("*_pb2.py*"):
            shutil.copy(path, folder / path.name)


def stale() -> list[str]:
    """Generated files that are missing, out of date or left over."""
    with tempfile.TemporaryDirectory() as work:
        generate(Path(work))
        wanted = {path.name: path.read_text() for path in Path(work).iterdir()}
    found = {path.name: path.read_text() for path in GENERATED.glob("*_pb2.py*")}
    return sorted(name for name in wanted | found if wanted.get(name) != found.get(name))


def buf() -> list[str] | None:
    """The command that runs buf, or None when it can't be had."""
    if found := shutil.which("buf"):
        return [found]
    if not shutil.which("npx"):
        return None
    command = ["npx", "--yes", BUF]
    there = subprocess.run(
        [*command, "--version"], capture_output=True, text=True, check=False, timeout=300
    )
    return command if there.returncode == 0 else None


def base() -> str | None:
    """Where promises were made: the newest release tag, else main, if it has schemas.

    On main itself with nothing changed, what was there before its last commit.
    """
    tags = _git("tag", "--list", "v*", "--sort=-version:refname").split()
    there = _git("rev-parse", "HEAD") == _git("rev-parse", "main")
    main = "main~1" if there and not _git("status", "--porcelain", "oo/events/proto") else "main"
    for name in (*tags[:1], main, "main", "origin/main"):
        if _git("ls-tree", "-r", "--name-only", name, "--", "oo/events/proto"):
            return name
    return None


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _run(command: list[str]) -> bool:
    env = {**os.environ, "npm_config_loglevel": "error"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    print(re.sub(r"^npm warn.*\n", "", done.stdout + done.stderr, flags=re.MULTILINE), end="")
    return done.returncode == 0


def check() -> int:
    if names := stale():
        print(f"Not current: {', '.join(names)}. Run python -m tests.schemas --write")
        return 1
    command = buf()
    if command is None:
        print(
            "NOT LINTED, NOT COMPARED: buf can't be had (no buf on the PATH, and npx can't get it)."
        )
        return NOT_DONE
    if not _run([*command, "lint"]):
        return 1
    against = base()
    if against is None:
        print(
            "Note: linted, but nothing to compare with: neither a release tag nor main has schemas yet."
        )
        return 0
    # An archive, not '.git': a clone may be shallow or a worktree.
    with tempfile.TemporaryDirectory() as work:
        archive = Path(work) / "base.tar"
        paths = ["buf.yaml", "oo/events/proto"]
        subprocess.run(
            ["git", "archive", "-o", str(archive), against, *paths], cwd=ROOT, check=True
        )
        if not _run([*command, "breaking", "--against", str(archive)]):
            print(f"Readers of {against} would not understand these schemas: see above.")
            return 1
    print(f"Linted, and compatible with {against}.")
    return 0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true")
    if not options.parse_args().write:
        return check()
    for old in GENERATED.glob("*_pb2.py*"):
        old.unlink()
    generate(GENERATED)
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, **development(Path(folder))}
        subprocess.run([sys.executable, "manage.py", "events_doc"], cwd=ROOT, env=env, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
