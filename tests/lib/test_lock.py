"""A lock file: one holder at a time on this machine, and a dead holder holds nothing."""

import os
import subprocess
import sys
import time

from oo.lib.lock import file_lock
from tests.integrations.at_once import at_once
from tests.services.plugin import ROOT, child_environment

HOLD = """
import django, os, signal
django.setup()
from oo.lib.lock import file_lock
with file_lock("{name}"):
    print("held", flush=True)
    signal.pause()
"""


def test_one_at_a_time():
    inside, most = [0], [0]

    def enter() -> None:
        with file_lock("one"):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.02)
            inside[0] -= 1

    assert at_once(*[enter] * 5) == [None] * 5
    assert most == [1]


def test_names_do_not_wait_for_each_other():
    with file_lock("this"), file_lock("that"):
        pass


def test_a_holder_that_is_killed_lets_go():
    env = child_environment(DJANGO_SETTINGS_MODULE="oo.settings")
    command = [sys.executable, "-c", HOLD.format(name="killed")]
    holder = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE)
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"

    def waits() -> float:
        with file_lock("killed"):
            return time.monotonic()

    def kills() -> float:
        time.sleep(0.2)
        at = time.monotonic()
        os.kill(holder.pid, 9)
        return at

    let_in, killed = at_once(waits, kills)
    holder.wait(10)
    holder.stdout.close()
    assert let_in > killed
