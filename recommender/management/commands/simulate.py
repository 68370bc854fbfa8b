"""manage.py simulate: policies against each other in the laboratory, or a population in a database."""

import os
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from recommender import populate
from recommender.simulate import BadRequest, JudgeTrouble, Plan, Result, simulate, steps
from recommender.simulation.catalogue import WORLDS
from recommender.simulation.curves import ahead, prefix
from recommender.simulation.figure import figure
from recommender.simulation.judges import JudgeError
from recommender.simulation.run import Progress

INTERRUPTED = 130
MOST_DAYS = 3_650


class Command(BaseCommand):
    help = "Tries policies on simulated people, all on the same seeds, and keeps what came of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--policies", nargs="+", default=[settings.ACTIVE_POLICY, "urgency"], metavar="ID",
            help="Installed policies; `ceiling` (who knows the true population) and "
            "`linucb-alone` (LinUCB as libraries have it) too.",
        )  # fmt: skip
        parser.add_argument("--world", default="mixed", choices=sorted(WORLDS))
        parser.add_argument("--people", type=int, default=100)
        parser.add_argument("--decisions", type=int, default=100, help="Of each person.")
        parser.add_argument("--seeds", type=int, default=5, help="How many, from 0.")
        parser.add_argument("--candidates", type=int, default=20)
        parser.add_argument("--silence", action=BooleanOptionalAction, help="Offer saying nothing.")
        parser.add_argument("--table", action="store_true", help="Rewards of the reward table.")
        parser.add_argument(
            "--population", type=int, default=0, help="Another one for each number."
        )
        parser.add_argument("--shipped", action="store_true", help="Start from shipped priors.")
        parser.add_argument("--epsilon", type=float, metavar="ε",
                            help="Of one estimate of a prior, PRIOR_EPSILON unless said; 0: every "
                            "night and without noise, as no installation does.")  # fmt: skip
        parser.add_argument("--nights-apart", type=int, default=1, metavar="N",
                            help="Re-estimate priors every N nights.")  # fmt: skip
        parser.add_argument("--judge", choices=["rule", "llm"], default="",
                            help="Who says what a tip was worth, in the world `life`.")  # fmt: skip
        parser.add_argument("--keep", type=int, default=20, metavar="N",
                            help="Keep every decision of the first N people, -1: of all.")  # fmt: skip
        parser.add_argument("--figure", type=Path, metavar="FILE.svg")
        parser.add_argument("--into-database", action="store_true",
                            help="Fill this database with simulated users and their lives.")  # fmt: skip
        parser.add_argument("--days", type=int, default=14, help="How long that life was.")
        parser.add_argument("--seed", type=int, default=0, help="Of that population.")
        parser.add_argument("--clear", action="store_true", help="Delete the simulated users.")
        parser.add_argument("--really", action="store_true", help="Also where DEBUG is off.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["clear"] or options["into_database"]:
            self._database(options)
            return
        if options["figure"]:
            writable(options["figure"])
        plan = Plan(
            policies=tuple(options["policies"]),
            seeds=tuple(range(options["seeds"])),
            **{
                name: options[name]
                for name in (
                    "world", "people", "decisions", "candidates", "silence", "table", "population",
                    "shipped", "epsilon", "nights_apart", "judge", "keep",
                )
            },
        )  # fmt: skip
        try:
            with self._bar(steps(plan), "decision") as progress:
                result = simulate(plan, clock=timezone.now, progress=progress)
        except BadRequest as error:
            raise CommandError(str(error)) from None
        except (JudgeError, JudgeTrouble) as error:
            raise CommandError(f"The judge gave no verdict: {error}") from None
        self._tell(result)
        if options["figure"] and result.curves:
            try:
                options["figure"].write_text(draw(result), encoding="utf-8")
            except OSError as error:
                raise CommandError(
                    f"The figure can't be written: {error}. The run is kept."
                ) from None
            self.stdout.write(f"Drawn in {options['figure']}.")
        if result.run.status == result.run.Status.INTERRUPTED:
            raise SystemExit(INTERRUPTED)

    def _database(self, options: dict[str, Any]) -> None:
        if not settings.DEBUG and not options["really"]:
            raise CommandError(
                "DEBUG is off, so this may be an installation that people use. Simulated users would "
                "stand among them, and what they taught would count. Say --really if you mean it."
            )
        if options["clear"]:
            gone, waiting = populate.clear(now=timezone.now())
            more = f", {waiting} more will be: their erasure goes on by itself" if waiting else ""
            self.stdout.write(f"{gone} simulated users deleted{more}.")
            return
        people, days = options["people"], options["days"]
        if people < 1 or days < 1:
            raise CommandError("At least one person and one day are needed.")
        if days > MOST_DAYS:
            raise CommandError(f"A life has {MOST_DAYS} days here, at most.")
        if options["seed"] < 0:
            raise CommandError("A seed is 0 or more.")
        with self._bar(people * days, "day") as progress:
            made = populate.populate(
                people, days, seed=options["seed"], until=timezone.now(), progress=progress
            )
        self.stdout.write(
            f"{made.people} people, {made.decisions} decisions, {made.reactions} reactions, "
            f"{made.learned} rewards learned. `manage.py simulate --clear` deletes them."
        )

    @contextmanager
    def _bar(self, total: int, unit: str) -> Iterator[Progress]:
        quiet = not sys.stderr.isatty()
        with tqdm(total=total, unit=f" {unit}s", disable=quiet, smoothing=0.05) as bar:
            yield bar.update

    def _tell(self, result: Result) -> None:
        run = result.run
        if not result.scores:
            self.stdout.write(f"Run {run.pk} was {run.status} before its first seed was through.")
            return
        columns = list(next(iter(result.scores.values())))
        rows = [["policy", *columns, "mean reward"]]
        for name, scores in result.scores.items():
            reward = sum(o.tracks[name].reward.mean() for o in result.outcomes)
            mean = f"{reward / len(result.outcomes):+.3f}"
            rows.append([name, *(str(scores[column]) for column in columns), mean])
        self._table(rows)
        names = list(result.scores)
        whole = prefix(run.decisions)
        for other in names[1:]:
            lead = ahead(result.outcomes, names[0], other, whole)
            self.stdout.write(f"{names[0]} − {other}: {lead}, seed by seed")
        through = len(result.outcomes)
        self.stdout.write(
            f"Run {run.pk}, {run.status}: {run.world}, {run.people} people, {through} of "
            f"{len(run.seeds)} seeds. 0 is chance, 1 is knowing everything; ± is one standard error "
            "over seeds."
        )

    def _table(self, rows: list[list[str]]) -> None:
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for number, row in enumerate(rows):
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            self.stdout.write("  ".join(cells))
            if number == 0:
                self.stdout.write("  ".join("─" * width for width in widths))


def writable(file: Path) -> None:
    """Raises CommandError for a file that can't be written: before the run, which may take hours."""
    if file.is_dir() or not file.parent.is_dir() or not os.access(file.parent, os.W_OK):
        raise CommandError(f"No file can be written at {file}.")
    if file.exists() and not os.access(file, os.W_OK):
        raise CommandError(f"{file} can't be written over.")


def draw(result: Result) -> str:
    """The run's figure."""
    run, seeds = result.run, len(result.outcomes)
    under = (
        f"score of each decision: 0 is chance, 1 is knowing everything · {run.people} people · "
        f"{seeds} seed{'s' if seeds > 1 else ''} · bands: ± 2 standard errors"
    )
    return figure(result.curves, title=f"Reward in the world “{run.world}”", under=under)
