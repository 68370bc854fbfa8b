"""What turns out after the fact: a task that was tipped is completed in its source itself."""

from datetime import datetime, timedelta

from integrations.models import Task
from recommender.bandit.reward import Reaction, reward
from recommender.ledger import correct
from recommender.models import Decision, Feedback

# A task completed later than this after its tip was shown was hardly completed because of it.
BECAUSE_OF_IT = timedelta(days=1)


def completed_elsewhere(task_id: int, *, now: datetime) -> bool:
    """The last tip about a task before it was completed counts as done after all, where it was not
    answered, or was put off.

    Its worth is that of done after the time from its showing to the completion, however late we
    learn of that. False where there is no such tip.
    """
    at = _completed_at(task_id, now)
    if at is None:
        return False
    shown = Decision.objects.filter(
        candidate__task=task_id, created_at__gt=at - BECAUSE_OF_IT, created_at__lte=at
    )
    newest = shown.order_by("-created_at").values("pk", "created_at", "feedback__reaction").first()
    if newest is None or newest["feedback__reaction"] not in (None, Feedback.Reaction.SNOOZE):
        return False
    seconds = (at - newest["created_at"]).total_seconds()
    return correct(newest["pk"], reward(Reaction.DONE, seconds), now=now)


def close_completed(task_id: int, *, now: datetime) -> bool:
    """Takes back the open tip about an occurrence that is done, of a task that stays open."""
    at = _completed_at(task_id, now)
    if at is None:
        return False
    opened = Decision.objects.filter(
        candidate__task=task_id, status=Decision.Status.OPEN, created_at__lte=at
    )
    return bool(opened.update(status=Decision.Status.UNTRUE, closed_at=now))


def _completed_at(task_id: int, now: datetime) -> datetime | None:
    """When a task, or its last occurrence, was completed in its source."""
    task = Task.objects.filter(pk=task_id).values("closed_at", "closed_as", "done_at").first()
    if task is None:
        return None
    closed_at = task["closed_at"] if task["closed_as"] == Task.Closed.DONE else None
    at: datetime | None = closed_at or task["done_at"]
    return min(at, now) if at is not None else None
