"""kill -9 to web, worker, Redis and PostgreSQL, while people answer: none lost, none doubled.

The small size of `python -m bench.chaos`, which does it 10 000 times; OO_CHAOS=full does so here.
"""

import os
import subprocess
import sys

import pytest

from tests.services.environment import ROOT
from tests.services.postgres import find_postgres

SIZES = {
    "small": ("--reactions", "72", "--people", "6", "--every", "0.6", "--at-once", "6"),
    "full": ("--reactions", "10000", "--people", "200", "--every", "10", "--at-once", "24"),
}
# Of the processes of this test run; the bench chooses its own.
OURS = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "VAR_DIR", "PYTEST_XDIST_WORKER")


@pytest.mark.once
@pytest.mark.skipif(find_postgres() is None, reason="needs PostgreSQL's server")
@pytest.mark.timeout(7200 if os.environ.get("OO_CHAOS") == "full" else 300)
def test_no_reaction_is_lost_or_doubled_while_everything_is_killed_again_and_again():
    size = SIZES[os.environ.get("OO_CHAOS", "small")]
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        [sys.executable, "-m", "bench.chaos", *size],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-4000:]}"
    assert "0 lost, 0 doubled" in done.stdout
    assert "decisions made again bit for bit" in done.stdout
    for victim in ("web", "worker", "redis", "postgres"):
        assert f"{victim} " in done.stdout.split("killed: ")[1]
