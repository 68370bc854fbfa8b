"""Population priors: what newcomers start from. Shipped with oO, or estimated from those who agreed.

A prior is put under a person's sums when they are loaded, so a new one changes no state. Every
version stays, since decisions refer to it.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from accounts import preferences
from accounts.preference_keys import HELP_SHARED_PRIOR
from recommender import live
from recommender.bandit import privacy
from recommender.bandit.envelope import StateError
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior
from recommender.bandit.priors import shipped
from recommender.bandit.ridge import RidgePolicy
from recommender.models import PolicyPrior, PolicyRun, PolicyShadow, PolicyState
from recommender.registry import policies
from recommender.runs import record

log = logging.getLogger(__name__)

BATCH = 500  # states held at once
ONCE_IN = timedelta(hours=20)

Verdict = PolicyRun.Verdict


class CantUse(Exception):
    """This prior can't be put into use. The message says why."""


def keep_shipped(*, now: datetime) -> int:
    """Copies the shipped priors into the table: decisions refer to them, and releases move on."""
    kept = 0
    for policy_id in policies.ids():
        for one in shipped(policy_id):
            _, new = PolicyPrior.objects.get_or_create(
                policy=policy_id,
                version=one.version,
                defaults={
                    "policy_version": one.policy_version,
                    "payload": one.payload,
                    "source": PolicyPrior.Source.SHIPPED,
                    "created_at": now,
                },
            )
            kept += new
    return kept


def estimate_all(*, now: datetime, rng: np.random.Generator) -> list[PolicyRun]:
    """Estimates the prior of every policy that chooses for someone, or does so unseen, and learns
    from a population: what nobody uses is not worth anyone's privacy. Returns the runs.
    """
    keep_shipped(now=now)
    live.refresh()
    shadows = set(PolicyShadow.objects.filter(running=True).values_list("policy", flat=True))
    used = {*shadows, *(cls.id for cls in live.serving())}
    learners = [type(one) for one in policies if one.has_population and one.id in used]
    return [estimate(cls, now=now, rng=rng) for cls in learners]


def estimate(
    cls: type[Policy], *, now: datetime, rng: np.random.Generator, again: bool = False
) -> PolicyRun:
    """Estimates a policy's prior from the states of those who take part, and puts it into use.

    What is in use stays with fewer than PRIOR_PEOPLE of them, with so few that the noise which hides
    each of them would drown what they taught, and when the last estimate was of nearly as many and
    not long ago (`privacy.is_due`). So does a prior that an operator pinned; the estimate is then
    kept beside it. Refused is a second estimate in one night, unless `again`, and one with which who
    took part in all had spent more than PRIOR_EPSILON_TOTAL. `rng` makes the noise: nobody else may
    know it.
    """
    began = time.perf_counter()
    people, states = _taking_part(cls).count(), 0
    epsilon = settings.PRIOR_EPSILON
    numbers: dict[str, Any] = {"people": people, "epsilon": epsilon, **spent()}

    def kept(verdict: str, says: str) -> PolicyRun:
        took = 1000 * (time.perf_counter() - began)
        return record(
            PolicyRun.Kind.ESTIMATE, cls, verdict, says, numbers, now=now, took_ms=took
        )  # fmt: skip

    if epsilon <= 0:
        return kept(Verdict.REFUSED, "PRIOR_EPSILON is 0: nothing is estimated.")
    if people < max(settings.PRIOR_PEOPLE, 1):
        says = f"{people} people take part, {settings.PRIOR_PEOPLE} are needed."
        return kept(Verdict.TOO_LITTLE, says)

    def read() -> Iterator[list[bytes]]:
        nonlocal states
        states = 0
        for batch in batches(cls):
            states += len(batch)
            yield batch

    start = _start(cls)
    numbers["noise_on_mean"] = privacy.noise_on_mean(people, start.mean.size, epsilon)
    if numbers["noise_on_mean"] > privacy.MOST_NOISE:
        needed = privacy.people_needed(start.mean.size, epsilon)
        says = (
            f"{people} people take part; at ε = {epsilon:g} {needed} are needed, "
            "or noise drowns them."
        )
        return kept(Verdict.TOO_LITTLE, says)
    if not again and (wait := _wait(cls, people, now)):
        return kept(*wait)
    if too_much := _too_much(epsilon):
        return kept(Verdict.REFUSED, too_much)
    try:
        found = cls.estimate(read, start, epsilon=epsilon, rng=rng)
    except StateError as error:
        log.exception("the prior of %s was not estimated", cls.id)
        return kept(Verdict.FAILED, f"{type(error).__name__}: {error}")
    except ValueError as error:
        return kept(Verdict.REFUSED, f"{error}.")
    prior = replace(found, version=f"{found.version[:28]}-{now:%Y%m%d}")
    numbers |= {"states": states, "noise": prior.noise, "moved": moved(start, prior)}
    with live.changing(now):
        # Another worker may have been quicker; this one then shows nothing of what it found.
        if not again and (wait := _wait(cls, people, now)):
            numbers = {"people": people}
            return kept(*wait)
        if too_much := _too_much(epsilon):
            numbers = {"people": people}
            return kept(Verdict.REFUSED, too_much)
        numbers |= spent(more=epsilon)
        run = kept(
            Verdict.PASSED,
            f"{prior.version}, from {states} people at ε = {epsilon:g}; "
            f"the mean moved by {numbers['moved']:.3f}.",
        )
        _put(cls, prior, people=states, epsilon=epsilon, run=run, now=now)
    return run


def spent(*, more: float = 0.0) -> dict[str, float]:
    """The privacy spent by all estimates so far, of whatever policy, since all were made from the
    same reactions, and `more`: the ε, at privacy.DELTA, of someone who took part in every one. It
    adds up in rho, not in ε.
    """
    each = PolicyPrior.objects.exclude(epsilon=None).values_list("epsilon", flat=True)
    budgets = [epsilon for epsilon in (*each, more) if epsilon]
    rho = sum(privacy.rho_of(epsilon) for epsilon in budgets)
    return {"estimates": len(budgets), "epsilon_spent": privacy.epsilon_of(rho)}


def _too_much(epsilon: float) -> str:
    """Why one more estimate would spend more than may be spent; nothing if it would not."""
    after, total = spent(more=epsilon)["epsilon_spent"], settings.PRIOR_EPSILON_TOTAL
    if after <= total:
        return ""
    return (
        f"Who took part in every estimate would have spent ε = {after:.1f} with this one; "
        f"PRIOR_EPSILON_TOTAL is {total:g}."
    )


def batches(cls: type[Policy], size: int = BATCH) -> Iterator[list[bytes]]:
    """The states of those who take part, by user, read a batch at a time: memory is that of one.

    Who takes part is read in pages too. As a subquery it would be made anew for every batch.
    """
    last = 0
    helpers = preferences.who_said(HELP_SHARED_PRIOR, True).order_by("user_id")
    while ids := list(helpers.filter(user_id__gt=last)[:size]):
        rows = _states(cls).filter(user_id__in=ids).order_by("user_id")
        if found := [bytes(state) for state in rows.values_list("state", flat=True)]:
            yield found
        last = ids[-1]


def use(policy_id: str, version: str, *, pin: bool = True, now: datetime) -> PolicyPrior:
    """Puts a stored prior into use; pinned, the nightly estimates leave it there. Raises CantUse."""
    keep_shipped(now=now)
    row = PolicyPrior.objects.filter(policy=policy_id, version=version).first()
    if row is None:
        raise CantUse(f"there is no prior {version} of {policy_id}.")
    cls = type(policies.get(policy_id)) if policy_id in policies else None
    if cls is None or cls.version != row.policy_version:
        raise CantUse(f"{version} is of version {row.policy_version} of {policy_id}.")
    if live.read(cls, version, bytes(row.payload)) is None:
        raise CantUse(f"{version} can't be read.")
    with live.changing(now):
        PolicyPrior.objects.filter(policy=policy_id).exclude(pk=row.pk).update(
            current=False, pinned=False
        )
        row.current, row.pinned = True, pin
        row.save(update_fields=["current", "pinned"])
    return row


def unpin(policy_id: str, *, now: datetime) -> bool:
    """From the next night on estimates are put into use again. False if nothing was pinned."""
    with live.changing(now):
        return bool(PolicyPrior.objects.filter(policy=policy_id, pinned=True).update(pinned=False))


def moved(before: Prior, after: Prior) -> float:
    """How far the mean moved, in reward units: its Euclidean length."""
    return float(np.linalg.norm(after.mean - before.mean))


def _put(
    cls: type[Policy], prior: Prior, *, people: int, epsilon: float, run: PolicyRun, now: datetime
) -> None:
    pinned = PolicyPrior.objects.filter(policy=cls.id, pinned=True, current=True).exists()
    if not pinned:
        PolicyPrior.objects.filter(policy=cls.id, current=True).update(current=False)
    PolicyPrior.objects.update_or_create(
        policy=cls.id,
        version=prior.version,
        defaults={
            "policy_version": cls.version,
            "payload": prior.to_bytes(),
            "source": PolicyPrior.Source.ESTIMATED,
            "people": people,
            "epsilon": epsilon,
            "made_by": run,
            "current": not pinned,
            "created_at": now,
        },
    )


def _wait(cls: type[Policy], people: int, now: datetime) -> tuple[Verdict, str] | None:
    """Why there is no estimate tonight; None: it is time for one."""
    estimated = PolicyPrior.objects.filter(
        policy=cls.id, policy_version=cls.version, source=PolicyPrior.Source.ESTIMATED,
        created_at__lte=now,
    )  # fmt: skip
    last = estimated.order_by("-created_at").first()
    if last is None:
        return None
    if last.created_at > now - ONCE_IN:
        return Verdict.REFUSED, "Tonight's estimate is there already."
    before = last.people or 0
    if privacy.is_due(people, before=before, nights=(now - last.created_at).days):
        return None
    return Verdict.TOO_LITTLE, (
        f"{people} people take part, {before} did at the last estimate, "
        f"{last.created_at:%Y-%m-%d}: too little is new to spend their privacy on it."
    )


def _start(cls: type[Policy]) -> Prior:
    """What newcomers have now; the policy's own where it was given none."""
    fresh = cls.fresh(live.prior_in_use(cls))
    assert isinstance(fresh, RidgePolicy), "only a regression learns from a population"
    return fresh.prior


def _taking_part(cls: type[Policy]) -> "QuerySet[PolicyState]":
    return _states(cls).filter(user_id__in=preferences.who_said(HELP_SHARED_PRIOR, True))


def _states(cls: type[Policy]) -> "QuerySet[PolicyState]":
    """What can be learned from: of this version, and of people who ever reacted."""
    return PolicyState.objects.filter(policy=cls.id, version=cls.version, count__gt=0)
