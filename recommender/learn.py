"""From settled rewards to what a policy knows: each folded exactly once, in an order that is kept.

The state is a projection of the feedback: `rebuild` folds the same rewards in the same order from
nothing and gets the same bits.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import models, transaction
from django.db.models import Max

from accounts.models import User
from recommender.bandit.envelope import StateError
from recommender.bandit.features import vectorise
from recommender.bandit.policies.base import Policy
from recommender.featurise import unpack
from recommender.models import Feedback, PolicyState
from recommender.registry import active

log = logging.getLogger(__name__)


def users_to_teach(*, limit: int, after: int = 0) -> list[int]:
    """Whose settled rewards wait to be learned: ids above `after`, in order."""
    waiting = Feedback.objects.filter(
        learned_order=None, forgotten_at=None, settled_at__isnull=False, user_id__gt=after
    )
    return list(waiting.order_by("user_id").values_list("user_id", flat=True).distinct()[:limit])


def learn(user_id: int, *, now: datetime) -> int:
    """Folds a user's unlearned rewards into the active policy's state. Returns how many.

    Of two workers, the second finds nothing left to fold.
    """
    if not Feedback.objects.filter(user_id=user_id).exists():
        return 0  # they never answered, or left while this job waited its turn
    cls = active()
    with _alone_with(user_id):
        row = _locked(cls, user_id, now)
        policy = _loaded(cls, row)
        mine = Feedback.objects.filter(user_id=user_id, forgotten_at=None)
        # Rewards that another policy learned while it was the active one come first.
        for feedback in _with_scores(
            mine.filter(learned_order__gt=row.through).order_by("learned_order")
        ):
            _fold(policy, feedback)
        highest = Feedback.objects.filter(user_id=user_id).aggregate(last=Max("learned_order"))
        row.through = highest["last"] or 0
        waiting = list(
            _with_scores(
                mine.filter(learned_order=None, reward__isnull=False).order_by(
                    "settled_at", "created_at", "pk"
                )
            )
        )
        for feedback in waiting:
            _fold(policy, feedback)
            row.through += 1
            feedback.learned_order = row.through
        Feedback.objects.bulk_update(waiting, ["learned_order"], batch_size=500)
        _keep(row, policy, now)
    return len(waiting)


def rebuild(user_id: int, *, now: datetime) -> bytes:
    """Makes the active policy's state anew from the feedback alone. Returns the state."""
    cls = active()
    with _alone_with(user_id):
        row = _locked(cls, user_id, now)
        policy = cls.fresh()
        row.through = 0
        learned = Feedback.objects.filter(
            user_id=user_id, learned_order__isnull=False, forgotten_at=None
        )
        for feedback in _with_scores(learned.order_by("learned_order")):
            _fold(policy, feedback)
            row.through = feedback.learned_order or 0
        _keep(row, policy, now)
    return policy.state()


def reset(user_id: int, *, now: datetime) -> int:
    """Forgets what was learned about a user: they start from the rule. Returns rewards forgotten.

    The decisions stay; a rebuild does not bring back what was forgotten.
    """
    with _alone_with(user_id):
        forgotten = Feedback.objects.filter(user_id=user_id, forgotten_at=None).update(
            forgotten_at=now
        )
        PolicyState.objects.filter(user_id=user_id).delete()
    return forgotten


@contextmanager
def _alone_with(user_id: int) -> Iterator[None]:
    """A transaction in which nobody else learns, rebuilds or resets for this user.

    The lock is on the user's row, since a newcomer has no other yet. It lets rows that refer to the
    user be written meanwhile.
    """
    with transaction.atomic():
        list(User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))
        yield


def _locked(cls: type[Policy], user_id: int, now: datetime) -> PolicyState:
    """The state's row; that of a newcomer, or of an older version, holds nothing yet."""
    fresh = {
        "version": cls.version,
        "state": cls.fresh().state(),
        "count": 0,
        "through": 0,
        "updated_at": now,
    }
    row, _ = PolicyState.objects.get_or_create(user_id=user_id, policy=cls.id, defaults=fresh)
    if row.version != cls.version:
        for name, value in fresh.items():
            setattr(row, name, value)
    return row


def _loaded(cls: type[Policy], row: PolicyState) -> Policy:
    """What the row holds; a state that can't be read is made anew from the feedback."""
    try:
        return cls.load(bytes(row.state))
    except StateError:
        log.exception("the state of %s is unreadable and is rebuilt", row)
        row.through = 0
        return cls.fresh()


def _with_scores(rows: "models.QuerySet[Feedback]") -> Iterator[Feedback]:
    return rows.select_related("decision__score").iterator(chunk_size=200)


def _fold(policy: Policy, feedback: Feedback) -> None:
    if not policy.learns or feedback.reward is None:
        return
    score = feedback.decision.score
    chosen = unpack(score.features, len(score.candidates))[score.chosen]
    policy.learn(vectorise([chosen], policy.feature_set)[0], feedback.reward)


def _keep(row: PolicyState, policy: Policy, now: datetime) -> None:
    row.state, row.version, row.count = policy.state(), policy.version, policy.count
    row.updated_at = now
    row.save(update_fields=["state", "version", "count", "through", "updated_at"])
