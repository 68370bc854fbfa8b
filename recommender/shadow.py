"""Shadow policies: they decide, unseen, what the live one decided, knowing what could be known then.

Off the request path, from the stored decision alone. A shadow's state is its own, folded from the
same ledger of rewards as far as the decision's `through`: so every row it leaves can be made again.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from oo.lib.claim import claim
from recommender import live
from recommender.bandit.arrays import Floats
from recommender.bandit.choose import seeded
from recommender.bandit.features import vectorise_columns
from recommender.bandit.policies.base import Policy
from recommender.bandit.ridge import RidgePolicy
from recommender.ledger import alone_with
from recommender.models import Decision, PolicyShadow, Score, ShadowScore
from recommender.registry import policies
from recommender.shadow_states import Learner, advance, keep_states, learners_of, ledgers_of

log = logging.getLogger(__name__)

BATCH = 500  # decisions
SECONDS = 60.0  # a sweep begins no new batch after this
LEASE = timedelta(minutes=10)
# A decision's row may be committed a while after the time that stands in it.
SLACK = timedelta(minutes=10)
# A shadow that still can't decide something after this long goes on without it.
GIVE_UP = timedelta(days=1)


class Seen(NamedTuple):
    """A decision as a shadow sees it."""

    decision_id: UUID
    decided_at: datetime
    user_id: int
    through: int
    chosen: int
    candidates: list[str | None]
    features: dict[str, Any]
    propensities: list[float]
    seed: int


COLUMNS = (
    "decision_id", "decision__created_at", "user_id", "through", "chosen", "candidates",
    "features", "propensities", "seed",
)  # fmt: skip


def appoint(*, now: datetime) -> None:
    """Has the policies that SHADOW_POLICIES names run as shadows, and no longer those it named."""
    named = [id_ for id_ in dict.fromkeys(settings.SHADOW_POLICIES) if id_ in policies]
    for policy_id in named:
        start(policy_id, source=PolicyShadow.Source.SETTING, now=now)
    PolicyShadow.objects.filter(source=PolicyShadow.Source.SETTING, running=True).exclude(
        policy__in=named
    ).update(running=False)


def start(policy_id: str, *, source: str = "operator", now: datetime) -> bool:
    """Has a policy decide as a shadow from now on. False if it does so already.

    Raises KeyError for a policy that is not installed.
    """
    policies.get(policy_id)
    row, new = PolicyShadow.objects.get_or_create(
        policy=policy_id, defaults={"source": source, "begins": now, "swept_to": now}
    )
    if new:
        return True
    # After a pause it begins anew: what was decided meanwhile is not its own to decide.
    again = PolicyShadow.objects.filter(pk=row.pk, running=False)
    return bool(again.update(running=True, source=source, begins=now, swept_to=now, error=""))


def stop(policy_id: str) -> bool:
    """False if it did not run. What it left stays."""
    return bool(PolicyShadow.objects.filter(policy=policy_id, running=True).update(running=False))


def sweep(*, now: datetime, limit: int = BATCH) -> int:
    """Has every shadow decide what it has not decided yet. Returns how many it was.

    Of two workers each takes other shadows. A shadow whose policy fails tells so in its row.
    """
    appoint(now=now)
    live.refresh()
    began, count = time.monotonic(), 0
    running = PolicyShadow.objects.filter(running=True, policy__in=policies.ids())
    for shadow in claim(running.order_by("swept_to"), now=now, lease=LEASE, limit=100):
        try:
            while time.monotonic() - began < SECONDS:
                done = _sweep(shadow, now, limit)
                count += done
                if done < limit:
                    break
        except Exception as trouble:
            log.exception("shadow %s", shadow.policy)
            says = f"{type(trouble).__name__}: {trouble}"[:200]
            PolicyShadow.objects.filter(pk=shadow.pk).update(error=says)
        finally:
            PolicyShadow.objects.filter(pk=shadow.pk, claim_token=shadow.claim_token).update(
                claim_token=None, claimed_until=None
            )
    return count


def _sweep(shadow: PolicyShadow, now: datetime, limit: int) -> int:
    cls = type(policies.get(shadow.policy))
    shadow.begins = min(shadow.begins, now)
    if shadow.swept_to > now:  # a clock was ahead: what was decided since has not been seen
        shadow.swept_to = max(shadow.begins, now - GIVE_UP)
    seen = [Seen._make(row) for row in _unseen(shadow).values_list(*COLUMNS)[:limit]]
    done, learners, error = _decide_all(cls, seen)
    kept = _keep(done, learners, {one.decision_id: one.user_id for one in seen}, now)
    swept_to = now - SLACK
    if error:  # what failed is looked at again, but not for ever
        swept_to = max(shadow.swept_to, now - GIVE_UP)
    elif len(seen) == limit:
        swept_to = seen[-1].decided_at
    shadow.swept_to = max(shadow.swept_to, swept_to)
    if error or done:  # what it failed at stands there until it has decided something again
        shadow.error = error[:200]
    shadow.save(update_fields=["begins", "swept_to", "error"])
    return 0 if error else kept


def _unseen(shadow: PolicyShadow) -> "QuerySet[Score]":
    """Decisions that the shadow has no row for yet, the oldest first."""
    has = ShadowScore.objects.filter(decision=OuterRef("decision_id"), policy=shadow.policy)
    # The slack lies before what has been swept as well: it says what may still have been unseen.
    since = max(shadow.begins, shadow.swept_to)
    rows = Score.objects.filter(decision__created_at__gte=since, pruned_at=None)
    return rows.exclude(Exists(has)).order_by("decision__created_at", "pk")


def _decide_all(
    cls: type[Policy], seen: Sequence[Seen]
) -> tuple[list[ShadowScore], dict[int, Learner], str]:
    """The rows of a batch, what each user's shadow knows after it, and what went wrong with some."""
    prior = live.prior_in_use(cls)
    done: list[ShadowScore] = []
    error = ""
    order = sorted(seen, key=lambda one: (one.user_id, one.through, one.decided_at))
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for one in order:
        first.setdefault(one.user_id, one.through)
        last[one.user_id] = one.through
    learners = learners_of(cls, prior, first)
    ledgers = ledgers_of(last, learners)
    for user_id, mine in groupby(order, key=lambda one: one.user_id):
        try:
            learner, entries = learners[user_id], ledgers.get(user_id, [])
            for one in mine:
                advance(learner, entries, one.through)
                done.append(_decide(learner.policy, one))
        except Exception as trouble:
            log.exception("shadow %s on decisions of user %s", cls.id, user_id)
            error = f"{type(trouble).__name__}: {trouble}"
            del learners[user_id]
    return done, learners, error


def _decide(policy: Policy, one: Seen) -> ShadowScore:
    actions = offered(policy, one.features, len(one.candidates), one.candidates[-1] is None)
    pmf = policy.pmf(actions, seeded(one.seed))
    looks = policy.expected(actions) if isinstance(policy, RidgePolicy) else policy.scores(actions)
    return ShadowScore(
        decision_id=one.decision_id,
        policy=policy.id,
        policy_version=policy.version,
        prior_version=policy.prior_version,
        state_count=policy.count,
        pmf=pmf.tolist(),
        agreement=float(pmf[one.chosen]) if one.chosen < len(pmf) else 0.0,
        same_best=int(np.argmax(pmf)) == int(np.argmax(one.propensities)),
        expected=float(pmf @ looks),
        decided_at=one.decided_at,
    )


def offered(
    policy: Policy | type[Policy], features: dict[str, Any], count: int, silent: bool
) -> Floats:
    """The actions of a stored decision as this policy would be offered them: X (n, d).

    A policy that knows nothing of silence, which is the last, is not offered it.
    """
    X = vectorise_columns(features, count, policy.feature_set)
    return X[:-1] if silent and not policy.feature_set.silence else X


def _keep(
    done: Sequence[ShadowScore],
    learners: dict[int, Learner],
    whose: dict[UUID, int],
    now: datetime,
) -> int:
    """Writes what shadows decided and what they know, of everyone who did not leave meanwhile.
    Returns how many decisions that were.
    """
    with alone_with(set(whose.values())):
        there = set(Decision.objects.filter(pk__in=whose).values_list("pk", flat=True))
        still = [one for one in done if one.decision_id in there]
        ShadowScore.objects.bulk_create(still, ignore_conflicts=True, batch_size=200)
        here = {whose[decision_id] for decision_id in there}
        keep_states({key: one for key, one in learners.items() if key in here}, now=now)
    return len(still)
