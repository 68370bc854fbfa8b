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
from recommender.bandit.reward import SILENCE_KEPT, Reaction, reward
from recommender.ledger import Line, alone_with, append
from recommender.models import Decision, Feedback, Reward, Score

# An advice followed today is not news tomorrow.
ADVICE_RESTS = timedelta(days=3)
# An answer that comes later than this after a tip ran out is learned from and does nothing else: the
# task may have come round again since.
STILL_MEANT = timedelta(days=1)
PRUNED_AT_ONCE = 1_000
SETTLED = Reward.Why.SETTLED


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
    """Takes the user's reaction: done, snooze or dismiss, and to silence: show. Of two devices the
    first counts, and saying it again changes nothing. Raises NoSuchTip, and ValueError for another
    word.

    `dwell_ms` is how long the tip was visible, and None when the device can't tell: then the time
    since it was chosen stands for it, which is also the most that is believed.
    """
    reaction = Reaction(reaction)
    decision = (
        Decision.objects.filter(pk=tip_id, user=user).select_related("candidate__task").first()
    )
    if decision is None:
        raise NoSuchTip
    silent = decision.kind == Decision.SILENCE
    if silent != (reaction is Reaction.SHOW):
        raise ValueError(f"{reaction.value} is no answer to {decision.kind}")
    with transaction.atomic():
        # A tip that ran out may still be answered: the phone was offline, the reaction is real.
        answerable = (Decision.Status.OPEN, Decision.Status.EXPIRED, Decision.Status.KEPT)
        # Nothing could be learned from what retention has emptied.
        if not Decision.objects.filter(
            pk=tip_id, status__in=answerable, score__pruned_at=None
        ).update(status=Decision.Status.ANSWERED, closed_at=now):
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


_SAID = {"done": "Done.", "snooze": "Later, then.", "dismiss": "Gone.", "show": "Here is one."}


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
    task = candidate.task_id
    done = reaction == Reaction.DONE and task is not None
    if not (done and request_completion(task or 0, now=now)):
        rest(candidate, until=rests_until(candidate, reaction, now))


def rests_until(candidate: Candidate, reaction: Reaction, said: datetime) -> datetime:
    """Until when a candidate rests that was answered at `said`."""
    if reaction == Reaction.SNOOZE:
        return said + timedelta(minutes=settings.SNOOZE_MINUTES)
    if reaction == Reaction.DISMISS:
        return said + timedelta(days=settings.DISMISS_DAYS)
    return said + ADVICE_RESTS if candidate.kind == Candidate.Kind.ADVICE else candidate.expires_at


def settle(*, now: datetime, limit: int = 200, only: int | None = None) -> int:
    """Fixes the worth of reactions that have none yet, and of silences that ran out, and enters it
    in the ledger: each once. Returns how many it looked at. `only` is the id of one user.
    """
    said = Feedback.objects.filter(reward=None)
    silent = Decision.objects.filter(kind=Decision.SILENCE, status=Decision.Status.EXPIRED)
    if only is not None:
        said, silent = said.filter(user=only), silent.filter(user=only)
        limit = said.count() + silent.count()
    feedback = dict(said.order_by("created_at").values_list("pk", "user_id")[:limit])
    kept = dict(silent.order_by("created_at").values_list("pk", "user_id")[: limit - len(feedback)])
    if not feedback and not kept:
        return 0
    with alone_with({*feedback.values(), *kept.values()}):
        worth = {
            one.pk: one
            for one in Feedback.objects.filter(pk__in=feedback, reward=None).order_by("created_at")
        }
        for one in worth.values():
            one.reward = reward(Reaction(one.reaction), one.dwell_ms / 1000)
            one.settled_at = now
        Feedback.objects.bulk_update(worth.values(), ["reward", "settled_at"], batch_size=500)
        # Whoever broke the silence meanwhile has answered it.
        still = set(silent.filter(pk__in=kept).select_for_update().values_list("pk", flat=True))
        Decision.objects.filter(pk__in=still).update(status=Decision.Status.KEPT)
        lines = [Line(one.user_id, one.pk, one.reward, SETTLED) for one in worth.values()]
        lines += [Line(user, pk, SILENCE_KEPT, SETTLED) for pk, user in kept.items() if pk in still]
        append(lines, now=now)
        publish(
            *(
                RewardSettled(
                    user_id=line.user_id,
                    decision_id=str(line.decision_id),
                    reward=line.reward or 0.0,
                )
                for line in lines
            ),
            now=now,
        )
    return len(feedback) + len(kept)


def close_untrue(user_id: int, *, now: datetime) -> int:
    """Takes back the open tip when its task is closed or its candidate gone. Returns how many."""
    opened = Decision.objects.filter(user_id=user_id, status=Decision.Status.OPEN)
    gone = opened.filter(candidate=None) | opened.filter(candidate__task__closed_at__isnull=False)
    return Decision.objects.filter(pk__in=gone.values("pk"), status=Decision.Status.OPEN).update(
        status=Decision.Status.UNTRUE, closed_at=now
    )


def prune_unanswered(*, now: datetime, older_than: timedelta) -> int:
    """Empties decisions that nobody answered and nothing was learned from. Returns how many.

    What was to choose from goes, and what was known of it. Their links in the chain of decisions
    stay, so that what came before and after can still be verified.
    """
    closed = (Decision.Status.EXPIRED, Decision.Status.UNTRUE)
    old = Score.objects.filter(
        decision__status__in=closed,
        decision__created_at__lt=now - older_than,
        decision__feedback__isnull=True,
        decision__rewards__isnull=True,
        pruned_at=None,
    )
    total = 0
    while ids := list(old.values_list("pk", flat=True)[:PRUNED_AT_ONCE]):
        with transaction.atomic():
            total += Score.objects.filter(pk__in=ids).update(
                pruned_at=now, candidates=[], features={}, scores=[], propensities=[], written={}
            )
            Decision.objects.filter(pk__in=ids).update(candidate=None)
    return total


def expire(*, now: datetime) -> int:
    """Closes open tips whose time has run out. Returns how many."""
    return Decision.objects.filter(status=Decision.Status.OPEN, expires_at__lte=now).update(
        status=Decision.Status.EXPIRED, closed_at=now
    )
