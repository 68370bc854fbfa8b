"""Doing something in the source for the user, once: written with the reaction, sent by a worker."""

import logging
from datetime import datetime, timedelta

from integrations.access import mark_reconnect, oauth_source, with_access
from integrations.models import Command, Connection, Task
from integrations.source import CompletesTasks, NeedsReconnect, SourceTrouble, sources
from oo.events.catalogue import TaskCompleted
from oo.events.publish import publish
from oo.lib.claim import claim
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP = timedelta(days=7)


def request_completion(task_id: int, *, now: datetime) -> None:
    """Marks a task done here and has its source told. Call inside atomic(). Idempotent."""
    from integrations.jobs import send_commands

    task = Task.objects.filter(pk=task_id, closed_at=None).select_related("connection").first()
    if task is None or not isinstance(sources.get(task.connection.source), CompletesTasks):
        return
    if not Task.objects.filter(pk=task_id, closed_at=None).update(
        closed_at=now, closed_as=Task.Closed.DONE
    ):
        return
    Command.objects.create(connection=task.connection, task=task, created_at=now, due_at=now)
    publish(TaskCompleted(user_id=task.user_id, task_id=task_id, where="oo"), now=now)
    wake(send_commands)


def send_due(*, now: datetime, limit: int = 50) -> int:
    """Sends commands whose time has come, by connection. Returns how many were taken."""
    due = Command.objects.filter(outcome=Command.Outcome.WAITING, due_at__lte=now)
    taken = claim(due.order_by("due_at"), now=now, lease=LEASE, limit=limit)
    by_connection: dict[object, list[Command]] = {}
    for command in taken:
        by_connection.setdefault(command.connection_id, []).append(command)
    connections = Connection.objects.select_related("user").in_bulk(list(by_connection))
    for key, commands in by_connection.items():
        if key in connections:
            _send(connections[key], commands, now=now)
    return len(taken)


def send_for(connection: Connection, *, now: datetime) -> None:
    """Sends what waits for one connection, due or not, before it is read."""
    waiting = Command.objects.filter(connection=connection, outcome=Command.Outcome.WAITING)
    commands = claim(waiting.order_by("created_at"), now=now, lease=LEASE, limit=100)
    if commands:
        _send(connection, commands, now=now)


def _send(connection: Connection, commands: list[Command], *, now: datetime) -> None:
    source = oauth_source(connection)
    tasks = Task.objects.in_bulk([command.task_id for command in commands])
    wanted = {str(c.uuid): tasks[c.task_id].external_id for c in commands if c.task_id in tasks}
    outcomes: dict[str, str] = {}
    error = ""
    try:
        if connection.status == Connection.Status.RECONNECT:
            raise NeedsReconnect("waiting for the user")
        assert isinstance(source, CompletesTasks)
        outcomes.update(
            with_access(
                connection, lambda token: source.complete(token, wanted, now=now), now=now
            )
        )
        error = "no outcome"
    except NeedsReconnect:
        error = "needs reconnect"
        mark_reconnect(connection, now=now)
    except SourceTrouble as trouble:
        log.warning("commands for %s: %s", connection.pk, trouble)
        error = trouble.code
    for command in commands:
        _note(command, outcomes.get(str(command.uuid)), error, now)


def _note(command: Command, outcome: str | None, error: str, now: datetime) -> None:
    fields: dict[str, object] = {"claim_token": None, "claimed_until": None}
    if outcome:
        fields |= {"outcome": outcome, "finished_at": now, "error": ""}
    elif now - command.created_at > GIVE_UP:
        fields |= {"outcome": Command.Outcome.FAILED, "finished_at": now, "error": error}
        # The next read is then a full one, which finds the task still open and shows it again.
        Connection.objects.filter(pk=command.connection_id).update(cursor="")
    else:
        wait = min(timedelta(seconds=10 * 2 ** min(command.attempts, 10)), LONGEST_WAIT)
        fields |= {"attempts": command.attempts + 1, "due_at": now + wait, "error": error}
    Command.objects.filter(pk=command.pk, claim_token=command.claim_token).update(**fields)
