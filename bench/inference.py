"""What a night of inference costs, and how fast agents speak: the pure part, without a database.

    python -m bench.inference                  1 000 people
    python -m bench.inference --people 10000   as many as one core has to do in a night

Prints two markdown tables: for each agent what it takes to infer from a year and to say something of now,
and what the night comes to; all in time on the processor. People are those of tests/agents/lives.py
with a whole year each, one in a hundred of them finishing twenty things a day.
"""

import argparse
import os
import time
from collections import defaultdict
from statistics import mean

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oo.settings")

import django

django.setup()

from agents.inference.run import run_inference  # noqa: E402
from agents.registry import agents  # noqa: E402
from tests.agents.lives import past, present  # noqa: E402


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, prog="python -m bench.inference")
    asked.add_argument("--people", type=int, default=1_000)
    people = asked.parse_args().people
    inferring: dict[str, list[float]] = defaultdict(list)
    saying: dict[str, list[float]] = defaultdict(list)
    whole: list[float] = []
    spoke, believed, done = 0, 0, 0
    for seed in range(people):
        # Made one at a time, outside the clock: ten thousand years of history don't fit in memory.
        history = past(seed, days=365, per_day=20 if seed % 100 == 0 else None)
        inputs = present(history, seed)
        done += len(history.done)
        began = time.process_time()
        for agent in agents:
            before = time.process_time()
            found = run_inference(agent.manifest, history)
            inferring[agent.id].append(time.process_time() - before)
            believed += sum(not one.why for one in found.values())
        whole.append(time.process_time() - began)
        for agent in agents:
            before = time.process_time()
            spoke += agent.compute(inputs) is not None
            saying[agent.id].append(time.process_time() - before)
    params = sum(len(agent.manifest.params) for agent in agents)
    print(f"{people:,} people, {done / people:,.0f} things finished in the year of each.\n")
    print("| agent | infers, ms | 99th of 100 | slowest | says, ms | 99th of 100 |")
    print("|---|--:|--:|--:|--:|--:|")
    for agent in agents:
        told = _row(inferring[agent.id]) + _row(saying[agent.id])[:2]
        print(f"| {agent.id} |", " | ".join(f"{1000 * one:.2f}" for one in told), "|")
    print("| all |", " | ".join(f"{1000 * one:.1f}" for one in _row(whole)), "| | |\n")
    said = [one for some in saying.values() for one in some]
    print("| a night on one core | |")
    print("|---|--:|")
    print(f"| 1 000 people, seconds | {1000 * mean(whole):.1f} |")
    print(f"| 10 000 people, seconds | {10_000 * mean(whole):.0f} |")
    print(f"| inferences of an agent a second | {len(agents) / mean(whole):,.0f} |")
    print(f"| snippets computed a second | {1 / mean(said):,.0f} |")
    print(f"| beliefs held, of {params} | {believed / people:.1f} |")
    print(f"| agents with something to say, of {len(agents)} | {spoke / people:.1f} |")


def _row(seconds: list[float]) -> list[float]:
    ordered = sorted(seconds)
    return [mean(ordered), ordered[int(0.99 * len(ordered))], ordered[-1]]


if __name__ == "__main__":
    main()
