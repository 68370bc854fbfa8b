"""From the ledger of rewards to what a policy knows: a projection, made again at will.

A state holds the ledger up to `through`. Learning folds what came after, in batches of many users:
each row exactly once, since the state and how far it has come are written together, under the
user's lock. Sums are exact, so that a correction leaves no trace of what it corrects.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby, islice
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F, QuerySet

from recommender import live
from recommender.bandit.envelope import StateError
from recommender.bandit.features import vectorise
from recommender.bandit.policies.base import Policy
from recommender.ledger import Line, alone_with, append
from recommender.models import PolicyState, Reward
from recommender.react import settle

log = logging.getLogger(__name__)

BATCH = 500

InForce = dict[tuple[int, UUID], float]
"""What a user's decisions count as being worth, as far as a fold has come."""


class Entry(NamedTuple):
    """A row of the ledger with the features of what was chosen; a reset has neither."""

    user_id: int
    position: int
    decision_id: UUID | None
    reward: float | None
    chosen: int | None
    features: Mapping[str, Any] | None


COLUMNS = (
    "user_id", "position", "decision_id", "reward", "decision__score__chosen",
    "decision__score__features",
)  # fmt: skip


def users_to_teach(*, limit: int, after: int = 0) -> list[int]:
    """Whose rewards wait to be learned: ids above `after`, in order."""
    waiting = Reward.objects.filter(folded_at=None, user_id__gt=after)
    return list(waiting.order_by("user_id").values_list("user_id", flat=True).distinct()[:limit])


def learn(user_id: int, *, now: datetime) -> int:
    """Folds what waits for one user into the states of every policy that serves anyone, so that
    who changes hands in an experiment is known there. Returns how many rewards waited.

    Of two workers, the second finds nothing left to fold.
    """
    return learn_all([user_id], now=now)


def learn_all(user_ids: Collection[int], *, now: datetime) -> int:
    """`learn` for many users at once, all or none."""
    if not Reward.objects.filter(user_id__in=user_ids).exists():
        return 0  # they never answered, or left while this job waited its turn
    with alone_with(user_ids) as here:
        # Asked under the lock, so that who comes after a change of policies, and has to wait, finds
        # nothing marked as learned that the policies before the change have learned alone.
        live.refresh()
        for cls in live.serving():
            _catch_up(cls, here, now)
        return Reward.objects.filter(user_id__in=here, folded_at=None).update(folded_at=now)


def project(cls: type[Policy], user_ids: Collection[int], *, now: datetime) -> int:
    """Brings any policy's states up to the ledger, be it one that serves nobody. Returns how many
    rewards were folded.
    """
    with alone_with(user_ids) as here:
        return _catch_up(cls, here, now)


def rebuild(user_id: int, *, now: datetime, cls: type[Policy] | None = None) -> bytes:
    """Makes a policy's state anew from the ledger alone. Returns the state.

    Without `cls`, of the policy that serves the user.
    """
    cls = cls or live.present(user_id, now=now).policy
    with alone_with([user_id]):
        _catch_up(cls, [user_id], now, anew=True)
        rows = PolicyState.objects.filter(user_id=user_id, policy=cls.id)
        return bytes(rows.values_list("state", flat=True).get())


def rebuild_all(cls: type[Policy], user_ids: Collection[int], *, now: datetime) -> int:
    """Makes a policy's states of many users anew. Returns how many came out otherwise than they
    would have by going on from what they were.
    """
    with alone_with(user_ids) as here:
        _catch_up(cls, here, now)
        rows = PolicyState.objects.filter(user_id__in=here, policy=cls.id)
        before = {user: bytes(state) for user, state in rows.values_list("user_id", "state")}
        _catch_up(cls, here, now, anew=True)
        after = rows.values_list("user_id", "state")
        return sum(before[user] != bytes(state) for user, state in after)


def reset(user_id: int, *, now: datetime) -> int:
    """Forgets what was learned about a user: they start from the prior, and no rebuild brings it
    back. The decisions stay. Returns rewards forgotten.
    """
    return reset_all([user_id], now=now)


def reset_all(user_ids: Collection[int], *, now: datetime) -> int:
    """`reset` for many users at once, all or none."""
    with alone_with(user_ids) as here:
        settle(now=now, only=here)  # what they said until now is forgotten too
        forgotten = 0
        rows = read(Reward.objects.filter(user_id__in=here), features=False)
        for _, entries in groupby(rows, key=lambda entry: entry.user_id):
            known: InForce = {}
            for entry in entries:
                _follow(known, entry)
            forgotten += len(known)
        append([Line(user_id, None, None, Reward.Why.RESET) for user_id in sorted(here)], now=now)
        Reward.objects.filter(user_id__in=here, folded_at=None).update(folded_at=now)
        PolicyState.objects.filter(user_id__in=here).delete()
    return forgotten


def fold(policy: Policy, entries: Sequence[Entry], known: InForce) -> Policy:
    """The policy after these rows of one user, in order; `known` is what was in force, and is after.

    Returns another policy after a reset.
    """
    if not entries:
        return policy
    return _fold({entries[0].user_id: policy}, entries, known)[entries[0].user_id]


def read(rows: "QuerySet[Reward]", *, features: bool = True) -> Iterator[Entry]:
    """The entries of rows, each user's in order. As plain tuples: model instances cost more than
    the folding.
    """
    ordered = rows.order_by("user_id", "position")
    if features:
        full = ordered.values_list(*COLUMNS).iterator(chunk_size=BATCH)
        return (Entry._make(row) for row in full)
    plain = ordered.values_list(*COLUMNS[:4]).iterator(chunk_size=BATCH)
    return (Entry._make((*row, None, None)) for row in plain)


def _catch_up(
    cls: type[Policy], user_ids: Collection[int], now: datetime, *, anew: bool = False
) -> int:
    """Folds what a policy's states of these users, who are locked, do not hold yet, or all of it."""
    policies, through, kept = {}, {}, set()
    states = PolicyState.objects.filter(user_id__in=user_ids, policy=cls.id)
    for row in states.none() if anew else states:
        if row.version != cls.version:
            continue  # of before an upgrade: made anew
        try:
            policies[row.user_id] = cls.load(bytes(row.state))
        except StateError:
            log.exception("%s is unreadable and is made anew", row)
            continue
        through[row.user_id] = row.through
        kept.add(row.user_id)
    lost = set(user_ids) - kept
    for user_id in lost:
        policies[user_id], through[user_id] = cls.fresh(), 0
    folded, changed = 0, set(lost)
    known: InForce = {}
    for entries in _waiting(cls, kept, lost):
        _recall(known, entries, kept, through)
        policies |= _fold(policies, entries, known)
        for entry in entries:
            through[entry.user_id] = entry.position
            changed.add(entry.user_id)
        folded += len(entries)
    PolicyState.objects.bulk_create(
        [
            PolicyState(
                user_id=user_id,
                policy=cls.id,
                version=cls.version,
                state=policies[user_id].state(),
                count=policies[user_id].count,
                through=through[user_id],
                updated_at=now,
            )
            for user_id in sorted(changed)
        ],
        update_conflicts=True,
        unique_fields=["user", "policy"],
        update_fields=["version", "state", "count", "through", "updated_at"],
        batch_size=500,
    )
    return folded


def _waiting(cls: type[Policy], kept: set[int], lost: set[int]) -> Iterator[list[Entry]]:
    """What these users' states of a policy lack, in batches."""
    lacking = Reward.objects.filter(
        user__policy_states__policy=cls.id, position__gt=F("user__policy_states__through")
    )
    for rows in (
        lacking.filter(user_id__in=kept) if kept else None,
        Reward.objects.filter(user_id__in=lost) if lost else None,
    ):
        if rows is None:
            continue
        entries = read(rows)
        while batch := list(islice(entries, BATCH)):
            yield batch


def _recall(
    known: InForce, entries: Sequence[Entry], kept: set[int], through: Mapping[int, int]
) -> None:
    """Adds to `known` what the states hold already of the decisions that these entries are about."""
    again = {e.decision_id for e in entries if e.user_id in kept and e.decision_id is not None}
    if not again:
        return
    before = Reward.objects.filter(decision_id__in=again)
    resets = Reward.objects.filter(user_id__in={e.user_id for e in entries} & kept, decision=None)
    first = {entry.user_id: entry.position for entry in reversed(entries)}
    held = [
        entry
        for entry in read(before, features=False)
        if entry.user_id in first and entry.position < first[entry.user_id]
    ]
    if not held:
        return
    held += [e for e in read(resets, features=False) if e.position < first[e.user_id]]
    for entry in sorted(held, key=lambda e: (e.user_id, e.position)):
        _follow(known, entry)


def _fold(
    policies: Mapping[int, Policy], entries: Sequence[Entry], known: InForce
) -> dict[int, Policy]:
    """Those of `policies`, by user, that these rows change; `known` follows."""
    after: dict[int, Policy] = {}
    any_one = next(iter(policies.values()))
    about = [entry for entry in entries if entry.decision_id is not None]
    vectors = iter(vectorise([_chosen(entry) for entry in about], any_one.feature_set))
    for entry in entries:
        policy = after.get(entry.user_id) or policies[entry.user_id]
        if entry.decision_id is None:
            policy = type(policy).fresh()
        else:
            x = next(vectors)
            held = known.get((entry.user_id, entry.decision_id))
            if held is not None and policy.learns:
                policy.unlearn(x, held)
            if entry.reward is not None and policy.learns:
                policy.learn(x, entry.reward)
        after[entry.user_id] = policy
        _follow(known, entry)
    return after


def _chosen(entry: Entry) -> dict[str, Any]:
    """The raw features of what the decision chose."""
    if not entry.features or entry.chosen is None:  # {} is what retention leaves
        raise LookupError(f"decision {entry.decision_id} has lost what it was made from")
    at = entry.chosen
    return {
        name: column[at] if isinstance(column, list) else column
        for name, column in entry.features.items()
    }


def _follow(known: InForce, entry: Entry) -> None:
    """What is in force after one more row."""
    if entry.decision_id is None:
        for key in [key for key in known if key[0] == entry.user_id]:
            del known[key]
    elif entry.reward is None:
        known.pop((entry.user_id, entry.decision_id), None)
    else:
        known[entry.user_id, entry.decision_id] = entry.reward


def teach(user_ids: Iterable[int], *, now: datetime) -> None:
    """`learn` for each of many users: together, or one by one where one of them stands in the way."""
    ids = list(user_ids)
    try:
        learn_all(ids, now=now)
    except Exception:
        if len(ids) == 1:
            # One person's fault must not keep the others untaught.
            log.exception("learning for user %s", ids[0])
            return
        for user_id in ids:
            teach([user_id], now=now)
