"""Which open tasks have slipped past their day, and by how much.

Facts: `overdue` and `open`, how many; `median_days` past their day; `task_ids`, the most urgent and
then the longest first; `tolerance_days`, the preference lateness_tolerance_days; `let_go_ids`, those
of them past their day by more than that and not recurring; `soft_ids`, those of them in a list where
dates have given way in the past (the preference project_realness below one half).
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from agents.inference import values, words
from agents.inference.statistics import at_least, nearest_rank, quantile_within
from agents.library.base import (
    Agent,
    History,
    Inferred,
    Inputs,
    Manifest,
    Param,
    Snippet,
    TaskFact,
    is_overdue,
)

MOST = 20
MIN_HISTORY = 20
MIN_IN_PROJECT = 5
SOFT = 0.5
MOST_DAYS = 365


def lateness(history: History) -> list[tuple[str, int]]:
    """The list of each thing finished that had a day, and how many days after it; before it is below 0.

    Not of recurring ones: theirs moves on by itself.
    """
    return [
        (done.project, (done.at.astimezone(history.zone).date() - done.due_on).days)
        for done in history.done
        if done.due_on is not None and not done.recurring
    ]


def finished_late(history: History) -> int:
    return sum(days > 0 for _, days in lateness(history))


def finished_with_a_day(history: History) -> int:
    return sum(bool(project) for project, _ in lateness(history))


def infer_tolerance(history: History) -> Inferred | None:
    days = [days for _, days in lateness(history) if days > 0]
    half = int(nearest_rank(days, 0.5))
    if half > MOST_DAYS:
        return None
    room = max(1, half / 4)
    evidence = {
        "done": len(days),
        "within": sum(day <= half for day in days),
        "since": _first(history),
    }
    sure = quantile_within(days, 0.5, half - room, half + room)
    return Inferred(half, sure, evidence)


def infer_realness(history: History) -> Inferred | None:
    """Each list's median lateness against that of everything: 1 is as real as elsewhere, or more."""
    found = [(project, max(0, days)) for project, days in lateness(history) if project]
    by_project: dict[str, list[int]] = defaultdict(list)
    for project, days in found:
        by_project[project].append(days)
    enough = {p: days for p, days in by_project.items() if len(days) >= MIN_IN_PROJECT}
    if len(enough) < 2:
        return None
    overall = median([days for _, days in found])
    largest = sorted(enough, key=lambda project: (-len(enough[project]), project))
    kept = largest[: values.MOST_SHARES]
    # One day is added to both, or a list that is always on time could be compared with none.
    real = {
        project: min(1.0, round((1 + overall) / (1 + median(enough[project])), 2))
        for project in kept
    }
    evidence = {
        "lists": len(kept),
        "slower": sum(median(enough[project]) > overall for project in kept),
        "sooner": sum(median(enough[project]) < overall for project in kept),
        "overall_days": overall,
        "done": len(found),
        "since": _first(history),
    }
    return Inferred(real, min(_side(enough[p], overall) for p in kept), evidence)


def _side(days: list[int], overall: float) -> float:
    """How sure it is that the list's median lies where it was found: the sign test (Conover, 1999)."""
    middle = median(days)
    if middle > overall:
        hits = sum(day > overall for day in days)
    elif middle < overall:
        hits = sum(day < overall for day in days)
    else:
        hits = sum(day <= overall for day in days)
    return 1 - at_least(hits, len(days), 0.5)


def _first(history: History) -> str:
    return history.done[0].at.astimezone(history.zone).date().isoformat()


def say_tolerance(value: Any, evidence: Mapping[str, Any]) -> str:
    if not value:
        return "A date of yours holds to the day."
    days = words.some(value, "day", "days")
    if not evidence:
        return f"A date of yours has some room: about {days}."
    return (
        "A date of yours has some room: of what you finish after its day,"
        f" at least half is finished within {days} of it."
    )


def say_realness(value: Any, evidence: Mapping[str, Any]) -> str:
    if not value or not evidence:
        return "In some of your lists dates may matter more than in others."
    slower, lists = evidence["slower"], evidence["lists"]
    if slower:
        return (
            f"In {slower} of {lists} lists, dates have more room:"
            " things there are typically finished longer after their day than overall."
        )
    if sooner := evidence.get("sooner"):
        return (
            f"In {sooner} of {lists} lists, dates hold closer:"
            " things there are typically finished fewer days after theirs than overall."
        )
    if sooner is None:  # inferred before these were counted
        return (
            f"In none of {lists} lists are things typically finished longer after their day than"
            " overall."
        )
    return (
        f"Dates hold alike in all of {lists} lists:"
        " things in none are typically finished longer after their day than overall."
    )


class OverdueTask(Agent):
    manifest = Manifest(
        id="overdue-task",
        version="3",
        says="Tasks whose day has passed, the longest and most urgent first.",
        listens=("signals.task.synced", "signals.task.completed"),
        ttl=timedelta(hours=6),
        needs=("todoist", "todotxt", "webhook"),
        params=(
            Param(
                "lateness_tolerance_days",
                default=3,
                min_history=MIN_HISTORY,
                meaning="How late something may be before it counts as let go.",
                accepts=values.whole(0, MOST_DAYS, of="a number of days"),
                hint=values.whole(0, MOST_DAYS, of="a number of days").hint,
                infer=infer_tolerance,
                says=say_tolerance,
                amount=finished_late,
            ),
            Param(
                "project_realness",
                default={},
                min_history=MIN_HISTORY,
                meaning="How much a date means in each list: 1 as much as elsewhere, less where it moves.",
                accepts=values.shares(),
                hint=values.shares().hint,
                infer=infer_realness,
                says=say_realness,
                amount=finished_with_a_day,
            ),
        ),
    )

    def compute(self, inputs: Inputs) -> Snippet | None:
        late = [task for task in inputs.tasks if is_overdue(task, inputs.now)]
        if not late:
            return None
        late.sort(key=lambda task: (-task.priority, -lateness_days(task, inputs.now), task.id))
        days = [lateness_days(task, inputs.now) for task in late]
        tolerance = inputs.preferences.get("lateness_tolerance_days", 3)
        real = inputs.preferences.get("project_realness") or {}
        return Snippet(
            text=_text(len(late), len(inputs.tasks), median(days)),
            facts={
                "overdue": len(late),
                "open": len(inputs.tasks),
                "median_days": median(days),
                "task_ids": [task.id for task in late[:MOST]],
                "tolerance_days": tolerance,
                "let_go_ids": [
                    task.id
                    for task in late
                    if not task.recurring and lateness_days(task, inputs.now) > tolerance
                ][:MOST],
                "soft_ids": [task.id for task in late if real.get(task.project, 1) < SOFT][:MOST],
            },
        )


def _text(late: int, tasks: int, days: float) -> str:
    be = "is" if late == 1 else "are"
    said = f"{late} of {words.some(tasks, 'open task', 'open tasks')} {be} past the day or time set"
    if not days:
        return f"{said}."
    past = f"{words.number(days)} {'day' if days == 1 else 'days'}"
    return f"{said}, by {past}." if late == 1 else f"{said}, at least half by {past} or more."


def lateness_days(task: TaskFact, now: datetime) -> int:
    """Whole days since the due day in the user's zone; 0 on the day itself."""
    day = task.due_at.astimezone(now.tzinfo).date() if task.due_at else task.due_on
    return max(0, (now.date() - day).days) if day else 0
