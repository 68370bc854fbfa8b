"""Which policy chooses for a user now, from which prior, and in which arm of an experiment.

The answer follows from the *orders*: one row that every change of deployment, experiment or prior
rewrites in its own transaction. Every process keeps the orders it last saw. The request path puts
`columns` into the query it makes anyway: the database then says which orders are in force, and
spells them out only to who does not know them. So a change is in force for the next request of every
process, at no query more, save one where the policy of the asking user changed: their state was
read for the one before.

    seen = live(user.pk, now=now)
    seat = query(policy=seen.policy.id, **columns(stamp()))
    true = live(user.pk, seat, now=now)
    if true.policy is not seen.policy: ask for the seat again

Without a row the policy is ACTIVE_POLICY, as it is where the ordered one is not installed any more.
"""

import base64
import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Subquery

from oo.lib.jobs import wake
from recommender.bandit.envelope import StateError
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior
from recommender.bandit.priors import shipped
from recommender.evaluation.experiment import Assignment, Experiment, assign
from recommender.jobs import catch_up_states
from recommender.models import Orders, PolicyDeployment, PolicyExperiment, PolicyPrior
from recommender.registry import policies

log = logging.getLogger(__name__)

STAMP, SAYS = "orders_stamp", "orders_says"


@dataclass(frozen=True, slots=True)
class Live:
    """Who decides for one user. `prior` None: the policy's own. Outside of experiments, "" and ""."""

    policy: type[Policy]
    prior: Prior | None
    experiment: str = ""
    arm: str = ""

    def load(self, state: bytes | None) -> Policy:
        """The policy with what it learned about the user, None for a newcomer. Raises StateError."""
        if state:
            return self.policy.load(bytes(state), self.prior)
        return self.policy.fresh(self.prior)


@dataclass(frozen=True)
class Known:
    """The orders as a process keeps them: parsed once, never changed. `arms` are policies' ids."""

    stamp: str = ""
    policy: str = ""
    experiment: Experiment | None = None
    arms: tuple[str, ...] = ()
    shares: Mapping[str, Sequence[float]] = field(default_factory=dict)
    priors: Mapping[str, Prior] = field(default_factory=dict)


_known = Known()


def columns(known: Any) -> dict[str, Any]:
    """Annotations for the request path's query on the user; its row goes to `live`.

    SAYS is null when the orders in force are those `known`: a `stamp()`, or a placeholder for it.
    """
    row = Orders.objects.filter(pk=1)
    return {
        STAMP: Subquery(row.values("stamp")),
        SAYS: Subquery(row.exclude(stamp=known).values("says")),
    }


def stamp() -> str:
    """Names the orders that this process last saw, "" for none."""
    return _known.stamp


def live(user_id: int, seat: Mapping[str, Any] | None = None, *, now: datetime) -> Live:
    """Who decides for a user: by the orders this process last saw, or by those `seat` told of.

    No query, but for one where another thread changed what is known between `stamp` and now.
    """
    known = _known if seat is None else _heard(seat)
    experiment, arm, wanted = "", "", known.policy
    if known.experiment is not None:
        given = arm_of(known.experiment, user_id, known.shares, now)
        experiment, arm, wanted = known.experiment.name, given.arm, known.arms[given.index]
    cls = installed(wanted)
    return Live(cls, prior_in_use(cls, known), experiment, arm)


def present(user_id: int, *, now: datetime) -> Live:
    """Who decides for a user, by the orders in force: one query. For work off the request path."""
    refresh()
    return live(user_id, now=now)


def arm_of(
    experiment: Experiment, user_id: int, shares: Mapping[str, Sequence[float]], now: datetime
) -> Assignment:
    """The arm of a user at a moment. In bandit mode arms are drawn anew each day (UTC)."""
    if not experiment.bandit:
        return assign(experiment, str(user_id))
    day = now.astimezone(UTC).date().isoformat()
    return assign(experiment, str(user_id), shares=shares_on(experiment, shares, day), day=day)


def shares_on(
    experiment: Experiment, shares: Mapping[str, Sequence[float]], day: str
) -> Sequence[float]:
    """The shares of traffic of a day, from those kept by the day they began on.

    They are only ever set for days to come, so what held on a day can be told at any time after.
    """
    begun = [known for known in shares if known <= day]
    return shares[max(begun)] if begun else experiment.split


def refresh() -> None:
    """Learns the orders in force, with one query. When a process starts, and before a batch."""
    row = Orders.objects.filter(pk=1).values("stamp", "says").first()
    _heard({STAMP: row and row["stamp"], SAYS: row and row["says"]})


def standing() -> type[Policy]:
    """The policy that serves everyone who is in no experiment, as this process last saw it."""
    return installed(_known.policy)


def serving() -> list[type[Policy]]:
    """Every policy that chooses for someone, as this process last saw it; the standing one first."""
    found = [standing(), *(installed(policy) for policy in _known.arms)]
    return list(dict.fromkeys(found))


def prior_in_use(cls: type[Policy], known: Known | None = None) -> Prior | None:
    """The prior that newcomers of this policy start from, as this process last saw it.

    None: the policy's own, as it is without a prior.
    """
    return (known or _known).priors.get(cls.id) or standard_prior(cls)


def standard_prior(cls: type[Policy]) -> Prior | None:
    """The prior shipped with oO as this policy's standard, None where there is none.

    Read when the process first asks, which `warm` sees to; kept from then on.
    """
    if cls.label() not in _standard:
        fitting = (
            one for one in shipped(cls.id) if one.standard and one.policy_version == cls.version
        )
        first = next(fitting, None)
        _standard[cls.label()] = read(cls, first.version, first.payload) if first else None
    return _standard[cls.label()]


def warm() -> None:
    """What a server does before its first request, so that no user waits for it.

    It may be about to fork, so it leaves no connection open that it opened. Without a database, as
    while one is being made, it is left to the requests.
    """
    for policy in policies:
        standard_prior(type(policy))
    was_open = connection.connection is not None
    try:
        refresh()
    except Exception as error:
        log.warning("the orders can't be read yet: %s", error)
    if not was_open:
        connection.close()


def read(cls: type[Policy], version: str, payload: bytes) -> Prior | None:
    """A prior from its bytes, None (and said in the log) when they are not one of this policy."""
    try:
        prior = cls.prior_type.from_bytes(bytes(payload), version)
        cls.fresh(prior)  # raises for a prior of another width
    except (StateError, ValueError):
        log.exception("prior %s of %s can't be used", version, cls.id)
        return None
    return prior


@contextmanager
def changing(now: datetime) -> Iterator[None]:
    """A transaction in which deployments, experiments or priors change, and the orders with them.

    One at a time: whoever comes second waits, and sees what the first did. Once it is in force, what
    policies that serve by it know of people is brought up to the ledger.
    """
    with transaction.atomic():
        Orders.objects.get_or_create(pk=1, defaults={"stamp": "", "says": "", "updated_at": now})
        before = Orders.objects.select_for_update().get(pk=1)
        yield
        orders, old = _present(), json.loads(before.says or "{}")
        number = old.pop("number", 0)
        if orders == old:
            return
        # Numbered, so that no stamp comes back when what was ordered before is ordered again.
        says = json.dumps({"number": number + 1, **orders}, sort_keys=True)
        stamp = hashlib.sha256(says.encode()).hexdigest()[:32]
        Orders.objects.filter(pk=1).update(stamp=stamp, says=says, updated_at=now)
        wake(catch_up_states)


def _present() -> dict[str, Any]:
    """What follows from deployments, experiments and priors, as JSON gives it back."""
    deployed = PolicyDeployment.objects.filter(ended_at=None).first()
    running = PolicyExperiment.objects.filter(started_at__isnull=False, stopped_at=None).first()
    priors = {
        row.policy: [row.version, row.policy_version, base64.b64encode(row.payload).decode()]
        for row in PolicyPrior.objects.filter(current=True)
    }
    return {
        "policy": deployed.policy if deployed else "",
        "experiment": running.described() if running else None,
        "priors": priors,
    }


def _heard(seat: Mapping[str, Any]) -> Known:
    """Takes in what the database said of the orders, if that is news."""
    global _known
    known = _known
    name = seat[STAMP] or ""
    if name != known.stamp:
        says = seat[SAYS]
        if name and not says:
            # Another thread knew other orders when the query was asked. They may have changed once
            # more since, so it is those in force now that count.
            row = Orders.objects.filter(pk=1).values("stamp", "says").first()
            name, says = (row["stamp"], row["says"]) if row else ("", "")
        known = _parsed(name, says) if says else Known()
        _known = known
    return known


def _parsed(stamp: str, says: str) -> Known:
    orders = json.loads(says)
    priors: dict[str, Prior] = {}
    for policy_id, (version, policy_version, payload) in orders["priors"].items():
        if policy_id not in policies or policies.get(policy_id).version != policy_version:
            continue  # of before an upgrade, or after a downgrade
        prior = read(type(policies.get(policy_id)), version, base64.b64decode(payload))
        if prior is not None:
            priors[policy_id] = prior
    told = orders["experiment"]
    if told is None:
        return Known(stamp, orders["policy"], priors=priors)
    experiment = Experiment(
        told["name"],
        tuple(arm["name"] for arm in told["arms"]),
        tuple(arm["share"] for arm in told["arms"]),
        bandit=told["bandit"],
    )
    arms = tuple(arm["policy"] for arm in told["arms"])
    return Known(stamp, orders["policy"], experiment, arms, told["shares"], priors)


def installed(policy_id: str) -> type[Policy]:
    """The policy that serves where this one is ordered."""
    if policy_id and policy_id in policies:
        return type(policies.get(policy_id))
    if policy_id:
        log.error("policy %s is ordered, but not installed here", policy_id)
    return type(policies.get(settings.ACTIVE_POLICY))


_standard: dict[str, Prior | None] = {}
