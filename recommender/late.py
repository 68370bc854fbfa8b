"""What turns out after the fact: a task that was tipped is completed in its source itself."""

from datetime import datetime, timedelta

from recommender.bandit.reward import Reaction, reward
from recommender.ledger import correct
from recommender.models import Decision, Feedback

# A task completed later than this after its tip was shown was hardly completed because of it.
BECAUSE_OF_IT = timedelta(days=1)


def completed_elsewhere(task_id: int, *, now: datetime) -> bool:
    """The last tip about a task counts as done after all, where it was not answered, or was put off.

    Its worth is that of done after the time since it was shown. False where there is no such tip.
    """
    shown = Decision.objects.filter(
        candidate__task=task_id, created_at__gt=now - BECAUSE_OF_IT, created_at__lte=now
    )
    newest = shown.order_by("-created_at").values("pk", "created_at", "feedback__reaction").first()
    if newest is None or newest["feedback__reaction"] not in (None, Feedback.Reaction.SNOOZE):
        return False
    seconds = (now - newest["created_at"]).total_seconds()
    return correct(newest["pk"], reward(Reaction.DONE, seconds), now=now)
