"""How fast rewards are folded from PostgreSQL, beside a bare reading of the same rows.

    python -m bench.learning [--people 500] [--each 40] [--candidates 20] [--policy hierarchical]

Starts its own PostgreSQL (with fsync); fills in decisions whose rewards wait to be learned; then
learns them as the sweep does, by batches of people, on one core. Rounds alternate with the bare
reading; prints a markdown table with the medians. Also the worst case for batches: one reward each.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.services import environment
from tests.services.postgres import Postgres, find_postgres

DURABLE = "-c max_connections=20 -c shared_buffers=256MB"
ROUNDS = 5


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=500)
    options.add_argument("--each", type=int, default=40)
    options.add_argument("--candidates", type=int, default=20)
    options.add_argument("--policy", default="")
    asked = options.parse_args()
    binaries = find_postgres()
    if binaries is None:
        sys.exit("PostgreSQL's server is not installed.")
    folder = Path(tempfile.mkdtemp(prefix="oo-bench-"))
    with Postgres(binaries, DURABLE) as postgres:
        os.environ |= {
            **environment.development(folder),
            "DATABASE_URL": postgres.url,
            "REDIS_URL": f"unix://{folder}/none.sock",
            "DJANGO_SETTINGS_MODULE": "oo.settings",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        if asked.policy:
            os.environ["ACTIVE_POLICY"] = asked.policy
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        import django

        django.setup()
        rows = fill(asked.people, asked.each, asked.candidates)
        measure(rows, asked.candidates)


def fill(people: int, each: int, candidates: int) -> int:
    """Everyone's decisions with a settled reward that waits. Returns how many."""
    import numpy as np
    from django.db import connection
    from django.utils import timezone

    from accounts.models import User
    from recommender.bandit.features import Facts, Moment, named, silence
    from recommender.featurise import pack
    from recommender.models import Decision, Reward, Score

    rng, now = np.random.default_rng(1), timezone.now()
    users = User.objects.bulk_create(User(email=f"p{n}@example.com") for n in range(people))
    for user in users:
        decisions, scores, rewards = [], [], []
        for position in range(1, each + 1):
            moment = Moment(now)
            packed = pack(
                [
                    *(
                        named(
                            Facts("task", bool(rng.random() < 0.3), float(rng.gamma(2, 9)),
                                  int(rng.integers(1, 5)), bool(rng.random() < 0.2)),
                            moment,
                        )
                        for _ in range(candidates)
                    ),
                    silence(moment),
                ]
            )  # fmt: skip
            decision = Decision(
                user=user, kind="task", status="answered", policy="x", policy_version="1",
                propensity=0.1, created_at=now, expires_at=now,
            )  # fmt: skip
            decisions.append(decision)
            scores.append(
                Score(
                    decision=decision, user=user, position=position, digest="", hash="",
                    chosen=int(rng.integers(candidates)), candidates=[], features=packed,
                    scores=[], propensities=[], feature_set="v3", policy="x",
                    policy_version="1", state_count=0, seed=1, model="", prompt_version="",
                    latency_us=1,
                )
            )  # fmt: skip
            rewards.append(
                Reward(
                    user=user, position=position, decision=decision, why="settled", at=now,
                    reward=float(rng.choice([-1, -0.3, 0.1, 0.3, 0.6, 1])),
                )
            )  # fmt: skip
        Decision.objects.bulk_create(decisions)
        Score.objects.bulk_create(scores)
        Reward.objects.bulk_create(rewards)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return people * each


def measure(rows: int, candidates: int) -> None:
    from recommender import live
    from recommender.models import PolicyState, Reward

    def begin_again() -> None:
        PolicyState.objects.all().delete()
        Reward.objects.update(folded_at=None)

    def read_only() -> None:
        ledger = Reward.objects.filter(folded_at=None).order_by("user_id", "position")
        columns = ("user_id", "position", "decision_id", "reward", "decision__score__features")
        for _ in ledger.values_list(*columns).iterator(chunk_size=500):
            pass

    def sweep() -> None:
        from django.utils import timezone

        from recommender.jobs import BATCH
        from recommender.learn import teach, users_to_teach

        last = 0
        while users := users_to_teach(limit=BATCH, after=last):
            teach(users, now=timezone.now())
            last = users[-1]

    times: dict[str, list[tuple[float, float]]] = {
        "bare reading": [],
        "learning": [],
        "one each": [],
    }
    people = Reward.objects.values("user").distinct().count()
    for _ in range(ROUNDS):
        begin_again()
        times["bare reading"].append(timed(read_only))
        times["learning"].append(timed(sweep))
        # States are there, and one reward more for each person.
        newest = Reward.objects.order_by("user_id", "-position").distinct("user_id").values("pk")
        Reward.objects.filter(pk__in=list(newest.values_list("pk", flat=True))).update(
            folded_at=None
        )
        PolicyState.objects.update(through=rows // people - 1)
        times["one each"].append(timed(sweep))
    counts = {"bare reading": rows, "learning": rows, "one each": people}
    policy = live.standing().label()
    print(
        f"\n{rows} rewards of {people} people, {candidates} candidates each, {policy}, one core:\n"
    )
    print("| | a second | a second of Python's own | µs each | ÷ bare reading |")
    print("|---|---|---|---|---|")
    bare = statistics.median(wall for wall, _ in times["bare reading"]) / rows
    for name, taken in times.items():
        wall = statistics.median(wall for wall, _ in taken) / counts[name]
        own = statistics.median(own for _, own in taken) / counts[name]
        print(f"| {name} | {1 / wall:.0f} | {1 / own:.0f} | {wall * 1e6:.0f} | {wall / bare:.1f} |")


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the wall, and of this process's processor."""
    wall, own = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - own


if __name__ == "__main__":
    main()
