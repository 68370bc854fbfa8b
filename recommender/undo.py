"""Taking a reaction back: the policy then knows, bit for bit, what it would know without it."""

import logging
import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError

from agents.jobs import refresh_user
from agents.models import Candidate
from integrations.commands import (
    completion_asked,
    postponement,
    withdraw_completion,
    withdraw_postponement,
)
from integrations.models import Task
from oo.lib.jobs import wake_soon
from recommender.bandit.reward import Reaction
from recommender.ledger import alone_with, correct_in, counts_late, worth
from recommender.models import Decision, Feedback
from recommender.react import NoSuchTip, begins, rests_as_done, rests_until

log = logging.getLogger(__name__)

TRIES = 3


class TooLate(Exception):
    """The user's few minutes to undo a reaction are over."""


def undo(
    tip_id: uuid.UUID, *, user_id: int | None = None, now: datetime, even_late: bool = False
) -> str:
    """Takes back the reaction to a tip, of `user_id` if given. Returns a sentence for the user.

    What was learned from it is unlearned, the candidate may be chosen again, and the tip is shown
    again where it still holds. A task that its source was told to complete is opened again there,
    where that can be.
    Raises NoSuchTip when there is no such reaction, TooLate after UNDO_MINUTES unless `even_late`.
    """
    for _ in range(TRIES - 1):
        try:
            return _undo(tip_id, user_id, now=now, even_late=even_late)
        except IntegrityError:
            # They looked meanwhile, and were given a tip in the place that this one comes back to.
            log.info("undo of %s: another device was quicker, once more", tip_id)
    return _undo(tip_id, user_id, now=now, even_late=even_late)


def _undo(tip_id: uuid.UUID, user_id: int | None, *, now: datetime, even_late: bool) -> str:
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
        but = _let_be(decision, feedback, now)
        _show_again(decision, before is not None, now)
    wake_soon(refresh_user, owner, seconds=0)
    return f"Taken back here. {but}" if but else "Taken back."


def _let_be(decision: Decision, feedback: Feedback, now: datetime) -> str:
    """The candidate as it was before the reaction. Says what could not be taken back, if anything."""
    candidate = decision.candidate
    if candidate is None:
        return ""
    completed = feedback.reaction == Reaction.DONE and candidate.task_id is not None
    if completed and candidate.kind != Candidate.Kind.TASK:
        # Only heard of; unless it was said that it is done already.
        completed = completion_asked(candidate.task_id or 0, asked=feedback.created_at)
    if completed and candidate.task and candidate.task.closed_at is not None:
        if withdraw_completion(candidate.task_id or 0, now=now):
            return ""
        return "It is done in your list already: open it again there."
    same = Candidate.objects.filter(pk=candidate.pk)
    if candidate.task_id is not None:
        same = Candidate.objects.filter(task_id=candidate.task_id)
    until = rests_until(candidate, Reaction(feedback.reaction), feedback.created_at)
    ends = {until}
    if feedback.reaction == Reaction.DONE and candidate.task_id is not None:
        ends.add(rests_as_done(candidate.task_id, until))
    but = ""
    day = postponement(candidate.task_id or 0, asked=feedback.created_at)
    if day is not None:
        ends = {begins(day, feedback.user)}
        if not withdraw_postponement(candidate.task_id or 0, now=now):
            but = "In your list it has moved to tomorrow: move it back there."
    same.filter(resting_until__in=ends).update(resting_until=None)
    return but


def _show_again(decision: Decision, counted: bool, now: datetime) -> None:
    """Opens the decision again, in place of the one that came after it; or it stays run out, or is
    untrue by now. `counted`: it was learned from before there was a reaction.
    """
    closed = Decision.objects.filter(pk=decision.pk, status=Decision.Status.ANSWERED)
    about = decision.candidate
    gone = about is None or Task.objects.filter(candidates=about, closed_at__isnull=False).exists()
    # Of a task that comes round again this occurrence may be done, though the task is open.
    gone = gone or counts_late(decision.user_id, decision.pk)
    if decision.kind != Decision.SILENCE and gone:
        closed.update(status=Decision.Status.UNTRUE)
    elif decision.expires_at <= now:
        kept = counted and decision.kind == Decision.SILENCE
        closed.update(status=Decision.Status.KEPT if kept else Decision.Status.EXPIRED)
    else:
        # Nobody left it unanswered: nothing may be learned, or counted, from its end.
        opened = Decision.objects.filter(user=decision.user_id, status=Decision.Status.OPEN)
        opened.update(status=Decision.Status.UNTRUE, closed_at=now)
        closed.update(status=Decision.Status.OPEN, closed_at=None)
