"""A reaction: the first one counts, is written with its consequences, and settles into a reward."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import User
from agents.models import Candidate
from agents.pool import rest
from integrations.commands import request_completion
from oo.events.catalogue import RewardSettled, TipFeedback
from oo.events.publish import publish
from oo.lib.prune import prune
from recommender.bandit.reward import Reaction, reward
from recommender.models import Decision, Feedback

# An advice followed today is not news tomorrow.
ADVICE_RESTS = timedelta(days=3)
# An answer that comes later than this after a tip ran out is learned from and does nothing else: the
# task may have come round again since.
STILL_MEANT = timedelta(days=1)


class NoSuchTip(Exception):
    """There is no such tip, or it is someone else's."""


@dataclass(frozen=True)
class Answer:
    """What became of a reaction: `first` is the one that counts, and `says` is for the user."""

    counted: bool
    first: str
    says: str


def react(
    user: User,
    tip_id: uuid.UUID,
    reaction: str,
    *,
    dwell_ms: int | None,
    now: datetime,
) -> Answer:
    """Takes the user's reaction: done, snooze or dismiss. Of two devices the first counts, and
    saying it again changes nothing. Raises NoSuchTip, and ValueError for another word.

    `dwell_ms` is how long the tip was visible, and None when the device can't tell: then the time
    since it was chosen stands for it, which is also the most that is believed.
    """
    reaction = Reaction(reaction)
    decision = (
        Decision.objects.filter(pk=tip_id, user=user).select_related("candidate__task").first()
    )
    if decision is None:
        raise NoSuchTip
    with transaction.atomic():
        # A tip that ran out may still be answered: the phone was offline, the reaction is real.
        answerable = (Decision.Status.OPEN, Decision.Status.EXPIRED)
        if not Decision.objects.filter(pk=tip_id, status__in=answerable).update(
            status=Decision.Status.ANSWERED, closed_at=now
        ):
            return _already(tip_id, reaction)
        elapsed_ms = max(0, int((now - decision.created_at).total_seconds() * 1000))
        dwell_ms = elapsed_ms if dwell_ms is None else min(dwell_ms, elapsed_ms)
        Feedback.objects.create(
            decision=decision, user=user, reaction=reaction, dwell_ms=dwell_ms, created_at=now
        )
        if decision.candidate is not None and now - decision.expires_at < STILL_MEANT:
            _follow(decision.candidate, reaction, now)
        publish(
            TipFeedback(
                user_id=user.pk,
                decision_id=str(tip_id),
                reaction=reaction.value,
                dwell_ms=dwell_ms,
            ),
            now=now,
        )
    return Answer(True, reaction, _SAID[reaction])


_SAID = {"done": "Done.", "snooze": "Later, then.", "dismiss": "Gone."}


def _already(tip_id: uuid.UUID, reaction: str) -> Answer:
    feedback = Feedback.objects.filter(decision_id=tip_id).first()
    if feedback is None:
        return Answer(False, "", "This one settled itself meanwhile.")
    if feedback.reaction == reaction:
        return Answer(False, feedback.reaction, _SAID[reaction])
    return Answer(
        False, feedback.reaction, f"You already said “{feedback.reaction}” on another device."
    )


def _follow(candidate: Candidate, reaction: Reaction, now: datetime) -> None:
    """What the reaction does to the candidate, and to the task it is about."""
    if reaction == Reaction.SNOOZE:
        until = now + timedelta(minutes=settings.SNOOZE_MINUTES)
    elif reaction == Reaction.DISMISS:
        until = now + timedelta(days=settings.DISMISS_DAYS)
    elif candidate.task_id is not None and request_completion(candidate.task_id, now=now):
        return
    elif candidate.kind == Candidate.Kind.ADVICE:
        until = now + ADVICE_RESTS
    else:
        until = candidate.expires_at
    rest(candidate, until=until)


def settle(*, now: datetime, limit: int = 200) -> int:
    """Fixes the worth of reactions that have none yet, each once. Returns how many it looked at."""
    waiting = Feedback.objects.filter(reward=None).order_by("created_at")[:limit]
    count = 0
    for feedback in waiting:
        count += 1
        worth = reward(Reaction(feedback.reaction), feedback.dwell_ms / 1000)
        with transaction.atomic():
            if Feedback.objects.filter(pk=feedback.pk, reward=None).update(
                reward=worth, settled_at=now
            ):
                publish(
                    RewardSettled(
                        user_id=feedback.user_id,
                        decision_id=str(feedback.decision_id),
                        reward=worth,
                    ),
                    now=now,
                )
    return count


def close_untrue(user_id: int, *, now: datetime) -> int:
    """Takes back the open tip when its task is closed or its candidate gone. Returns how many."""
    opened = Decision.objects.filter(user_id=user_id, status=Decision.Status.OPEN)
    gone = opened.filter(candidate=None) | opened.filter(candidate__task__closed_at__isnull=False)
    return Decision.objects.filter(pk__in=gone.values("pk"), status=Decision.Status.OPEN).update(
        status=Decision.Status.UNTRUE, closed_at=now
    )


def prune_unanswered(*, now: datetime, older_than: timedelta) -> int:
    """Deletes decisions that nobody answered, with their scores. Returns how many rows went."""
    closed = (Decision.Status.EXPIRED, Decision.Status.UNTRUE)
    old = Decision.objects.filter(
        status__in=closed, created_at__lt=now - older_than, feedback__isnull=True
    )
    return prune(old)


def expire(*, now: datetime) -> int:
    """Closes open tips whose time has run out. Returns how many."""
    return Decision.objects.filter(status=Decision.Status.OPEN, expires_at__lte=now).update(
        status=Decision.Status.EXPIRED, closed_at=now
    )
