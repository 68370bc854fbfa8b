"""manage.py policies: which one is live, change that, look at them; and what they have learned."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from recommender import evaluate, experiments, learn, live, modelcards, promote, shadow
from recommender.models import (
    Decision,
    Feedback,
    PolicyDeployment,
    PolicyExperiment,
    PolicyShadow,
    Reward,
)
from recommender.react import UNSETTLED_SILENCE
from recommender.registry import policies

AT_ONCE = 200


class Command(BaseCommand):
    help = "Says which policy is live and changes that; evaluates; resets or rebuilds what was learned."

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        for name, says in (
            ("reset", "forget what was learned: they start from the prior; decisions stay"),
            ("rebuild", "make states anew from the ledger, and say whether they came out the same"),
        ):
            verb = does.add_parser(name, help=says)
            whose = verb.add_mutually_exclusive_group(required=True)
            whose.add_argument("--email", help="the address of a user")
            whose.add_argument("--all", action="store_true", help="everyone")
        does.add_parser(
            "live", help="which policy serves, since when and why, and what decides unseen"
        )
        for name, says in (
            ("gate", "ask whether a policy may be promoted; exit code 1 if not"),
            ("promote", "make a policy the live one, if the gate lets it through"),
            ("evaluate", "estimate from the log what a policy would have earned"),
            ("card", "the model card, in Markdown"),
            ("shadow", "have a policy decide unseen from now on"),
            ("unshadow", "have it stop"),
        ):
            verb = does.add_parser(name, help=says)
            verb.add_argument("policy")
            if name == "promote":
                verb.add_argument("--force", metavar="REASON", help="past the gate, and why")
        back = does.add_parser("rollback", help="make the policy live again that was so before")
        back.add_argument("--reason", default="By hand, in a terminal.")
        back.add_argument("--again", action="store_true", help="also after a roll-back: one more")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["does"] not in ("reset", "rebuild"):
            self.stdout.write(self._deploy(options["does"], options))
            return
        users = User.objects.filter(_to_be_learned_from())
        if not options["all"]:
            users = User.objects.filter(email__iexact=options["email"])
            if not users.exists():
                raise CommandError("There is no such user.")
        ids = list(users.order_by("pk").values_list("pk", flat=True))
        verb = self._reset if options["does"] == "reset" else self._rebuild
        total = 0
        for start in range(0, len(ids), AT_ONCE):
            total += verb(ids[start : start + AT_ONCE])
            if sys.stderr.isatty():
                self.stderr.write(f"\r{min(start + AT_ONCE, len(ids))} of {len(ids)}", ending="")
        if options["does"] == "reset":
            self.stdout.write(f"{total} rewards of {len(ids)} people forgotten.")
        else:
            self.stdout.write(f"{len(ids)} people folded anew, {total} came out otherwise.")

    def _deploy(self, does: str, options: dict[str, Any]) -> str:
        now, policy = timezone.now(), options.get("policy", "")
        if policy and policy not in policies:
            raise CommandError(f"There is no policy {policy}. Here: {', '.join(policies.ids())}.")
        try:
            match does:
                case "live":
                    return standing()
                case "promote" if options["force"]:
                    made = promote.force(policy, options["force"], now=now)
                    return f"{policy} is live, past the gate.{experiments.ended_with(made)}"
                case "promote":
                    made = promote.promote(policy, now=now)
                    return f"{policy} is live.{experiments.ended_with(made)}"
                case "rollback":
                    return self._roll_back(options["reason"], options["again"])
                case "shadow":
                    begun = shadow.start(policy, now=now)
                    return "It decides unseen from now on." if begun else "It did so already."
                case "unshadow":
                    return "Stopped." if shadow.stop(policy) else "It did not run."
                case "card":
                    return modelcards.markdown(modelcards.card(policy, now=now), now=now)
        except promote.CantPromote as why:
            raise CommandError(f"Not promoted: {why}") from why
        cls = type(policies.get(policy))
        run = promote.gate(cls, now=now) if does == "gate" else evaluate.evaluate(cls, now=now)
        if run.verdict == run.Verdict.REFUSED:
            raise CommandError(run.says)
        return f"{run.get_verdict_display()}: {run.says}"

    def _roll_back(self, reason: str, again: bool) -> str:
        """Of what is live now, so that whoever asks twice, or at once with another, goes back once."""
        current = PolicyDeployment.objects.filter(ended_at=None).first()
        backward = (PolicyDeployment.How.ROLLED_BACK, PolicyDeployment.How.GUARD)
        if current and current.how in backward and not again:
            raise CommandError(
                f"{current.policy} was rolled back to already, at {current.began_at:%Y-%m-%d %H:%M}. "
                "--again goes one further."
            )
        only = current.pk if current else None
        made = promote.roll_back(reason, only=only, now=timezone.now())
        return f"{made.policy} is live again.{experiments.ended_with(made)}"

    def _reset(self, ids: list[int]) -> int:
        return learn.reset_all(ids, now=timezone.now())

    def _rebuild(self, ids: list[int]) -> int:
        now = timezone.now()
        live.refresh()
        other = 0
        for cls in live.serving():
            other += learn.rebuild_all(cls, ids, now=now)
        return other


def _to_be_learned_from() -> Q:
    """People of whom anything was learned, or is about to be: what they said is not settled yet."""
    whose = OuterRef("pk")
    return (
        Q(Exists(Reward.objects.filter(user=whose)))
        | Q(Exists(Feedback.objects.filter(user=whose)))
        | Q(Exists(Decision.objects.filter(UNSETTLED_SILENCE, user=whose)))
    )


def standing() -> str:
    """What serves now, and what went before."""
    live.refresh()
    rows = list(PolicyDeployment.objects.order_by("-began_at", "-pk")[:6])
    lines = [f"{live.standing().id} is live."]
    lines += [
        f"  {row.began_at:%Y-%m-%d %H:%M}  {row.policy:16} {row.how:12} {row.reason}"
        for row in rows
    ]
    if not rows:
        lines.append("  as ACTIVE_POLICY says; nothing was ever promoted here.")
    running = PolicyExperiment.objects.filter(started_at__isnull=False, stopped_at=None).first()
    if running:
        arms = ", ".join(f"{a['name']}: {a['policy']} {a['share']:.0%}" for a in running.arms)
        lines.append(f"experiment {running.name} ({running.mode}): {arms}")
    for row in PolicyShadow.objects.filter(running=True).order_by("policy"):
        lines.append(f"shadow {row.policy}, has seen all until {row.swept_to:%Y-%m-%d %H:%M}")
    return "\n".join(lines)
