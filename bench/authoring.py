"""What a model's words cost: tokens, and what they come to, for each tip that is shown.

    python -m bench.authoring [--people 20] [--prices 0.15 0.60]

Starts a Redis, a database and the sandbox of its own, whose stand-in for a model is in its good mood. People
live through a day as the timetable has it: every quarter of an hour some get a task or finish one, pools
are refreshed and those written for of whom there is news; five times a day each looks at their tip
and answers. Prices are dollars for a million tokens in, and out; on a machine of one's own there are none.
"""

import argparse
import os
import random
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta

from tests.services import plugin
from tests.services.redis import RedisServer
from tests.services.sandbox import Sandbox

FROM = datetime(2026, 11, 18, 6, 0, tzinfo=UTC)  # seven in the morning in Berlin
STEPS, STEP = 60, timedelta(minutes=15)
LOOKS = 5
NEWS = 0.06  # of the people, in a quarter of an hour: about one thing in four hours
OPEN = 25  # tasks each


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, prog="python -m bench.authoring")
    options.add_argument("--people", type=int, default=20)
    options.add_argument("--prices", type=float, nargs=2, default=(0.15, 0.60))
    asked = options.parse_args()
    redis, sandbox = RedisServer(plugin.REDIS_SOCKET), Sandbox()
    redis.start()
    sandbox.start()
    try:
        os.environ |= {
            "REDIS_URL": redis.url,
            "DATABASE_URL": f"sqlite:///{plugin.FOLDER}/authoring.sqlite3",
            "OLLAMA_URL": f"{sandbox.url}/llm",
            "LLM_ALL_TOKENS": "100000000",
            "DJANGO_SETTINGS_MODULE": "oo.settings",
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True)
        import django

        django.setup()
        sandbox.control.post("/llm", json={"mood": "good"}).raise_for_status()
        live(asked.people)
        told(asked.people, *asked.prices)
    finally:
        sandbox.kill()
        redis.kill()


def live(people: int) -> None:
    """One day of so many people."""
    import numpy as np

    from agents.generate import due, generate
    from agents.refresh import refresh
    from integrations.models import Connection, Task
    from recommender.react import react
    from recommender.serving import serve_tip
    from tests.people import Item, add_tasks, person

    chance, rng = random.Random(3), np.random.default_rng(3)
    crowd = [
        person(
            f"p{n}@example.com",
            *[Item(f"Thing {i} of {n}", priority=1 + i % 4, age_days=i) for i in range(OPEN)],
            now=FROM,
        )
        for n in range(people)
    ]
    ids = [someone.user.pk for someone in crowd]
    looks = {one.user.pk: sorted(chance.sample(range(STEPS), LOOKS)) for one in crowd}
    for step in range(STEPS):
        now = FROM + step * STEP
        Connection.objects.update(synced_at=now)
        for someone in crowd:
            if chance.random() < NEWS / 2:
                add_tasks(someone, [Item(f"New at {step}", age_days=0)], now=now)
            if chance.random() < NEWS / 2:
                first = Task.objects.filter(user=someone.user, closed_at=None).first()
                if first is not None:
                    Task.objects.filter(pk=first.pk).update(closed_at=now, closed_as="done")
        refresh(ids, now=now)
        for user_id in due(ids, now=now):
            generate(user_id, now=now)
        for someone in crowd:
            if step in looks[someone.user.pk]:
                tip = serve_tip(someone.user, now=now, rng=rng)
                if tip is not None:
                    reaction = chance.choice(("done", "snooze", "dismiss"))
                    react(someone.user, uuid.UUID(tip.id), reaction, dwell_ms=9_000, now=now)


def told(people: int, price_in: float, price_out: float) -> None:
    from django.db.models import Count, Sum

    from agents.models import LlmCall
    from agents.writing.plain import MODEL
    from recommender.models import Decision, Score

    calls = LlmCall.objects.aggregate(
        calls=Count("pk"), tokens_in=Sum("tokens_in"), tokens_out=Sum("tokens_out")
    )
    shown = Decision.objects.exclude(kind=Decision.SILENCE)
    worded = Score.objects.filter(decision__in=shown).exclude(model__in=("", MODEL)).count()
    count = shown.count()
    tokens_in, tokens_out = calls["tokens_in"] or 0, calls["tokens_out"] or 0
    dollars = (tokens_in * price_in + tokens_out * price_out) / 1e6
    print("| a person and day | |")
    print("|---|--:|")
    print(f"| calls of the model | {calls['calls'] / people:.1f} |")
    print(f"| tokens in, out | {tokens_in / people:.0f}, {tokens_out / people:.0f} |")
    print(f"| tips shown | {count / people:.1f} |")
    print(f"| of these in a model's words | {worded / count:.0%} |")
    print("| **a tip that is shown** | |")
    print(f"| tokens in, out | {tokens_in / count:.0f}, {tokens_out / count:.0f} |")
    print(
        f"| at {price_in:.2f} and {price_out:.2f} dollars a million | {100 * dollars / count:.3f} cents |"
    )


if __name__ == "__main__":
    main()
