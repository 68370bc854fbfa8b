"""Finding out which open tasks are alike: by workers, from words that stay in the snapshot.

What is kept is the name of a group, which is a number, and which task says the same as an older one.
Words leave the process only for an embedder on the operator's own machines, never for one in the
cloud. It is not needed: see agents.alike.
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from agents import embedding
from agents.alike.groups import grouped
from agents.alike.names import named
from agents.alike.twins import twins
from agents.alike.vectors import vectors
from agents.models import TaskCluster
from agents.withdraw import stands
from integrations import snapshot
from integrations.models import Task

log = logging.getLogger(__name__)

MOST = 1_000
"""Tasks of one user that are compared with each other: the newest. Others are like no other."""
ASK_AGAIN = timedelta(hours=6)
"""An embedder is not asked about the same user before."""
WRITTEN = ("cluster", "twin", "text_hash", "at")


def cluster(user_ids: Iterable[int], *, now: datetime) -> int:
    """Groups the open tasks of those of these users whose tasks are not as they were.

    Returns how many users that were. What can't be read keeps the group it had.
    """
    ids = list(user_ids)
    tasks: dict[int, list[Task]] = defaultdict(list)
    open_ = Task.objects.filter(user_id__in=ids, closed_at=None, user__is_active=True)
    for task in open_.order_by("pk"):
        tasks[task.user_id].append(task)
    known: dict[int, dict[int, TaskCluster]] = defaultdict(dict)
    rows = TaskCluster.objects.filter(task__user_id__in=ids, task__closed_at=None)
    for row in rows.select_related("task"):
        known[row.task.user_id][row.task_id] = row
    counted = 0
    for user_id, mine in tasks.items():
        try:
            counted += _cluster(user_id, mine, known[user_id], now)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            # One user's fault, or a connection cut this moment, must not cost the others theirs.
            log.exception("clustering of user %s", user_id)
    return counted


def _cluster(
    user_id: int, tasks: Sequence[Task], known: Mapping[int, TaskCluster], now: datetime
) -> bool:
    if not any(_is_new(task, known) for task in tasks):
        return False
    model = embedding.at_hand()
    if model and known and max(row.at for row in known.values()) > now - ASK_AGAIN:
        return False
    titles = _titles(tasks)
    worded = [task for task in tasks if task.pk in titles]
    if not any(_is_new(task, known) for task in worded):
        return False
    compared = sorted(worded, key=lambda task: (task.added_at, task.pk))[-MOST:]
    compared.sort(key=lambda task: task.pk)
    words = [titles[task.pk] for task in compared]
    groups = _groups(user_id, words, by_model=model, now=now)
    before = {task_id: row.cluster for task_id, row in known.items()}
    names = named([task.pk for task in compared], groups, before)
    same = {compared[one].pk: compared[first].pk for one, first in twins(words).items()}
    found = [
        TaskCluster(
            task=task,
            cluster=names.get(task.pk, ""),
            twin_id=same.get(task.pk),
            text_hash=task.text_hash,
            at=now,
        )
        for task in worded
    ]
    return _keep(user_id, found, now)


def _is_new(task: Task, known: Mapping[int, TaskCluster]) -> bool:
    row = known.get(task.pk)
    return row is None or row.text_hash != task.text_hash


def _titles(tasks: Collection[Task]) -> dict[int, str]:
    """The words of those tasks whose words can be had."""
    texts = snapshot.read_many({task.connection_id for task in tasks})
    found = {
        task.pk: texts.get(str(task.connection_id), {}).get(f"task:{task.external_id}")
        for task in tasks
    }
    return {task_id: title for task_id, title in found.items() if title}


def _groups(user_id: int, titles: Sequence[str], *, by_model: bool, now: datetime) -> list[int]:
    meant = None
    if by_model:
        try:
            meant = embedding.embedded(titles, user_id=user_id, now=now)
        except embedding.Unavailable as trouble:
            log.info("no embedder for user %s: %s", user_id, trouble)
    return grouped(vectors(titles, meant))


def _keep(user_id: int, found: Sequence[TaskCluster], now: datetime) -> bool:
    with transaction.atomic():
        if stands(user_id, now=now) is None:
            return False
        TaskCluster.objects.filter(task__user_id=user_id, task__closed_at__isnull=False).delete()
        TaskCluster.objects.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["task"],
            update_fields=WRITTEN,
            batch_size=500,
        )
    return True
