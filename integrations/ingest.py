"""The way in: what a source told becomes rows, a snapshot and events, in one transaction."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from accounts.zones import zone_of
from integrations import snapshot
from integrations.formats.facts import Closed, SeenTask, TaskPull
from integrations.models import Command, Connection, Task
from oo.events.catalogue import Event, TaskCompleted, TaskSynced
from oo.events.publish import publish
from oo.lib.encrypted import fingerprint, fingerprints

# What can change about a task in its source.
CHANGING = (
    "text_hash", "project_ref", "priority", "due_on", "due_time", "due_at", "recurring",
    "closed_at", "closed_as",
)  # fmt: skip
BATCH = 500
LONGER_THAN_ANY_JOB = timedelta(hours=1)
HANDED_OVER_STAYS = timedelta(days=30)  # the words of tasks that are not read, but given to us


def told(connection: Connection, *, now: datetime) -> set[uuid.UUID]:
    """The commands whose effect a read that begins now will see, of those that finished lately."""
    done = Q(finished_at__gt=now - LONGER_THAN_ANY_JOB)
    commands = Command.objects.filter(done, connection=connection)
    return set(commands.values_list("pk", flat=True))


def ingest_tasks(
    connection: Connection, pull: TaskPull, *, told_before: set[uuid.UUID], now: datetime
) -> None:
    """Takes in one read of a task list, before which `told_before` had been told to the source.

    What oO did since, or has still to tell, stays so here; where the source still said otherwise the
    cursor stays as well, so that the next read is told again.
    """
    pull = users_own(connection, pull)
    with transaction.atomic():
        ours = _ours(connection, told_before, now)
        gone = {closed.external_id: closed.completed_at for closed in pull.closed}
        seen = {
            task.external_id: task
            for task in pull.open
            if task.external_id not in ours and task.external_id not in gone
        }
        # An entry that made no sense may be one we know, so its absence proves nothing.
        everything = pull.complete and not pull.refused
        known = known_tasks(connection, None if everything else {*seen, *gone, *pull.done})
        if everything:
            missing = [k for k in known if k not in seen and k not in gone]
            gone |= {k: pull.done[k][-1] if k in pull.done else None for k in missing}
        zone = zone_of(connection.zone)
        recurred = {
            known[key]: times
            for key, times in pull.done.items()
            if key in known and key not in gone and key not in ours
            if pull.sifted or _moves_on(connection, known[key], seen.get(key), zone)
        }
        changed = _upsert(connection, seen.values(), known, now)
        added = sum(key not in known for key in changed)
        closing = {known[key]: at for key, at in gone.items() if key in known and key not in ours}
        _close(closing, now)
        for task, times in recurred.items():
            Task.objects.filter(pk=task.pk).update(done_at=times[-1])
        said = {one.external_id for one in pull.open} | {one.external_id for one in pull.closed}
        held_back = bool(said & ours)
        cursor = connection.cursor if held_back else pull.cursor
        _write_texts(connection, pull, cursor)
        whose = {"account": fingerprint(pull.account)} if pull.account else {}
        Connection.objects.filter(pk=connection.pk).update(cursor=cursor, **whose)
        connection.cursor = cursor
        connection.account = account_of(connection, pull)
        done = dict(recurred)
        for task, closed_at in closing.items():
            if closed_at:
                done[task] = pull.done.get(task.external_id) or [closed_at]
        facts: list[Event] = [
            TaskCompleted(
                user_id=connection.user_id,
                task_id=task.pk,
                where="source",
                completed_at=min(at, now).timestamp(),
            )
            for task, times in done.items()
            for at in times
        ]
        if changed or closing:
            facts.append(_synced(connection, added, len(changed) - added, len(closing)))
        publish(*facts, now=now)


def users_own(connection: Connection, pull: TaskPull) -> TaskPull:
    """The read, of which nothing is left that is others' in lists they share with the user: what is
    assigned to somebody else is not there, and what somebody else completed is gone and not done.
    """
    account = account_of(connection, pull)
    told = {task.assigned_to for task in pull.open} | {one.completed_by for one in pull.closed}
    others = {uid for uid in told if is_another(uid, account)}
    if not others:
        return pull
    theirs = [Closed(task.external_id) for task in pull.open if task.assigned_to in others]
    return replace(
        pull,
        open=[task for task in pull.open if task.assigned_to not in others],
        closed=theirs
        + [Closed(one.external_id) if one.completed_by in others else one for one in pull.closed],
    )


def account_of(connection: Connection, pull: TaskPull) -> str:
    """Whose list was read, as a fingerprint; empty where nobody knows."""
    return fingerprint(pull.account) if pull.account else connection.account


def is_another(uid: str, account: str) -> bool:
    """Whether this is certainly somebody else than whose account it is."""
    return bool(uid and account) and account not in fingerprints(uid)


def _ours(connection: Connection, told_before: set[uuid.UUID], now: datetime) -> set[str]:
    """The tasks that oO did something about which their source did not know when the read began."""
    waiting = Q(outcome=Command.Outcome.WAITING)
    lately = Q(finished_at__gt=now - LONGER_THAN_ANY_JOB)
    commands = Command.objects.filter(waiting | lately, connection=connection)
    pairs = commands.values_list("pk", "task__external_id")
    return {external_id for pk, external_id in pairs if pk not in told_before}


def known_tasks(connection: Connection, external_ids: set[str] | None) -> dict[str, Task]:
    """The open tasks we know, of these or of all."""
    tasks = Task.objects.filter(connection=connection, closed_at=None)
    if external_ids is None or len(external_ids) > BATCH:
        return {task.external_id: task for task in tasks}
    return {task.external_id: task for task in tasks.filter(external_id__in=external_ids)}


def _upsert(
    connection: Connection, seen: Iterable[SeenTask], known: dict[str, Task], now: datetime
) -> list[str]:
    """Writes what is new or altered; returns the external ids."""
    zone = zone_of(connection.zone)
    rows = {task.external_id: _row(connection, task, zone, now) for task in seen}
    changed = [key for key, row in rows.items() if key not in known or _differ(known[key], row)]
    Task.objects.bulk_create(
        [rows[key] for key in changed],
        update_conflicts=True,
        unique_fields=["connection", "external_id"],
        update_fields=CHANGING,
        batch_size=BATCH,
    )
    return changed


def _row(connection: Connection, task: SeenTask, zone: tzinfo, now: datetime) -> Task:
    due_time = task.due_local.time() if task.due_local else None
    due_on, due_at = _placed(task.due_on, due_time, task.due_at, zone)
    return Task(
        user_id=connection.user_id,
        connection=connection,
        external_id=task.external_id,
        text_hash=fingerprint(task.title),
        project_ref=task.project_id,
        priority=task.priority,
        due_on=due_on,
        due_time=due_time,
        due_at=due_at,
        recurring=task.recurring,
        added_at=task.added_at or now,
    )


def due_differs(connection: Connection, before: Task, task: SeenTask, zone: tzinfo) -> bool:
    """Whether a task is due at another time than we knew."""
    after = _row(connection, task, zone, before.added_at)
    return (after.due_on, after.due_at) != (before.due_on, before.due_at)


def _moves_on(connection: Connection, before: Task, task: SeenTask | None, zone: tzinfo) -> bool:
    """Whether a task that recurs is due later than we knew: done, or put off."""
    if task is None or not (before.recurring and task.recurring and before.due_on):
        return False
    after = _row(connection, task, zone, before.added_at)
    if after.due_on != before.due_on:
        return after.due_on is not None and after.due_on > before.due_on
    return bool(after.due_at and before.due_at and after.due_at > before.due_at)


def _placed(
    due_on: date | None, due_time: time | None, due_at: datetime | None, zone: tzinfo
) -> tuple[date | None, datetime | None]:
    """The day and the instant something is due, for someone in this zone."""
    if due_on and due_time:
        return due_on, datetime.combine(due_on, due_time, zone).astimezone(UTC)
    return (due_at.astimezone(zone).date() if due_at else due_on), due_at


def _differ(before: Task, after: Task) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in CHANGING)


def _close(closing: dict[Task, datetime | None], now: datetime) -> None:
    done = [task for task, completed_at in closing.items() if completed_at]
    for task in done:
        task.closed_at = min(closing[task] or now, now)
        task.closed_as = Task.Closed.DONE
    Task.objects.bulk_update(done, ["closed_at", "closed_as"], batch_size=100)
    deleted = [task.pk for task, completed_at in closing.items() if not completed_at]
    for some in _batches(deleted):
        Task.objects.filter(pk__in=some).update(closed_at=now, closed_as=Task.Closed.DELETED)


def _write_texts(connection: Connection, pull: TaskPull, cursor: str) -> None:
    texts = {} if pull.complete else snapshot.read_at(connection.pk, connection.cursor)
    if texts is None and connection.due_at is None:
        texts = {}  # handed over: nobody can be asked for what is lost
    if texts is None:
        return  # still lost: only a complete read brings it back
    texts |= {f"task:{task.external_id}": task.title for task in pull.open}
    for closed in pull.closed:
        texts.pop(f"task:{closed.external_id}", None)
    read_again = timedelta(hours=settings.SNAPSHOT_HOURS)
    lasts = HANDED_OVER_STAYS if connection.due_at is None else read_again
    snapshot.write(connection.pk, texts, lasts=lasts, cursor=cursor)


def _synced(connection: Connection, added: int, changed: int, gone: int) -> TaskSynced:
    return TaskSynced(
        user_id=connection.user_id,
        connection_id=str(connection.pk),
        added=added,
        changed=changed,
        gone=gone,
    )


def move_to_zone(connection: Connection, name: str, *, now: datetime) -> None:
    """Works out anew when tasks are due, for a user who is in another time zone now."""
    zone = zone_of(name)
    with transaction.atomic():
        moved = []
        for task in connection.tasks.filter(closed_at=None, due_at__isnull=False):
            before = (task.due_on, task.due_at)
            task.due_on, task.due_at = _placed(task.due_on, task.due_time, task.due_at, zone)
            if (task.due_on, task.due_at) != before:
                moved.append(task)
        Task.objects.bulk_update(moved, ["due_on", "due_at"], batch_size=100)
        Connection.objects.filter(pk=connection.pk).update(zone=name)
        connection.zone = name
        if moved:
            publish(_synced(connection, added=0, changed=len(moved), gone=0), now=now)


def _batches(keys: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]
