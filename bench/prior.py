"""The nightly estimate of the shared prior, from the database, on one core: seconds and memory.

    python -m bench.prior [--people 100000] [--rewards 30] [--postgres]

Fills a database with people who take part and what the hierarchical policy learned of them (from
2 000 different people, told apart by their ids only), then makes the estimate as the job does. The
memory is what the process grew by at its largest; for half of the people it should be the same.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.services import environment
from tests.services.postgres import Postgres, find_postgres

DISTINCT = 2_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=100_000)
    options.add_argument("--rewards", type=int, default=30)
    options.add_argument("--postgres", action="store_true")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="oo-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        os.environ |= {
            **environment.development(folder),
            "REDIS_URL": f"unix://{folder}/none.sock",
            "DJANGO_SETTINGS_MODULE": "oo.settings",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        if asked.postgres:
            binaries = find_postgres()
            if binaries is None:
                sys.exit("PostgreSQL's server is not installed.")
            os.environ["DATABASE_URL"] = stack.enter_context(Postgres(binaries)).url
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        import django

        django.setup()
        print(
            "| people | states | s of the core | s passed | reading alone, s of the core | memory grew by |"
        )
        print("|---|---|---|---|---|---|")
        states = made(asked.rewards)
        filled = 0
        for people in (asked.people // 2, asked.people):
            fill(filled, people, states)
            filled = people
            measure(people)


def made(rewards: int) -> list[bytes]:
    """States of people who differ."""
    import numpy as np

    from recommender.bandit.policies.hierarchical import Hierarchical

    rng = np.random.default_rng(1)
    width = Hierarchical.feature_set.width
    states = []
    for _ in range(DISTINCT):
        weights = 0.2 * rng.standard_normal(width)
        policy = Hierarchical.fresh()
        for _ in range(rewards):
            x = np.round(rng.uniform(-1, 1, width) * 256) / 256
            reward = np.clip(weights @ x + 0.3 * rng.standard_normal(), -1, 1)
            policy.learn(x, float(reward))
        states.append(policy.state())
    return states


def fill(first: int, people: int, states: list[bytes]) -> None:
    """Users from `first` to `people`, who all take part."""
    from django.utils import timezone

    from accounts.models import Preference, User
    from accounts.preference_keys import HELP_SHARED_PRIOR
    from recommender.bandit.policies.hierarchical import Hierarchical
    from recommender.models import PolicyState

    now = timezone.now()
    for start in range(first, people, 5_000):
        numbers = range(start, min(start + 5_000, people))
        users = User.objects.bulk_create(User(email=f"u{n}@example.com") for n in numbers)
        Preference.objects.bulk_create(
            Preference(
                user=user, key=HELP_SHARED_PRIOR, source="user", value=True, updated_at=now
            )
            for user in users
        )  # fmt: skip
        PolicyState.objects.bulk_create(
            PolicyState(
                user=user, policy=Hierarchical.id, version=Hierarchical.version,
                state=states[user.pk % DISTINCT], count=30, through=30, updated_at=now,
            )
            for user in users
        )  # fmt: skip


def measure(people: int) -> None:
    import numpy as np
    from django.utils import timezone

    from recommender.bandit.policies.hierarchical import Hierarchical
    from recommender.priors import batches, estimate

    started = time.process_time()  # of this core: others may be at work on the machine
    size = sum(sum(map(len, batch)) for batch in batches(Hierarchical))
    reading = time.process_time() - started
    before, most, over = resident(), [resident()], threading.Event()

    def watch() -> None:
        while not over.wait(0.02):
            most[0] = max(most[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started, began = time.process_time(), time.perf_counter()
    rng = np.random.default_rng(7)
    run = estimate(Hierarchical, now=timezone.now(), rng=rng, again=True)
    seconds, passed = time.process_time() - started, time.perf_counter() - began
    over.set()
    watcher.join()
    assert run.verdict == "passed", run.says
    print(
        f"| {people} | {size / 2**20:.0f} MiB | {seconds:.1f} | {passed:.1f} | {reading:.1f} "
        f"| {(most[0] - before):.1f} MiB |",
        flush=True,
    )


def resident() -> float:
    """MiB of this process in memory."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


if __name__ == "__main__":
    main()
