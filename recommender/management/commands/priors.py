"""manage.py priors: what newcomers start from."""

import secrets
import sys
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from recommender import live, priors
from recommender.models import PolicyPrior
from recommender.registry import policies
from recommender.shipping import ship
from recommender.simulation.catalogue import WORLDS


class Command(BaseCommand):
    help = "Lists population priors, estimates them, puts one into use, makes one to ship with oO."

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        does.add_parser("list", help="every prior, what it was made from, and which is in use")
        estimate = does.add_parser("estimate", help="estimate now, from those who agreed")
        estimate.add_argument("policy")
        estimate.add_argument(
            "--again", action="store_true", help="also a second time in a night: it spends ε again"
        )
        use = does.add_parser(
            "use", help="put a prior into use; nightly estimates then stand aside"
        )
        use.add_argument("policy")
        use.add_argument("version")
        use.add_argument(
            "--until-estimated", action="store_true", help="only until the next estimate takes over"
        )
        letting = does.add_parser("release", help="let the nightly estimates take over again")
        letting.add_argument("policy")
        ship = does.add_parser("ship", help="learn a prior from simulated people, to ship with oO")
        ship.add_argument("policy")
        ship.add_argument(
            "--standard", action="store_true", help="every installation is to start from it"
        )
        ship.add_argument("--world", default="life", choices=sorted(WORLDS))
        ship.add_argument("--people", type=int, default=600)
        ship.add_argument("--decisions", type=int, default=100)
        ship.add_argument("--seed", type=int, default=20_261_121)
        ship.add_argument("--version", dest="named", help="its name; by default from its numbers")

    def handle(self, *args: Any, **options: Any) -> None:
        policy = options.get("policy", "")
        if policy and policy not in policies:
            raise CommandError(f"There is no policy {policy}. Here: {', '.join(policies.ids())}.")
        getattr(self, f"_{options['does']}")(policy, options)

    def _list(self, policy: str, options: dict[str, Any]) -> None:
        priors.keep_shipped(now=timezone.now())
        live.refresh()
        for one in policies:
            prior = live.prior_in_use(type(one))
            version = prior.version if prior else type(one).fresh().prior_version
            if version:
                self.stdout.write(f"{one.id} starts from {version}")
            for row in PolicyPrior.objects.filter(policy=one.id).order_by("-created_at")[:10]:
                mark = "*" if row.current else " "
                spent = f", {row.people} people, ε {row.epsilon:g}" if row.epsilon else ""
                held = ", held" if row.pinned else ""
                self.stdout.write(
                    f"  {mark} {row.version:36} {row.created_at:%Y-%m-%d} {row.source}{spent}{held}"
                )

    def _estimate(self, policy: str, options: dict[str, Any]) -> None:
        cls = type(policies.get(policy))
        if not cls.has_population:
            raise CommandError(f"{policy} learns nothing from a population.")
        live.refresh()
        chance = np.random.default_rng(secrets.randbits(256))
        run = priors.estimate(cls, now=timezone.now(), rng=chance, again=options["again"])
        if run.verdict not in (run.Verdict.PASSED, run.Verdict.TOO_LITTLE):
            raise CommandError(run.says)
        self.stdout.write(f"{run.get_verdict_display()}: {run.says}")

    def _use(self, policy: str, options: dict[str, Any]) -> None:
        try:
            row = priors.use(
                policy, options["version"], pin=not options["until_estimated"], now=timezone.now()
            )
        except priors.CantUse as why:
            raise CommandError(str(why)) from why
        until = f"`priors release {policy}`" if row.pinned else "the next estimate"
        self.stdout.write(f"{row.version} is in use, until {until}.")

    def _release(self, policy: str, options: dict[str, Any]) -> None:
        done = priors.unpin(policy, now=timezone.now())
        self.stdout.write("Let go." if done else "Nothing was held.")

    def _ship(self, policy: str, options: dict[str, Any]) -> None:
        def progress(made: int) -> None:
            if sys.stderr.isatty():
                self.stderr.write(".", ending="")

        try:
            file = ship(
                type(policies.get(policy)),
                world=options["world"],
                people=options["people"],
                decisions=options["decisions"],
                seed=options["seed"],
                version=options["named"] or "",
                standard=options["standard"],
                now=timezone.now(),
                progress=progress,
            )
        except ValueError as why:
            raise CommandError(str(why)) from why
        self.stdout.write(
            f"Written to {file}. Commit it; installations have it with their next start."
        )
