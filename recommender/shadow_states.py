"""What shadow policies know of people: as far as a decision needs it, and kept between sweeps."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from recommender.bandit.envelope import StateError
from recommender.bandit.policies.base import Policy
from recommender.bandit.prior import Prior
from recommender.learn import Entry, InForce, fold, read
from recommender.models import PolicyState, Reward

log = logging.getLogger(__name__)


@dataclass
class Learner:
    """A shadow of one user, as far as it has come in their ledger."""

    policy: Policy
    prior: Prior | None
    through: int
    known: InForce


def learners_of(
    cls: type[Policy], prior: Prior | None, first: Mapping[int, int]
) -> dict[int, Learner]:
    """Each user's shadow as it was kept; from nothing where it came further than `first` says."""
    found = {user_id: Learner(cls.fresh(prior), prior, 0, {}) for user_id in first}
    rows = PolicyState.objects.filter(user_id__in=first, policy=cls.id, version=cls.version)
    for row in rows:
        if row.through <= first[row.user_id]:
            try:
                policy = cls.load(bytes(row.state), prior)
            except StateError:
                log.exception("%s is unreadable and is made anew", row)
                continue
            found[row.user_id] = Learner(policy, prior, row.through, {})
    return found


def ledgers_of(last: Mapping[int, int], learners: Mapping[int, Learner]) -> dict[int, list[Entry]]:
    """Every user's rows up to `last` that their shadow may need, also those that it holds, since
    later rows may correct them.
    """
    behind = [user_id for user_id, learner in learners.items() if learner.through < last[user_id]]
    found: dict[int, list[Entry]] = {}
    for entry in read(Reward.objects.filter(user_id__in=behind)):
        if entry.position <= last[entry.user_id]:
            found.setdefault(entry.user_id, []).append(entry)
    return found


def advance(learner: Learner, entries: Sequence[Entry], through: int) -> None:
    """Folds the ledger up to `through` into a shadow."""
    if through <= learner.through:
        return
    if not learner.known:
        learner.known = _in_force(entries, learner.through)
    due = [entry for entry in entries if learner.through < entry.position <= through]
    folded = fold(learner.policy, due, learner.known)
    # A reset in the ledger makes a policy of nothing, without the prior.
    learner.policy = type(folded).load(folded.state(), learner.prior)
    learner.through = through


def _in_force(entries: Sequence[Entry], through: int) -> InForce:
    """What the ledger's first `through` rows say that decisions are worth."""
    known: InForce = {}
    for entry in entries:
        if entry.position > through:
            break
        if entry.decision_id is None:
            known.clear()
        elif entry.reward is None:
            known.pop((entry.user_id, entry.decision_id), None)
        else:
            known[entry.user_id, entry.decision_id] = entry.reward
    return known


def keep_states(learners: Mapping[int, Learner], *, now: datetime) -> None:
    """Writes states, unless somebody brought one further meanwhile. Inside `alone_with`."""
    if not learners:
        return
    cls = type(next(iter(learners.values())).policy)
    rows = PolicyState.objects.filter(user_id__in=learners, policy=cls.id, version=cls.version)
    held = dict(rows.values_list("user_id", "through"))
    PolicyState.objects.bulk_create(
        [
            PolicyState(
                user_id=user_id,
                policy=cls.id,
                version=cls.version,
                state=one.policy.state(),
                count=one.policy.count,
                through=one.through,
                updated_at=now,
            )
            for user_id, one in sorted(learners.items())
            if one.through > held.get(user_id, -1)
        ],
        update_conflicts=True,
        unique_fields=["user", "policy"],
        update_fields=["version", "state", "count", "through", "updated_at"],
        batch_size=200,
    )
