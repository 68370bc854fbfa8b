"""The process: starts with a line, remembers over a restart, stops when told."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from oo.sandbox.server import free_port
from tests.sandbox.world import Connection, World


def test_a_restart_keeps_grants_edits_the_clock_and_the_key(tmp_path: Path) -> None:
    world = World("sandbox-restarted", tmp_path / "deep" / "world.sqlite3")
    world.start()
    todoist = world.connect("sam")
    task = todoist.post("/tasks", content="Remember me")
    world.shift_clock(120)
    certs = world.http.get("/google/certs").json()
    world.stop()
    world.start()
    try:
        again = Connection(world, todoist.access, todoist.refresh)
        assert again.get(f"/tasks/{task['id']}")["content"] == "Remember me"
        assert world.refresh(todoist.refresh).status_code == 200
        assert world.control("GET", "/clock").json()["offset_seconds"] == 120
        assert world.http.get("/google/certs").json() == certs
    finally:
        world.stop()


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    world = World("sandbox-killed", tmp_path / "world.sqlite3")
    world.start()
    task = world.connect("sam").post("/tasks", content="Written down")
    world.kill()
    world.start()
    try:
        assert [one["id"] for one in world.tasks_of("sam")] == [task["id"]]
    finally:
        world.stop()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_stops_cleanly_even_with_a_request_hanging(
    how: signal.Signals,
) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "oo.sandbox", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == f"Sandbox world at http://localhost:{port}/\n"
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        http.post("/_control/faults", json={"path": "/google/certs", "kind": "hang"})
        with pytest.raises(httpx.ReadTimeout):
            http.get("/google/certs", timeout=0.3)
        begun = time.monotonic()
        process.send_signal(how)
        assert process.wait(30) == 0
        assert time.monotonic() - begun < 20
    assert process.stdout.read() == "", "a quiet day leaves a quiet log"


def test_it_listens_on_the_loopback_address_only(world: World) -> None:
    listening = Path("/proc/net/tcp")
    if not listening.exists():
        pytest.skip("reads the kernel's table of sockets, which only Linux shows")
    port = f":{world.port:04X}"
    rows = [line.split() for line in listening.read_text().splitlines()]
    local = {row[1] for row in rows if row[1].endswith(port) and row[3] == "0A"}
    assert local == {f"0100007F{port}"}


@pytest.mark.parametrize("option", [["--public-url", "ftp://x"], ["--app-url", "localhost"]])
def test_an_address_that_is_none_is_refused_in_a_sentence(option: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "oo.sandbox", *option], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1
    assert "is not an http(s) address" in run.stderr
    assert "Traceback" not in run.stderr


def test_only_the_named_app_is_redirected_to(tmp_path: Path) -> None:
    world = World("sandbox-app-url", tmp_path / "w.sqlite3", "--app-url", "http://localhost:9999")
    world.start()
    try:
        assert world.ask_google(persona="mei").status_code == 303
        for uri in ("http://localhost:9998/cb", "http://127.0.0.1:9999/cb"):
            assert world.ask_google(persona="mei", redirect_uri=uri).status_code == 400
    finally:
        world.stop()


def test_importing_it_wakes_neither_django_nor_settings() -> None:
    code = (
        "import sys, oo.sandbox.app, oo.sandbox.server\n"
        "woken = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not woken & {'django', 'celery', 'httpx', 'requests'}, woken\n"
        "assert 'oo.settings' not in sys.modules\n"
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
