"""What turns out after the fact: a task that was tipped is completed in its source itself."""

from datetime import datetime, timedelta

from agents.models import Candidate
from integrations.models import Task
from recommender.bandit.reward import Reaction, reward
from recommender.ledger import alone_with, correct, counts_late, worth
from recommender.models import Decision, Feedback
from recommender.react import settle

# A task completed later than this after its tip was shown was hardly completed because of it.
BECAUSE_OF_IT = timedelta(days=1)


def completed_elsewhere(task_id: int, *, at: datetime | None = None, now: datetime) -> bool:
    """The last tip about a task before it was completed counts as done after all, where it was not
    answered, or was put off, or was a reminder that somebody only had heard of.

    Its worth is that of a task done after the time from its showing to the completion, however late
    we learn of that; who had heard of a reminder is not worth less for having done it. False where
    there is no such tip. Without `at` the task says when it was.
    """
    at = _completed_at(task_id, at, now)
    if at is None:
        return False
    shown = Decision.objects.filter(
        candidate__task=task_id, created_at__gt=at - BECAUSE_OF_IT, created_at__lte=at
    )
    newest = shown.order_by("-created_at").values("pk", "user_id", "kind", "created_at").first()
    if newest is None:
        return False
    tip, user = newest["pk"], newest["user_id"]
    worth_now = reward(Reaction.DONE, (at - newest["created_at"]).total_seconds())
    with alone_with([user]):
        # Whoever answers it at this moment comes before, and counts, or after, and is told so.
        list(Decision.objects.select_for_update(no_key=True).filter(pk=tip).values_list("pk"))
        said = Feedback.objects.filter(pk=tip).values_list("reaction", flat=True).first()
        heard = newest["kind"] == Candidate.Kind.REMINDER and said == Feedback.Reaction.DONE
        if said not in (None, Feedback.Reaction.SNOOZE) and not heard:
            return False
        # What was said is entered first, or it would come after what turned out, and stand.
        settle(now=now, only=[user])
        known = worth(user, tip)
        if known is not None and known >= worth_now and (heard or counts_late(user, tip)):
            return False  # one that recurs was completed more than once since
        return correct(tip, worth_now, now=now)


def close_completed(task_id: int, *, at: datetime | None = None, now: datetime) -> bool:
    """Takes back the open tip about an occurrence that is done, of a task that stays open."""
    at = _completed_at(task_id, at, now)
    if at is None:
        return False
    opened = Decision.objects.filter(
        candidate__task=task_id, status=Decision.Status.OPEN, created_at__lte=at
    )
    return bool(opened.update(status=Decision.Status.UNTRUE, closed_at=now))


def _completed_at(task_id: int, at: datetime | None, now: datetime) -> datetime | None:
    """When a task, or its last occurrence, was completed in its source."""
    if at is not None:
        return min(at, now)
    task = Task.objects.filter(pk=task_id).values("closed_at", "closed_as", "done_at").first()
    if task is None:
        return None
    closed_at = task["closed_at"] if task["closed_as"] == Task.Closed.DONE else None
    at = closed_at or task["done_at"]
    return min(at, now) if at is not None else None
