"""Population priors: what newcomers start from. Shipped with oO, or estimated from those who agreed.

A prior is put under a person's sums when they are loaded, so a new one changes no state. Every
version stays, since decisions refer to it.
"""

import logging
import math
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
from recommender.bandit.envelope import StateError
from recommender.bandit.policies.base import Policy
from recommender.bandit.population import epsilon_of, noise_on_mean, rho_of
from recommender.bandit.prior import Prior
from recommender.bandit.priors import shipped
from recommender.bandit.ridge import RidgePolicy
from recommender.models import PolicyPrior, PolicyRun, PolicyState
from recommender.registry import policies
from recommender.runs import record

log = logging.getLogger(__name__)

BATCH = 500  # states held at once
ONCE_IN = timedelta(hours=20)
# The rule's largest weight is 0.6: a prior that noise moves further than this is no better than none.
MOST_NOISE = 0.25

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
    """Estimates the prior of every policy that learns from a population. Returns the runs."""
    keep_shipped(now=now)
    live.refresh()
    learners = [type(policy) for policy in policies if policy.has_population]
    return [estimate(cls, now=now, rng=rng) for cls in learners]


def estimate(
    cls: type[Policy], *, now: datetime, rng: np.random.Generator, again: bool = False
) -> PolicyRun:
    """Estimates a policy's prior from the states of those who take part, and puts it into use.

    With fewer than PRIOR_PEOPLE of them, or so few that the noise which hides each of them would
    drown what they taught, what is in use stays. So does a prior that an operator
    pinned; the estimate is then kept beside it. `rng` makes the noise: nobody else may know it. A
    policy that can't learn from people without giving them away is refused. So is a second estimate
    in one night, which would spend their privacy twice, unless `again`.
    """
    began = time.perf_counter()
    people, states = _taking_part(cls).count(), 0
    epsilon = settings.PRIOR_EPSILON
    numbers: dict[str, Any] = {"people": people, "epsilon": epsilon, **spent(cls)}

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

    if not again and _lately(cls, now):
        return kept(Verdict.REFUSED, "Tonight's estimate is there already.")
    start = _start(cls)
    drowned = noise_on_mean(people, start.mean.size, epsilon)
    numbers["noise_on_mean"] = drowned
    if drowned > MOST_NOISE:
        needed = math.ceil(people * drowned / MOST_NOISE)
        says = (
            f"{people} people take part; at ε = {epsilon:g} about {needed} are needed, "
            "or noise drowns them."
        )
        return kept(Verdict.TOO_LITTLE, says)
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
        if not again and _lately(cls, now):  # another worker was quicker; this one shows nothing
            numbers = {"people": people}
            return kept(Verdict.REFUSED, "Tonight's estimate is there already.")
        numbers |= spent(cls, more=epsilon)
        run = kept(
            Verdict.PASSED,
            f"{prior.version}, from {states} people at ε = {epsilon:g}; "
            f"the mean moved by {numbers['moved']:.3f}.",
        )
        _put(cls, prior, people=states, epsilon=epsilon, run=run, now=now)
    return run


def spent(cls: type[Policy], more: float = 0.0) -> dict[str, float]:
    """The privacy spent by all estimates so far, and `more`, of someone who took part in all of
    them: the ε of their composition at the stated δ. It adds up in rho, not in ε.
    """
    each = PolicyPrior.objects.filter(policy=cls.id).values_list("epsilon", flat=True)
    budgets = [epsilon for epsilon in (*each, more) if epsilon]
    rho = sum(rho_of(epsilon) for epsilon in budgets)
    return {"estimates": len(budgets), "epsilon_spent": epsilon_of(rho)}


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


def _lately(cls: type[Policy], now: datetime) -> bool:
    estimated = PolicyPrior.objects.filter(
        policy=cls.id, policy_version=cls.version, source=PolicyPrior.Source.ESTIMATED
    )
    return estimated.filter(created_at__gt=now - ONCE_IN).exists()


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
