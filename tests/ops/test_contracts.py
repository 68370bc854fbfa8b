"""What .importlinter promises and an import graph can't see."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.environment import ROOT

pytestmark = pytest.mark.once

FLOORS = ("accounts", "integrations", "agents", "recommender", "adminconsole", "oo/events")
PURE_ROOMS = (
    "recommender.bandit",
    "recommender.simulation",
    "agents.library",
    "agents.writing",
    "integrations.formats",
)
FRAMEWORKS = {"django", "rest_framework", "celery", "redis", "httpx", "litellm", "sklearn"}
# What a job may know of its own floor before it runs: nothing that wakes jobs.
BELOW_JOBS = {"models", "registry", "catalogue"}


def imports_at_the_top(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("floor", FLOORS)
def test_a_job_imports_the_verb_it_runs_inside_itself(floor):
    """Verbs import their floor's jobs to wake them; the other direction would be a circle."""
    jobs = ROOT / floor / "jobs.py"
    if not jobs.exists():
        pytest.skip("this floor has no jobs")
    package = floor.replace("/", ".")
    own = {name for name in imports_at_the_top(jobs) if name.startswith(f"{package}.")}
    verbs = {name for name in own if name[len(package) + 1 :].split(".")[0] not in BELOW_JOBS}
    assert verbs == set()


@pytest.mark.parametrize("room", PURE_ROOMS)
def test_a_pure_room_wakes_no_framework_in_a_fresh_interpreter(room):
    code = (
        "import importlib, pkgutil, sys\n"
        f"room = importlib.import_module({room!r})\n"
        "for found in pkgutil.walk_packages(room.__path__, room.__name__ + '.'):\n"
        "    importlib.import_module(found.name)\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert FRAMEWORKS & set(done.stdout.split()) == set()


@pytest.mark.parametrize("program", ["oo.up.__main__", "oo.sandbox.__main__"])
def test_a_program_beside_the_house_does_not_wake_it(program):
    done = subprocess.run(
        [sys.executable, "-c", f"import {program}, sys; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"django", "oo.settings", "oo.lib"} & set(done.stdout.split())
