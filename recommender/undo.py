"""Taking a reaction back: the policy then knows, bit for bit, what it would know without it."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings

from agents.jobs import refresh_user
from agents.models import Candidate
from integrations.commands import withdraw_completion
from integrations.models import Task
from oo.lib.jobs import wake_soon
from recommender.bandit.reward import Reaction
from recommender.ledger import alone_with, correct_in, worth
from recommender.models import Decision, Feedback
from recommender.react import NoSuchTip, rests_until


class TooLate(Exception):
    """The user's few minutes to undo a reaction are over."""


def undo(
    tip_id: uuid.UUID, *, user_id: int | None = None, now: datetime, even_late: bool = False
) -> str:
    """Takes back the reaction to a tip, of `user_id` if given. Returns a sentence for the user.

    What was learned from it is unlearned, the candidate may be chosen again, and the tip is shown
    again where it still holds. A task that its source was told to complete stays completed there.
    Raises NoSuchTip when there is no such reaction, TooLate after UNDO_MINUTES unless `even_late`.
    """
    mine = Feedback.objects.filter(pk=tip_id)
    if user_id is not None:
        mine = mine.filter(user=user_id)
    owner = mine.values_list("user_id", flat=True).first()
    if owner is None:
        raise NoSuchTip
    with alone_with([owner]):
        # The lock first: of two who undo, the second finds nothing.
        feedback = mine.select_related("decision__candidate").first()
        if feedback is None:
            raise NoSuchTip
        if not even_late and now - feedback.created_at > timedelta(minutes=settings.UNDO_MINUTES):
            raise TooLate
        decision = feedback.decision
        before = worth(owner, decision.pk, before=feedback)
        correct_in(owner, decision.pk, before, now=now)
        feedback.delete()
        reopened = _let_be(decision, feedback, now)
        _show_again(decision, before is not None, now)
    wake_soon(refresh_user, owner, seconds=0)
    if reopened:
        return "Taken back."
    return "Taken back here. It is done in your list already: open it again there."


def _let_be(decision: Decision, feedback: Feedback, now: datetime) -> bool:
    """The candidate as it was before the reaction. False when its task stays completed."""
    candidate = decision.candidate
    if candidate is None:
        return True
    completed = feedback.reaction == Reaction.DONE and candidate.task_id is not None
    if completed and candidate.task and candidate.task.closed_at is not None:
        return withdraw_completion(candidate.task_id or 0, now=now)
    same = Candidate.objects.filter(pk=candidate.pk)
    if candidate.task_id is not None:
        same = Candidate.objects.filter(task_id=candidate.task_id)
    until = rests_until(candidate, Reaction(feedback.reaction), feedback.created_at)
    same.filter(resting_until=until).update(resting_until=None)
    return True


def _show_again(decision: Decision, counted: bool, now: datetime) -> None:
    """Opens the decision again, in place of the one that came after it; or it stays run out.
    `counted`: it was learned from before there was a reaction.
    """
    closed = Decision.objects.filter(pk=decision.pk, status=Decision.Status.ANSWERED)
    about = decision.candidate
    gone = about is None or Task.objects.filter(candidates=about, closed_at__isnull=False).exists()
    if decision.kind != Decision.SILENCE and gone:
        closed.update(status=Decision.Status.UNTRUE)
    elif decision.expires_at <= now:
        kept = counted and decision.kind == Decision.SILENCE
        closed.update(status=Decision.Status.KEPT if kept else Decision.Status.EXPIRED)
    else:
        opened = Decision.objects.filter(user=decision.user_id, status=Decision.Status.OPEN)
        opened.update(status=Decision.Status.EXPIRED, closed_at=now)
        closed.update(status=Decision.Status.OPEN, closed_at=None)
