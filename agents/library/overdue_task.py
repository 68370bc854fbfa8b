"""Which open tasks have slipped past their day, and by how much."""

from datetime import datetime, timedelta
from statistics import median

from agents.library.base import Agent, Inputs, Manifest, Param, Snippet, TaskFact, is_overdue

MOST = 20


class OverdueTask(Agent):
    manifest = Manifest(
        id="overdue-task",
        version="1",
        says="Tasks whose day has passed, the longest and most urgent first.",
        listens=("signals.task.synced", "signals.task.completed"),
        ttl=timedelta(hours=6),
        needs=("todoist", "todotxt", "webhook"),
        params=(
            Param(
                "lateness_tolerance_days",
                default=3,
                min_history=20,
                meaning="How late something may be before it counts as let go.",
            ),
        ),
    )

    def compute(self, inputs: Inputs) -> Snippet | None:
        late = [task for task in inputs.tasks if is_overdue(task, inputs.now)]
        if not late:
            return None
        late.sort(key=lambda task: (-task.priority, -lateness_days(task, inputs.now), task.id))
        days = [lateness_days(task, inputs.now) for task in late]
        return Snippet(
            text=f"{len(late)} of {len(inputs.tasks)} open tasks are past their day, "
            f"typically by {median(days):.0f} days.",
            facts={
                "overdue": len(late),
                "open": len(inputs.tasks),
                "median_days": median(days),
                "task_ids": [task.id for task in late[:MOST]],
            },
        )


def lateness_days(task: TaskFact, now: datetime) -> int:
    """Whole days since the due day in the user's zone; 0 on the day itself."""
    day = task.due_at.astimezone(now.tzinfo).date() if task.due_at else task.due_on
    return max(0, (now.date() - day).days) if day else 0
