"""Online experiments: people shared out between policies, one experiment at a time.

Who gets which arm follows from a hash (recommender.live); the arm stands with the decision. In
bandit mode the shares of the next day are fixed the day before, so that the probability of every
assignment can be told for ever.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from re import fullmatch
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import Q

from recommender import live
from recommender.bandit.policies.base import Policy
from recommender.evaluation.experiment import Experiment, Outcomes, report, shares_of_day
from recommender.models import PolicyDeployment, PolicyExperiment, PolicyRun
from recommender.outcomes import SETTLED_AFTER, settled
from recommender.registry import policies
from recommender.runs import record

MOST = 200_000  # decisions read
NAME = r"[A-Za-z0-9_-]{1,40}"  # of experiments and arms: it stands with every decision
Arms = Sequence[tuple[str, str, float]]

Verdict = PolicyRun.Verdict


class BadExperiment(ValueError):
    """This can't be tried. The message says why."""


def check(name: str, arms: Arms, *, mode: str = "fixed") -> None:
    """Raises BadExperiment for what can't be tried. `arms` are (name, policy, share), the first being
    what the others are compared with; shares sum to 1.
    """
    named = [arm[0] for arm in arms]
    if len(arms) < 2 or len(set(named)) != len(named) or not all(named):
        raise BadExperiment("it takes two arms or more, each with a name of its own.")
    if wrong := [one for one in (name, *named) if not fullmatch(NAME, one)]:
        raise BadExperiment(
            f"“{wrong[0][:60]}” is no name: up to 40 letters, digits, hyphens and underscores."
        )
    if unknown := sorted({policy for _, policy, _ in arms if policy not in policies}):
        raise BadExperiment(f"not installed: {', '.join(unknown)}.")
    if mode not in PolicyExperiment.Mode.values:
        raise BadExperiment(f"the mode is fixed or bandit, not {mode}.")
    try:
        Experiment(name, tuple(named), tuple(share for _, _, share in arms), mode == "bandit")
    except ValueError as error:
        raise BadExperiment(f"{error}.") from error


def plan(name: str, arms: Arms, *, mode: str = "fixed", now: datetime) -> PolicyExperiment:
    """An experiment that is not running yet. Raises BadExperiment."""
    check(name, arms, mode=mode)
    try:
        with transaction.atomic():
            return PolicyExperiment.objects.create(
                name=name,
                mode=mode,
                arms=[{"name": n, "policy": p, "share": s} for n, p, s in arms],
                created_at=now,
            )
    except IntegrityError as error:
        raise BadExperiment(f"there was an experiment {name} already.") from error


def start(experiment: PolicyExperiment, *, now: datetime) -> bool:
    """False if it runs already. Raises BadExperiment while another one runs, or after its end."""
    with live.changing(now):
        row = PolicyExperiment.objects.select_for_update().get(pk=experiment.pk)
        if row.stopped_at:
            raise BadExperiment("it has ended. Plan another one, under a name of its own.")
        if row.started_at:
            return False
        running = PolicyExperiment.objects.filter(started_at__isnull=False, stopped_at=None).first()
        if running:
            raise BadExperiment(f"{running.name} is running.")
        row.started_at = now
        row.save(update_fields=["started_at"])
    return True


def stop(experiment: PolicyExperiment, *, now: datetime) -> bool:
    """Everyone is served by the live policy again. False if it does not run."""
    with live.changing(now):
        rows = PolicyExperiment.objects.filter(
            pk=experiment.pk, started_at__isnull=False, stopped_at=None
        )
        return bool(rows.update(stopped_at=now))


def end(cls: type[Policy], why: str, *, now: datetime) -> None:
    """Stops the running experiment, if there is one, so that a policy which becomes the live one serves
    everyone. A run says why, beside the numbers of the last look. Inside `live.changing`.
    """
    running = PolicyExperiment.objects.filter(started_at__isnull=False, stopped_at=None).first()
    if running is None:
        return
    running.stopped_at = now
    running.save(update_fields=["stopped_at"])
    looks = PolicyRun.objects.filter(
        kind=PolicyRun.Kind.EXPERIMENT, numbers__experiment=running.name
    )
    last = looks.order_by("-created_at").first()
    record(
        PolicyRun.Kind.EXPERIMENT, cls, last.verdict if last else Verdict.UNDECIDED,
        f"Stopped: {why}", {**(last.numbers if last else {}), "experiment": running.name},
        now=now, begins=running.started_at, ends=now,
    )  # fmt: skip


def ended_with(made: PolicyDeployment) -> str:
    """A sentence on the experiment that a change of the live policy has stopped, "" without one."""
    rows = PolicyExperiment.objects.filter(stopped_at=made.began_at)
    return "".join(f" The experiment {row.name} was stopped." for row in rows)


def adapt(*, now: datetime) -> bool:
    """Fixes tomorrow's shares of a running experiment in bandit mode, once. False if nothing to do."""
    with live.changing(now):
        row = PolicyExperiment.objects.filter(
            started_at__isnull=False, stopped_at=None, mode=PolicyExperiment.Mode.BANDIT
        ).first()
        tomorrow = (now.astimezone(UTC).date() + timedelta(days=1)).isoformat()
        if row is None or tomorrow in row.shares:
            return False
        shares = shares_of_day(described(row), outcomes(row, now=now), tomorrow)
        row.shares = {**row.shares, tomorrow: [float(share) for share in shares]}
        row.save(update_fields=["shares"])
    return True


def look(experiment: PolicyExperiment, *, now: datetime) -> PolicyRun:
    """Where it stands, kept as a run of the first arm's policy against the others."""
    found = report(described(experiment), outcomes(experiment, now=now))
    verdicts = {one.verdict for one in found.comparisons}
    verdict = (
        Verdict.BETTER if "better" in verdicts
        else Verdict.WORSE if verdicts == {"worse"}
        else Verdict.UNDECIDED
    )  # fmt: skip
    if not sum(arm.n for arm in found.arms):
        verdict = Verdict.TOO_LITTLE
    says = "; ".join(
        f"{one.arm} {_said(one.verdict)} {one.against}"
        + (
            f" ({one.value:+.3f}, {one.low:+.3f} to {one.high:+.3f})"
            if one.verdict != "open"
            else ""
        )
        for one in found.comparisons
    )
    return record(
        PolicyRun.Kind.EXPERIMENT, type(policies.get(_first(experiment))), verdict, f"{says}.",
        {"experiment": experiment.name, **asdict(found)},
        now=now, begins=experiment.started_at, ends=now,
        against=experiment.arms[-1]["policy"],
    )  # fmt: skip


def look_at_running(*, now: datetime) -> PolicyRun | None:
    """A look at the running experiment; None without one, or when its policies are gone."""
    running = PolicyExperiment.objects.filter(started_at__isnull=False, stopped_at=None).first()
    if running is None or _first(running) not in policies:
        return None
    return look(running, now=now)


def described(row: PolicyExperiment) -> Experiment:
    """As the pure room knows it."""
    return Experiment(
        row.name,
        tuple(arm["name"] for arm in row.arms),
        tuple(arm["share"] for arm in row.arms),
        bandit=row.mode == PolicyExperiment.Mode.BANDIT,
    )


def outcomes(row: PolicyExperiment, *, now: datetime) -> Outcomes:
    """Settled decisions made in an experiment by its arms' policies, with the probability of their arm.

    Where the rule had to stand in, that is the arm's own doing; where another policy served because
    the arm's is not installed, it is not.
    """
    experiment = described(row)
    places = {arm: index for index, arm in enumerate(experiment.arms)}
    own = Q()
    for arm in row.arms:
        by_it = Q(policy=arm["policy"], fell_back_from="") | Q(fell_back_from=arm["policy"])
        own |= Q(arm=arm["name"]) & by_it
    rows: Any = settled(begins=row.started_at or now, ends=now - SETTLED_AFTER).filter(
        own, experiment=row.name
    )
    found = list(rows.values_list("arm", "user_id", "reward", "at")[:MOST])
    shares: dict[date, Sequence[float]] = {}
    propensity = []
    for arm, _, _, at in found:
        day = at.astimezone(UTC).date()
        if day not in shares:
            shares[day] = live.shares_on(experiment, row.shares, day.isoformat())
        propensity.append(shares[day][places[arm]])
    return Outcomes(
        arm=np.array([places[arm] for arm, *_ in found], dtype=np.int64),
        propensity=np.array(propensity, dtype=np.float64),
        person=np.array([user_id for _, user_id, _, _ in found], dtype=np.int64),
        reward=np.array([reward for _, _, reward, _ in found], dtype=np.float64),
    )


def _first(row: PolicyExperiment) -> str:
    return str(row.arms[0]["policy"])


def _said(verdict: str) -> str:
    return {"better": "is better than", "worse": "is worse than"}.get(
        verdict, "is not told apart from"
    )
