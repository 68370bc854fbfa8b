"""manage.py models: language models as authors of tips, beside our own writing."""

import statistics
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from agents import prompts
from agents.generate import ALIAS, COUNT
from agents.llm.config import behind, forbidden, model_of
from agents.prompts import speaking
from recommender.authors import Tally, compare, mean, moments
from recommender.judging import JudgeTrouble, NoJudge, judge

NONE = "none"
COLUMNS = (
    "author", "asked", "answers of none", "1st try", "2nd", "3rd", "tokens a tip", "$ a tip",
    "s a moment", "unlike", "verdict", "best of a moment",
)  # fmt: skip


class Command(BaseCommand):
    help = (
        "Has models write tips for simulated people, counts what the gate lets through, and has the "
        "tips judged. What they use counts for the budget of this installation."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--models", nargs="+", metavar="NAME", default=[],
            help="Named as in LLM_TIP_GENERATOR: ollama:qwen2.5:3b. Without, the one that is set.",
        )  # fmt: skip
        parser.add_argument("--people", type=int, default=6)
        parser.add_argument("--moments", type=int, default=4, help="Of each person.")
        parser.add_argument("--seed", type=int, default=0, help="Of those people.")
        parser.add_argument("--tips", type=int, default=COUNT, help="How many are asked for.")
        parser.add_argument(
            "--prompt", choices=prompts.names(), default=prompts.TIPS,
            help="What they are told: one of agents/prompts/.",
        )  # fmt: skip
        parser.add_argument(
            "--judge", choices=["rule", "llm", NONE], default="rule",
            help="The rule knows kinds, dates and moods, and reads no text; llm asks the model `judge`.",
        )  # fmt: skip
        parser.add_argument(
            "--show", type=int, default=0, metavar="N", help="Print N tips of each."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        names = options["models"] or [settings.LLM_TIP_GENERATOR]
        for name in names:
            may_be_asked(name)
        for name in ("people", "moments", "tips"):
            if options[name] < 1:
                raise CommandError(f"--{name} is at least 1.")
        if options["seed"] < 0:
            raise CommandError("A seed is 0 or more.")
        kind = options["judge"]
        try:
            judging = None if kind == NONE else judge(kind, clock=timezone.now)
        except NoJudge as none:
            raise CommandError(str(none)) from None
        some = moments(options["people"], options["moments"], seed=options["seed"])
        found: list[Tally] = []
        try:
            with (
                speaking(options["prompt"]),
                tqdm(
                    total=len(some) * (1 + len(names)),
                    unit=" moments",
                    disable=not sys.stderr.isatty(),
                ) as bar,
            ):
                authors = compare(
                    names, some, judge=judging, clock=timezone.now,
                    progress=bar.update, count=options["tips"],
                )  # fmt: skip
                found += authors
        except JudgeTrouble as trouble:
            raise CommandError(f"The judge gave no verdict: {trouble}") from None
        self._tell(found, kind, options["show"])

    def _tell(self, found: list[Tally], kind: str, show: int) -> None:
        self.stdout.write("| " + " | ".join(COLUMNS) + " |")
        self.stdout.write("|---|" + "--:|" * (len(COLUMNS) - 1))
        for tally in found:
            self.stdout.write("| " + " | ".join(row(tally)) + " |")
        first = next(iter(found))
        self.stdout.write(
            f"\n{first.moments} moments; ± is one standard error; judge: {kind}, from -1 to 1. Tries: "
            "tips that the gate let through at each. Unlike: of those, texts that differ."
        )
        for tally in found[1:]:
            said = ", ".join(f"{outcome} {n}" for outcome, n in tally.outcomes.most_common())
            wrong = ", ".join(f"{fault} {n}" for fault, n in tally.faults.most_common()) or "none"
            gave_up = "" if tally.moments == first.moments else f", given up after {tally.moments}"
            self.stdout.write(f"{tally.name}: {said}{gave_up}; faults: {wrong}.")
        for tally in found if show else []:
            self.stdout.write(f"\n{tally.name}")
            self.stdout.writelines(f"  {text}" for text in list(tally.texts)[:show])


def may_be_asked(name: str) -> None:
    """Raises CommandError for a model that there is not, or that may not be asked."""
    with behind(ALIAS, name):
        model = model_of(ALIAS)
    if model is None:
        raise CommandError(
            f"There is no model {name!r} to ask. Set OLLAMA_URL to an Ollama server, or LITELLM_URL "
            "to a LiteLLM proxy; docs/models.md says how to try it without either."
        )
    if why := forbidden(model):
        raise CommandError(f"{name} may not be asked. {why}")


def row(tally: Tally) -> list[str]:
    """The cells of one author."""
    tips = tally.accepted
    asked = bool(tally.seconds)
    tokens = tally.tokens_in + tally.tokens_out
    return [
        tally.name,
        str(tally.moments),
        str(tally.none) if asked else "",
        *(str(count) for count in tally.tries),
        f"{tokens / tips:.0f}" if asked and tips else "",
        f"{tally.cost / tips:.5f}" if asked and tips else "",
        f"{statistics.fmean(tally.seconds):.1f}" if asked else "",
        f"{len(tally.texts) / tips:.0%}" if tips else "",
        _measured(tally.verdicts),
        _measured(tally.best),
    ]


def _measured(values: list[float]) -> str:
    if not values:
        return ""
    found, error = mean(values)
    return f"{found:+.2f} ± {error:.2f}"
