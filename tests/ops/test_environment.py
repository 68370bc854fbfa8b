"""oo/up/venv.sh on machines that are not ready: it says what to do, in a sentence."""

import shutil
import subprocess

import pytest

from tests.services.environment import ROOT

pytestmark = pytest.mark.once


@pytest.fixture
def machine(tmp_path):
    """An empty folder with the script, and a PATH with a few tools and no Python."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("cmp", "cp", "rm", "sh", "id"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    project = tmp_path / "project"
    (project / "oo" / "up").mkdir(parents=True)
    for name in ("oo/up/venv.sh", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, project / name)

    def program(name: str, script: str) -> None:
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)

    def run(**environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "oo/up/venv.sh"],
            cwd=project,
            env={"PATH": str(tools), **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    run.program = program  # type: ignore[attr-defined]
    run.project = project  # type: ignore[attr-defined]
    return run


def test_without_python_it_says_which_one_to_install(machine):
    done = machine()
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13, and this machine has no python3" in done.stderr


def test_an_old_python_is_named(machine):
    machine.program("python3", 'case "$1" in --version) echo Python 3.9.2;; *) exit 1;; esac')
    done = machine()
    assert done.returncode == 1
    assert "this machine has Python 3.9.2" in done.stderr


def test_debian_s_missing_package_is_named(machine):
    machine.program(
        "python3",
        'case "$2" in *ensurepip*) exit 1;; *venv*) echo python3.11-venv;; esac',
    )
    machine.program("id", "echo 1000")
    done = machine()
    assert done.returncode == 1
    assert "sudo apt install python3.11-venv" in done.stderr


def test_root_on_debian_gets_the_missing_package_installed(machine):
    here = machine.project / "installed"
    machine.program(
        "python3",
        f'case "$2" in *ensurepip*) test -e {here};; *-venv*) echo python3.11-venv;; venv) exit 3;; esac',
    )
    machine.program("id", "echo 0")
    machine.program("apt-get", f'[ "$1" = update ] || echo "$@" > {here}')
    machine()
    assert here.read_text().split() == ["install", "-qq", "-y", "python3.11-venv"]


def test_nothing_is_done_when_nothing_has_changed(machine):
    environment = machine.project / ".venv"
    (environment / "bin").mkdir(parents=True)
    python = environment / "bin" / "python"
    python.write_text('#!/bin/sh\n[ "$1" = -c ] || echo installing\n')
    python.chmod(0o755)
    shutil.copy(machine.project / "requirements.txt", environment / "installed-requirements.txt")
    done = machine()
    assert (done.returncode, done.stdout) == (0, "")

    with (machine.project / "requirements.txt").open("a") as file:
        file.write("# one more\n")
    done = machine()
    assert done.returncode == 0
    assert "installing" in done.stdout
