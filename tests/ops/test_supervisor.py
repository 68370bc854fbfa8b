"""Children: started, printed, stopped, and never left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from oo.up.leftovers import AlreadyRunning, Hold, born
from oo.up.screen import Screen
from oo.up.supervisor import ChildDied, Stopped, Supervisor

pytestmark = pytest.mark.once

SLEEP = ["sleep", "1000"]


def shell(script: str) -> list[str]:
    return ["sh", "-c", script]


@pytest.fixture
def hold(tmp_path):
    hold = Hold(tmp_path / "run", "a test")
    yield hold
    hold.release()


@pytest.fixture
def supervisor(hold):
    handlers = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    supervisor = Supervisor(Screen(), hold, Path.cwd())
    yield supervisor
    supervisor.stop()
    for number, handler in handlers.items():
        signal.signal(number, handler)


def pids(hold: Hold) -> list[int]:
    return [int(pid) for pid in hold._children]


def gone(pid: int, seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while born(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return born(pid) is None


def test_a_dying_child_is_named_with_its_last_words(supervisor, capsys):
    supervisor.start("beat", SLEEP, os.environ)
    supervisor.start("web", shell("echo no luck; exit 3"), os.environ)
    with pytest.raises(ChildDied, match=r"web died \(exit code 3\)"):
        supervisor.watch()
    assert "web     │ no luck" in capsys.readouterr().out


def test_a_child_killed_by_a_signal_says_which(supervisor, hold):
    supervisor.start("worker", SLEEP, os.environ)
    os.kill(pids(hold)[0], signal.SIGKILL)
    with pytest.raises(ChildDied, match=r"worker died \(signal SIGKILL\)"):
        supervisor.watch()


def test_the_death_of_a_parent_is_seen_though_its_child_holds_the_pipe(supervisor, hold):
    supervisor.start("worker", shell("sleep 1000 & exit 1"), os.environ)
    with pytest.raises(ChildDied, match="worker died"):
        supervisor.watch()


def test_a_failing_step_stops_the_start(supervisor):
    with pytest.raises(ChildDied, match=r"setup failed \(exit code 1\)"):
        supervisor.run("setup", shell("exit 1"), os.environ)


def test_a_signal_ends_the_watch(supervisor):
    supervisor.start("web", SLEEP, os.environ)
    os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Stopped):
        supervisor.watch()
    assert supervisor.asked == signal.SIGINT


def test_a_closed_terminal_ends_the_watch_though_no_signal_comes(supervisor, monkeypatch):
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        supervisor.start("web", SLEEP, os.environ)
        supervisor.wait_until(lambda: True, "it", 1)
        os.close(ours)
        with pytest.raises(Stopped):
            supervisor.watch()
        monkeypatch.undo()


def test_stopping_leaves_no_grandchild(supervisor, hold, tmp_path):
    note = tmp_path / "pid"
    supervisor.start("web", shell(f"sleep 1000 & echo $! > {note}; wait"), os.environ)
    supervisor.wait_until(lambda: note.exists() and note.read_text().strip() != "", "it", 30)
    supervisor.stop()
    assert gone(int(note.read_text()))


def test_a_child_that_will_not_stop_is_killed_in_time(supervisor, hold, monkeypatch):
    monkeypatch.setattr("oo.up.supervisor.GRACE", 0.3)
    supervisor.start("web", shell("trap '' TERM; echo up; while :; do sleep 1; done"), os.environ)
    time.sleep(0.2)
    start = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - start < 5  # much less than without being told to: 6
    assert all(gone(pid) for pid in pids(hold))


def test_redis_goes_last(supervisor, tmp_path):
    for name in ("redis", "web"):
        note = f"trap 'echo {name} >> {tmp_path}/order; exit' TERM"
        ready = f"touch {tmp_path}/{name}"
        supervisor.start(name, shell(f"{note}; {ready}; while :; do sleep 0.05; done"), os.environ)
        supervisor.wait_until((tmp_path / name).exists, name, 30)
    assert supervisor.stop(last=["redis"]) == 2
    assert (tmp_path / "order").read_text().split() == ["web", "redis"]


def test_a_second_launcher_is_told_of_the_first(hold, tmp_path):
    with pytest.raises(AlreadyRunning, match=rf"a test \(process {os.getpid()}\)"):
        Hold(tmp_path / "run", "another")


def test_children_of_a_killed_launcher_are_ended_by_the_next(tmp_path):
    code = (
        "import sys, subprocess, os, pathlib; from oo.up.leftovers import Hold;"
        "hold = Hold(pathlib.Path(sys.argv[1]), 'first');"
        "command = ['sh', '-c', 'sleep 1000 & wait'];"
        "child = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL);"
        "hold.add(child.pid); print(child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    first = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, check=False
    )
    orphan = int(first.stdout)
    assert first.returncode == -signal.SIGKILL
    assert born(orphan)
    second = Hold(tmp_path, "second")
    assert second.end_leftovers() == 1
    assert gone(orphan)
    second.release()


def test_a_stranger_with_a_recorded_number_is_left_alone(tmp_path):
    stranger = subprocess.Popen(SLEEP, start_new_session=True)
    try:
        (tmp_path / "children.json").write_text(json.dumps({str(stranger.pid): "long ago"}))
        hold = Hold(tmp_path, "x")
        assert hold.end_leftovers() == 0
        assert stranger.poll() is None
        hold.release()
    finally:
        stranger.kill()
        stranger.wait()
