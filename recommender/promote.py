"""Which policy is live: promoted through a gate, rolled back with one click or by a guard."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from recommender import experiments, live
from recommender.bandit.policies.base import Policy
from recommender.evaluate import compared, evidence
from recommender.evaluation import gate as gates
from recommender.evaluation import guard as guards
from recommender.models import PolicyDeployment, PolicyRun, PolicyShadow, Score, SimRun
from recommender.outcomes import SETTLED_AFTER, WINDOW, settled
from recommender.registry import policies
from recommender.runs import record
from recommender.simulate import DEFAULTS
from recommender.simulation.catalogue import WORLDS
from recommender.thinned import thinned

log = logging.getLogger(__name__)

How = PolicyDeployment.How
Verdict = PolicyRun.Verdict

# What makes a simulation a witness: as many people as the command simulates, under its options, so
# that nobody picks what suits; and not from before the last month's changes.
STRETCH, LIVES, NOT_OLDER = "1-100", 100, timedelta(days=30)
MOST = 50_000  # decisions that the guard reads, of the weeks before and from the promotion on
# A policy that can't decide does harm before anyone has answered anything.
FAILING, FAILED_AT_LEAST, FAILING_SINCE = 0.2, 50, timedelta(hours=1)


class CantPromote(Exception):
    """The gate is shut, or there is nothing to do. The message says why."""


def gate(cls: type[Policy], *, now: datetime) -> PolicyRun:
    """Asks the three witnesses: simulation, shadow, off-policy estimate. The run says what each said."""
    began = time.perf_counter()
    live.refresh()
    found = evidence(cls, now=now)
    witness = simulated(cls, found.live, now=now)
    verdict = gates.judge(witness, found.agreed, compared(found), bars())
    return record(
        PolicyRun.Kind.GATE,
        cls,
        Verdict.PASSED if verdict.passed else Verdict.REFUSED,
        " ".join(verdict.reasons),
        {**verdict.numbers, "reasons": list(verdict.reasons)},
        now=now, took_ms=1000 * (time.perf_counter() - began),
        against=found.live, begins=found.begins, ends=found.ends,
    )  # fmt: skip


def simulated(
    cls: type[Policy], standing: type[Policy], *, now: datetime
) -> gates.Simulation | None:
    """The newest simulation of each world in which both took part as they are installed, seed by seed.

    Only what is fit to be a witness: finished, lately, with enough people and no option changed.
    """
    differences: dict[str, list[float]] = {}
    lately = SimRun.objects.filter(
        status=SimRun.Status.FINISHED, started_at__gt=now - NOT_OLDER, people__gte=LIVES
    ).defer("curves")
    wanted = {cls.id: cls.version, standing.id: standing.version}
    for run in lately.order_by("-started_at")[:200]:
        if run.options != DEFAULTS or not wanted.items() <= run.versions.items():
            continue
        mine, theirs = run.scores.get(cls.id, {}), run.scores.get(standing.id, {})
        if run.world in differences or STRETCH not in mine or STRETCH not in theirs:
            continue
        pairs = zip(mine[STRETCH]["each"], theirs[STRETCH]["each"], strict=True)
        # A seed in which there was nothing to choose has no score.
        differences[run.world] = [one - other for one, other in pairs if None not in (one, other)]
    each = {world: np.array(found, dtype=np.float64) for world, found in differences.items()}
    return gates.Simulation(each) if each else None


def bars() -> gates.Bars:
    """What the gate asks for here: all worlds there are, and a chance of error that is shared by all
    policies that have been sent out as shadows, since each of them is a try at the gate.
    """
    tries = max(PolicyShadow.objects.count(), 1)
    return replace(gates.BARS, worlds=tuple(WORLDS), alpha=gates.BARS.alpha / tries)


def promote(
    policy_id: str, *, now: datetime, also: Callable[[PolicyDeployment], object] | None = None
) -> PolicyDeployment:
    """Makes a policy the live one, if the gate lets it through. Raises CantPromote.

    A running experiment ends with it, as with every change below. What the gate said is kept either
    way; `also` is done in the transaction of the change.
    """
    cls = _installed(policy_id)
    run = gate(cls, now=now)
    if run.verdict != Verdict.PASSED:
        raise CantPromote(run.says)
    with transaction.atomic():
        made = _deploy(cls, How.PROMOTED, run.says, gate_run=run, now=now)
        if also:
            also(made)
    return made


def force(policy_id: str, reason: str, *, now: datetime) -> PolicyDeployment:
    """Makes a policy the live one past the gate. Whoever does it has to say why. Raises CantPromote."""
    if len(reason.strip()) < 10:
        raise CantPromote("past the gate it takes a reason, in a sentence.")
    return _deploy(_installed(policy_id), How.FORCED, reason.strip(), now=now)


def roll_back(
    reason: str, *, how: str = How.ROLLED_BACK, only: int | None = None, now: datetime
) -> PolicyDeployment:
    """Makes the policy live again that was so before the live one was promoted, or the last before
    that one that is installed here.

    `only`: nothing happens unless this deployment is still the live one. Raises CantPromote.
    """
    with live.changing(now):
        current = PolicyDeployment.objects.filter(ended_at=None).first()
        if current is None or (only is not None and current.pk != only):
            raise CantPromote("there is nothing to roll back.")
        if current.before is None:
            raise CantPromote(
                f"{current.policy} is the first policy here: there is none before it."
            )
        before = _back_to(current)
        if before is None:
            raise CantPromote(
                f"no other policy that was live before {current.policy} is installed any more."
            )
        return _begin(
            type(policies.get(before.policy)), how, reason, current, before.before, None, now
        )


def watch(*, now: datetime) -> PolicyRun | None:
    """Rolls back a promotion that did harm. Returns what was found, None where nothing is watched.

    What an alarm says is kept, and one a day of quiet looks, and of alarms where there is nothing to
    go back to: looks are made every few minutes.
    """
    current = PolicyDeployment.objects.filter(ended_at=None).select_related("before").first()
    watched = (How.PROMOTED, How.FORCED)
    if current is None or current.before is None or current.how not in watched:
        return None
    if current.policy not in policies:
        return None
    began = time.perf_counter()
    alarm = _failing(current, now) or guards.watch(
        _stream(thinned(_rows(current.before, current.began_at - WINDOW, current.began_at), MOST)),
        _stream(_rows(current, current.began_at, now - SETTLED_AFTER)),
    )
    cls = type(policies.get(current.policy))
    runs = PolicyRun.objects.filter(kind=PolicyRun.Kind.GUARD, policy=cls.id)
    verdict = Verdict.ALARM if alarm.roll_back else Verdict.PASSED
    said = runs.filter(verdict=verdict, created_at__gt=now - timedelta(days=1)).exists()
    if said and not (alarm.roll_back and _back_to(current)):
        return None
    says = " ".join(alarm.reasons) or "No harm seen."
    run = record(
        PolicyRun.Kind.GUARD,
        cls,
        verdict,
        says,
        alarm.numbers,
        now=now, took_ms=1000 * (time.perf_counter() - began),
        against=current.before.policy, begins=current.began_at, ends=now,
    )  # fmt: skip
    if alarm.roll_back:
        try:
            roll_back(says, how=How.GUARD, only=current.pk, now=now)
        except CantPromote as why:  # an operator was faster, or there is nothing to go back to
            log.warning("the guard did not roll %s back: %s", current, why)
    return run


def _back_to(current: PolicyDeployment) -> PolicyDeployment | None:
    """What a roll-back returns to: the last before this one that is installed, and another policy."""
    row = current.before
    while row is not None and (row.policy not in policies or row.policy == current.policy):
        row = row.before
    return row


def _failing(current: PolicyDeployment, now: datetime) -> guards.Alarm | None:
    """An alarm when the rule had to stand in for the live policy too often in the last hour."""
    since = max(current.began_at, now - FAILING_SINCE)
    lately = Score.objects.filter(decision__created_at__gte=since)
    failed = lately.filter(fell_back_from=current.policy).count()
    total = failed + lately.filter(policy=current.policy, fell_back_from="").count()
    if total < FAILED_AT_LEAST or failed <= FAILING * total:
        return None
    says = f"{current.policy} failed in {failed} of {total} decisions of the last hour."
    return guards.Alarm(True, (says,), {"failed": failed, "decisions": total})


def _rows(of: PolicyDeployment, begins: datetime, ends: datetime) -> QuerySet[Any]:
    """What a deployment's own decisions turned out to be worth, without those of experiments."""
    return settled(begins=begins, ends=ends).filter(
        policy=of.policy, policy_version=of.policy_version, fell_back_from="", experiment=""
    )


def _stream(rows: QuerySet[Any]) -> guards.Stream:
    found = list(rows.values_list("reward", "dismissed", "user_id", "at")[:MOST])
    reward, dismissed, person, at = zip(*found, strict=True) if found else ((), (), (), ())
    return guards.Stream(
        np.array(reward, dtype=np.float64),
        np.array(dismissed, dtype=bool),
        np.array(person, dtype=np.int64),
        np.array([moment.astimezone(UTC).weekday() for moment in at], dtype=np.int64),
    )


def _installed(policy_id: str) -> type[Policy]:
    if policy_id not in policies:
        raise CantPromote(f"there is no policy {policy_id} here.")
    return type(policies.get(policy_id))


def _deploy(
    cls: type[Policy],
    how: str,
    reason: str,
    *,
    gate_run: PolicyRun | None = None,
    now: datetime,
) -> PolicyDeployment:
    with live.changing(now):
        current = PolicyDeployment.objects.filter(ended_at=None).first()
        if current is None:
            # The history begins with what the setting had said until now.
            known = type(policies.get(settings.ACTIVE_POLICY))
            current = PolicyDeployment.objects.create(
                policy=known.id, policy_version=known.version, how=How.SETTING, began_at=now
            )
        if (current.policy, current.policy_version) == (cls.id, cls.version):
            raise CantPromote(f"{cls.id} is live already.")
        standing = live.installed(current.policy)
        if gate_run and (gate_run.against, gate_run.against_version) != (
            standing.id,
            standing.version,
        ):
            raise CantPromote(
                f"it was weighed against {gate_run.against}, which is not live any more: {standing.id} is."
            )
        return _begin(cls, how, reason, current, current, gate_run, now)


def _begin(
    cls: type[Policy],
    how: str,
    reason: str,
    current: PolicyDeployment,
    before: PolicyDeployment | None,
    gate_run: PolicyRun | None,
    now: datetime,
) -> PolicyDeployment:
    current.ended_at = now
    current.save(update_fields=["ended_at"])
    # Or nothing would change for anyone: an experiment goes before the live policy.
    experiments.end(cls, f"{cls.id} became the live policy, {how}. {reason}", now=now)
    return PolicyDeployment.objects.create(
        policy=cls.id,
        policy_version=cls.version,
        how=how,
        reason=reason[:300],
        before=before,
        gate=gate_run,
        began_at=now,
    )
