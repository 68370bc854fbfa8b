"""Which lists the user works on most, and which open tasks are about one thing.

Facts: `areas`, the preference preferred_areas; `area_task_ids`, the open tasks in them, and `in_areas`,
how many; `open`, how many there are in all; `groups`, how many open tasks each cluster of three or
more has, the largest five; `group` and `group_task_ids`, the largest of them.
Ids are opaque: no snippet names a list.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agents.inference import values, words
from agents.inference.statistics import ahead
from agents.library.base import (
    Agent,
    DoneFact,
    History,
    Inferred,
    Inputs,
    Manifest,
    Param,
    Snippet,
)

MIN_HISTORY = 20
DAYS = 90  # a list that was busy last winter says little of now
AREAS = 2
MIN_GROUP = 3
MOST_GROUPS = 5
MOST_TASKS = 20


def in_lists(history: History) -> list[DoneFact]:
    """What was finished lately in a list that we know."""
    first = history.now.astimezone(history.zone).date() - timedelta(days=DAYS - 1)
    return [
        done
        for done in history.done
        if done.project and done.at.astimezone(history.zone).date() >= first
    ]


def finished_in_lists(history: History) -> int:
    return len(in_lists(history))


def infer_areas(history: History) -> Inferred | None:
    """The two lists in which most was finished lately; only one where the second is one of several."""
    done = in_lists(history)
    ranked = sorted(Counter(one.project for one in done).items(), key=lambda i: (-i[1], i[0]))
    for many in range(min(AREAS, len(ranked)), 0, -1):
        last, following = ranked[many - 1][1], ranked[many][1] if len(ranked) > many else 0
        if last > following:
            break
    else:
        return None
    areas = [project for project, _ in ranked[:many]]
    evidence = {
        "done": len(done),
        "in_areas": sum(count for _, count in ranked[:many]),
        "lists": len(ranked),
        "since": done[0].at.astimezone(history.zone).date().isoformat(),
    }
    return Inferred(areas, ahead(last, following), evidence)


def say_areas(value: Any, evidence: Mapping[str, Any]) -> str:
    """Most is said only of more than half."""
    # No list is named: what it is called is the user's own word, and not read. Of a list we have an opaque
    # id, or a hash; not even the snapshot has a name that could be put in.
    if not value:
        return "No list of yours stands out."
    which, others = ("one", "any other") if len(value) == 1 else ("two", "any of the others")
    if not evidence:
        return f"You are at work on {which} of your lists above all."
    inside, done = evidence["in_areas"], evidence["done"]
    said = f"You finish more in {which} of your lists than in {others}"
    if inside * 2 > done:
        said = f"You finish most in {which} of your lists"
    return f"{said}: {inside} of {done} things since {words.day(evidence['since'])}."


class FocusArea(Agent):
    manifest = Manifest(
        id="focus-area",
        version="1",
        says="The lists worked on most, and the open tasks that are about one thing.",
        listens=("signals.task.synced", "signals.task.completed"),
        ttl=timedelta(hours=12),
        grain="day",
        needs=("todoist", "todotxt", "webhook"),
        params=(
            Param(
                "preferred_areas",
                default=[],
                min_history=MIN_HISTORY,
                meaning="The lists in which more gets done than in others.",
                accepts=values.names(AREAS),
                hint=values.names(AREAS).hint,
                infer=infer_areas,
                says=say_areas,
                amount=finished_in_lists,
            ),
        ),
    )

    def compute(self, inputs: Inputs) -> Snippet | None:
        areas = list(inputs.preferences.get("preferred_areas") or ())
        in_areas = [task.id for task in inputs.tasks if task.project and task.project in areas]
        alike = Counter(task.cluster for task in inputs.tasks if task.cluster)
        ranked = sorted(alike.items(), key=lambda item: (-item[1], item[0]))
        groups = {name: count for name, count in ranked[:MOST_GROUPS] if count >= MIN_GROUP}
        if not in_areas and not groups:
            return None
        group = next(iter(groups), None)
        said = []
        if in_areas:
            of = f"{len(in_areas)} of {words.some(len(inputs.tasks), 'open task', 'open tasks')}"
            be = "is" if len(in_areas) == 1 else "are"
            which = "list" if len(areas) == 1 else "lists"
            said.append(f"{of} {be} in the {which} worked on most.")
        if group:
            said.append(f"{groups[group]} open tasks seem to be about one thing.")
        return Snippet(
            text=" ".join(said),
            facts={
                "areas": areas,
                "open": len(inputs.tasks),
                "in_areas": len(in_areas),
                "area_task_ids": in_areas[:MOST_TASKS],
                "groups": groups,
                "group": group,
                "group_task_ids": [
                    task.id for task in inputs.tasks if group and task.cluster == group
                ][:MOST_TASKS],
            },
        )
