"""The ledger of rewards: what is appended to it, under one lock for each user.

Whoever appends holds the user's lock, so the positions of one user commit in their order, and a
state that has come as far as a position has missed nothing before it.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models import User
from oo.lib.jobs import wake_soon
from recommender.bandit.arrays import checked_reward
from recommender.jobs import LEARN_SECONDS, learn_user
from recommender.models import Decision, Feedback, Reward


class Line(NamedTuple):
    """A row to append. No decision: it begins anew. No reward: what was learned is taken back.

    `at` is the time that the row tells of, if it isn't now.
    """

    user_id: int
    decision_id: UUID | None
    reward: float | None
    why: str
    at: datetime | None = None


@contextmanager
def alone_with(user_ids: Collection[int]) -> Iterator[set[int]]:
    """A transaction in which nobody else appends, learns, rebuilds or resets for these users.

    Gives those who still exist. The lock is on the user's row, since a newcomer has no other yet.
    It lets rows that refer to the user be written meanwhile, and is taken in one order by everyone.
    """
    with transaction.atomic():
        rows = User.objects.select_for_update(no_key=True).filter(pk__in=user_ids).order_by("pk")
        yield set(rows.values_list("pk", flat=True))


def append(lines: Sequence[Line], *, now: datetime) -> None:
    """Writes lines down, in order, each at the next position of its user. Inside `alone_with`."""
    last = dict(
        User.objects.filter(pk__in={line.user_id for line in lines}).values_list(
            "pk", Subquery(_newest().values("position")[:1])
        )
    )
    rows = []
    for line in lines:
        last[line.user_id] = position = (last[line.user_id] or 0) + 1
        rows.append(
            Reward(
                user_id=line.user_id,
                position=position,
                decision_id=line.decision_id,
                reward=line.reward,
                why=line.why,
                at=line.at or now,
            )
        )
    Reward.objects.bulk_create(rows, batch_size=500)


def _newest() -> QuerySet[Reward]:
    return Reward.objects.filter(user=OuterRef("pk")).order_by("-position")


def worth(user_id: int, decision_id: UUID, *, before: Feedback | None = None) -> float | None:
    """What a decision counts as being worth, None when nothing was learned, it was taken back, or a
    reset forgot it. With `before`: what it would count as, had that reaction to it never been.
    """
    rows = Reward.objects.filter(user_id=user_id, decision_id=decision_id)
    rows = rows.filter(position__gt=_beginning(user_id))
    rows = rows.order_by("-position")
    if before is not None and before.settled_at is not None:
        # Its own row is left out; what corrects it came from elsewhere, and stands.
        own = rows.filter(why=Reward.Why.SETTLED, at=before.settled_at).first()
        rows = rows.exclude(pk=own.pk) if own is not None else rows
    return rows.values_list("reward", flat=True).first()


def counts_late(user_id: int, decision_id: UUID) -> bool:
    """Whether what a decision counts as being worth is what turned out later, not what was said."""
    rows = Reward.objects.filter(user_id=user_id, decision_id=decision_id)
    rows = rows.filter(position__gt=_beginning(user_id)).order_by("-position")
    return rows.values_list("why", flat=True).first() == Reward.Why.LATE


def _beginning(user_id: int) -> int:
    """The position of the row from which on a user's rewards count, 0 when all do."""
    rows = Reward.objects.filter(user_id=user_id, decision=None).order_by("-position")
    return rows.values_list("position", flat=True).first() or 0


def last_reset(user_id: int) -> tuple[int, datetime | None]:
    """Position and time of a user's last reset, (0, None) without one."""
    rows = Reward.objects.filter(user_id=user_id, why=Reward.Why.RESET).order_by("-position")
    return rows.values_list("position", "at").first() or (0, None)


def correct(decision_id: UUID, reward: float, *, why: str = Reward.Why.LATE, now: datetime) -> bool:
    """A decision turns out to be worth `reward`, within [-1, 1], whatever was learned before.

    The policy then knows, bit for bit, what it would know had this been learned instead. False, and
    nothing happens, when that is what was learned already, or a reset forgot the decision and nothing
    was learned of it since, or retention emptied it. Raises ValueError for another number.
    """
    checked_reward(reward)
    user_id = Decision.objects.filter(pk=decision_id).values_list("user_id", flat=True).first()
    if user_id is None:
        return False
    with alone_with([user_id]):
        # The lock first: retention holds it too while it empties.
        known = Decision.objects.filter(pk=decision_id, score__pruned_at=None)
        made = known.values_list("created_at", flat=True).first()
        if made is None or _is_forgotten(user_id, decision_id, made):
            return False
        return correct_in(user_id, decision_id, reward, why=why, now=now)


def _is_forgotten(user_id: int, decision_id: UUID, made: datetime) -> bool:
    """Whether a reset forgot a decision. One that was answered after it is known again."""
    position, at = last_reset(user_id)
    if at is None or made > at:
        return False
    since = Reward.objects.filter(user_id=user_id, decision_id=decision_id, position__gt=position)
    return not since.exists()


def correct_in(
    user_id: int,
    decision_id: UUID,
    reward: float | None,
    *,
    why: str = Reward.Why.LATE,
    now: datetime,
) -> bool:
    """Has a decision count as `reward`, or as nothing. Inside `alone_with`. False when it does."""
    if worth(user_id, decision_id) == reward:
        return False
    why = Reward.Why.UNDONE if reward is None else why
    append([Line(user_id, decision_id, reward, why)], now=now)
    wake_soon(learn_user, user_id, seconds=LEARN_SECONDS)
    return True
