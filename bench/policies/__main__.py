"""oO's policies beside those of others, in the worlds of recommender/simulation.

    python -m bench.policies                      all tables of quality
    python -m bench.policies --tables populations --only hierarchical urgency ceiling
    python -m bench.policies --world my.module:MyWorld
    python -m bench.policies speed                how long choosing and learning take
    python -m bench.policies open-bandit          the Open Bandit Dataset's sample
    python -m bench.policies tune                 search for the peers' settings again (an hour)

Peers play where they are installed: `make peers`, then .venv-peers/bin/python instead of python.
What has been played is filed in var/bench-policies and played again only if the policy or the world
behaves otherwise. --write puts the tables into docs/policies-measured.md.
"""

import argparse
import importlib
import multiprocessing
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Read once, when numpy is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from bench.policies import tables, tune
from bench.policies.results import Curves, MakesWorld, Player, Setting, play, score
from recommender.simulation.world import World

PAGE = Path("docs/policies-measured.md")

Task = tuple[Player, Setting, int]
_tasks: list[Task] = []


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    arguments = parser().parse_args()
    if arguments.part == "speed":
        from bench.policies.speed import table

        show("speed", table(), write=arguments.write)
    elif arguments.part == "open-bandit":
        from bench.policies.open_bandit import table as open_bandit

        show("open-bandit", open_bandit(arguments.seeds, say), write=arguments.write)
    elif arguments.part == "tune":
        tune.tune(list(tables.POPULATIONS), say)
    else:
        quality(arguments)


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(
        prog="bench.policies", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parts = ["quality", "speed", "open-bandit", "tune"]
    words.add_argument("part", nargs="?", default="quality", choices=parts)
    keys = [table.key for table in tables.TABLES]
    words.add_argument(
        "--tables",
        nargs="+",
        choices=keys,
        default=keys,
        metavar="TABLE",
        help=f"some of: {', '.join(keys)}",
    )
    words.add_argument("--only", nargs="+", metavar="NAME", help="players, by name")
    words.add_argument("--world", metavar="MODULE:FACTORY", help="a world of your own")
    words.add_argument("--people", type=int, default=300, help="in a world of your own")
    words.add_argument("--decisions", type=int, default=100, help="of each of them")
    words.add_argument("--seeds", type=int, default=5)
    words.add_argument("--jobs", type=int, default=1, help="processes")
    words.add_argument("--write", action="store_true", help=f"put the tables into {PAGE}")
    return words


def quality(arguments: argparse.Namespace) -> None:
    chosen = [table for table in tables.TABLES if table.key in arguments.tables]
    if arguments.world:
        world = dotted(arguments.world)
        setting = Setting(arguments.world, world, arguments.people, arguments.decisions)
        chosen = [tables.one_world(setting)]
    for table in chosen:
        results = played(table, range(1, arguments.seeds + 1), arguments.only, arguments.jobs)
        show(table.key, table.render(table, results), write=arguments.write)


def dotted(path: str) -> MakesWorld:
    """What "module:name" names: a world or what makes one. The working directory is searched."""
    sys.path.insert(0, str(Path.cwd()))
    module, _, name = path.partition(":")
    found: Any = getattr(importlib.import_module(module), name)
    if isinstance(found, World):
        return lambda: found
    if not callable(found):
        raise SystemExit(f"{path} is no world and makes none")
    return found


def played(
    table: tables.Table, seeds: Sequence[int], only: Sequence[str] | None, jobs: int
) -> dict[tuple[str, str], list[Curves]]:
    """The curves of every player in every setting of the table; without peers that can't play."""
    pairs = [
        (p, setting)
        for setting in table.settings
        for p in table.players(setting)
        if not only or p.name in only
    ]
    if jobs > 1:
        _tasks[:] = [(p, setting, seed) for p, setting in pairs for seed in seeds]
        with multiprocessing.get_context("fork").Pool(jobs) as pool:
            for _ in pool.imap_unordered(_play, range(len(_tasks))):
                pass
    results: dict[tuple[str, str], list[Curves]] = {}
    for player, setting in pairs:
        try:
            found = [play(player, setting, seed) for seed in seeds]
        except ModuleNotFoundError as error:
            say(f"{player.name} in {setting.key}: left out, {error}")
            continue
        results[player.name, setting.key] = found
        say(
            f"{setting.key}: {player.name} "
            + tables.with_error([score(each.everyone) for each in found])
        )
    return results


def _play(number: int) -> None:
    try:
        play(*_tasks[number])
    except ModuleNotFoundError:
        return


def show(key: str, lines: Sequence[str], *, write: bool) -> None:
    """The lines on the screen and, with `write`, in their place on the page."""
    text = "\n".join(lines)
    print(f"\n## {key}\n\n{text}", flush=True)
    if write:
        begin, end = f"<!-- {key} -->\n", f"<!-- /{key} -->"
        before, rest = PAGE.read_text().split(begin)
        PAGE.write_text(f"{before}{begin}{text}\n{end}{rest.split(end)[1]}")


if __name__ == "__main__":
    main()
