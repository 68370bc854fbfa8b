"""The way in: what a source told becomes rows, a snapshot and events, in one transaction."""

import uuid
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.zones import zone_of
from integrations import snapshot
from integrations.formats.facts import CalendarPull, SeenTask, TaskPull
from integrations.models import CalendarEvent, Command, Connection, Task
from oo.events.catalogue import CalendarChanged, Event, TaskCompleted, TaskSynced
from oo.events.publish import publish
from oo.lib.encrypted import fingerprint

# What can change about a task in its source.
CHANGING = (
    "text_hash", "project_ref", "priority", "due_on", "due_at", "recurring", "closed_at", "closed_as",
)  # fmt: skip
EVENTS_STAY = timedelta(days=15)  # longer than the window that a calendar is read for


def told(connection: Connection) -> set[uuid.UUID]:
    """The commands whose effect a read that begins now will see."""
    return set(
        Command.objects.filter(connection=connection)
        .exclude(outcome=Command.Outcome.WAITING)
        .values_list("pk", flat=True)
    )


def ingest_tasks(
    connection: Connection, pull: TaskPull, *, told_before: set[uuid.UUID], now: datetime
) -> None:
    """Takes in one read of a task list, before which `told_before` had been told to the source.

    What oO completed since, or has still to tell, stays completed here.
    """
    with transaction.atomic():
        commands = Command.objects.filter(connection=connection)
        ours = {
            external_id
            for pk, external_id in commands.values_list("pk", "task__external_id")
            if pk not in told_before
        }
        known = {task.external_id: task for task in connection.tasks.filter(closed_at=None)}
        seen = {task.external_id: task for task in pull.open if task.external_id not in ours}
        rows = {key: _row(connection, task, now) for key, task in seen.items()}
        changed = [key for key, row in rows.items() if key not in known or _differ(known[key], row)]
        Task.objects.bulk_create(
            [rows[key] for key in changed],
            update_conflicts=True,
            unique_fields=["connection", "external_id"],
            update_fields=CHANGING,
            batch_size=500,
        )
        gone = {closed.external_id: closed.completed_at for closed in pull.closed}
        if pull.complete:
            gone.update({key: None for key in known if key not in seen and key not in gone})
        closing = [known[key] for key in gone if key in known and key not in ours]
        facts: list[Event] = []
        for task in closing:
            completed_at = gone[task.external_id]
            task.closed_at = completed_at or now
            task.closed_as = Task.Closed.DONE if completed_at else Task.Closed.DELETED
            if completed_at:
                fact = TaskCompleted(user_id=connection.user_id, task_id=task.pk, where="source")
                facts.append(fact)
        Task.objects.bulk_update(closing, ["closed_at", "closed_as"], batch_size=500)
        _write_texts(connection, pull)
        added = sum(key not in known for key in changed)
        if changed or closing:
            facts.append(
                TaskSynced(
                    user_id=connection.user_id,
                    connection_id=str(connection.pk),
                    added=added,
                    changed=len(changed) - added,
                    gone=len(closing),
                )
            )
        publish(*facts, now=now)


def _row(connection: Connection, task: SeenTask, now: datetime) -> Task:
    due_at = task.due_at
    if task.due_local:
        due_at = task.due_local.replace(tzinfo=zone_of(connection.user.time_zone)).astimezone(UTC)
    return Task(
        user_id=connection.user_id,
        connection=connection,
        external_id=task.external_id,
        text_hash=fingerprint(task.title),
        project_ref=task.project_id,
        priority=task.priority,
        due_on=task.due_on,
        due_at=due_at,
        recurring=task.recurring,
        added_at=task.added_at or now,
    )


def _differ(before: Task, after: Task) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in CHANGING)


def _write_texts(connection: Connection, pull: TaskPull) -> None:
    texts = {} if pull.complete else snapshot.read(connection.pk) or {}
    texts.update({f"task:{task.external_id}": task.title for task in pull.open})
    for closed in pull.closed:
        texts.pop(f"task:{closed.external_id}", None)
    snapshot.write(connection.pk, texts, lasts=timedelta(hours=settings.SNAPSHOT_HOURS))


def ingest_calendar(connection: Connection, pull: CalendarPull, *, now: datetime) -> None:
    """Takes in one complete read of a calendar: its coming events are exactly these."""
    with transaction.atomic():
        rows = [
            CalendarEvent(
                user_id=connection.user_id,
                connection=connection,
                external_id=event.external_id,
                text_hash=fingerprint(event.title),
                starts_at=event.starts_at,
                ends_at=event.ends_at,
                all_day=event.all_day,
            )
            for event in pull.coming
        ]
        ids = {row.external_id for row in rows}
        stale = [
            pk
            for pk, key in connection.calendar_events.values_list("pk", "external_id")
            if key not in ids
        ]
        for start in range(0, len(stale), 500):
            CalendarEvent.objects.filter(pk__in=stale[start : start + 500]).delete()
        CalendarEvent.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["connection", "external_id"],
            update_fields=["text_hash", "starts_at", "ends_at", "all_day"],
            batch_size=500,
        )
        texts = {f"event:{event.external_id}": event.title for event in pull.coming}
        snapshot.write(connection.pk, texts, lasts=EVENTS_STAY)
        publish(
            CalendarChanged(
                user_id=connection.user_id, connection_id=str(connection.pk), coming=len(rows)
            ),
            now=now,
        )
