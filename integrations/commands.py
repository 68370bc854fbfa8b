"""Doing something in the source for the user, once: written with the reaction, sent by a worker."""

import logging
from datetime import datetime, timedelta

from django.db import models, transaction

from integrations.access import mark_reconnect, oauth_source, with_access
from integrations.models import Command, Connection, Task
from integrations.source import CompletesTasks, NeedsReconnect, SourceTrouble, sources
from oo.events.catalogue import TaskCompleted
from oo.events.publish import publish
from oo.lib.claim import claim, one_by_one
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP = timedelta(days=7)
AT_ONCE = 100


def request_completion(task_id: int, *, now: datetime) -> bool:
    """Marks a task done here and has its source told. Call inside atomic(). Idempotent.

    False when there was nothing to do, or the source is not one in which tasks can be completed.
    """
    from integrations.jobs import send_commands

    task = Task.objects.filter(pk=task_id, closed_at=None)
    known = task.values("user_id", "connection_id", "connection__source").first()
    if known is None or known["connection__source"] not in sources:
        return False
    if not isinstance(sources.get(known["connection__source"]), CompletesTasks):
        return False
    if not task.update(closed_at=now, closed_as=Task.Closed.DONE):
        return False
    Command.objects.create(
        connection_id=known["connection_id"], task_id=task_id, created_at=now, due_at=now
    )
    publish(TaskCompleted(user_id=known["user_id"], task_id=task_id, where="oo"), now=now)
    wake(send_commands)
    return True


def withdraw_completion(task_id: int, *, now: datetime) -> bool:
    """Takes back `request_completion` while its source has not been told. Call inside atomic().

    False when it has, or is just now.
    """
    untold = Command.objects.filter(task=task_id, outcome=Command.Outcome.WAITING, attempts=0)
    free = untold.filter(models.Q(claimed_until=None) | models.Q(claimed_until__lt=now))
    if not free.delete()[0]:
        return False
    task = Task.objects.filter(pk=task_id, closed_as=Task.Closed.DONE)
    return bool(task.update(closed_at=None, closed_as=""))


def send_due(*, now: datetime, limit: int = 50) -> int:
    """Sends the commands whose time has come, for up to `limit` connections. Returns for how many.

    Those of a connection that needs its user wait until it is connected again.
    """
    due = _waiting().filter(due_at__lte=now, connection__status=Connection.Status.CONNECTED)
    count = 0
    for command in one_by_one(due.order_by("due_at"), now=now, lease=LEASE, limit=limit):
        count += 1
        others = _waiting().filter(connection=command.connection_id).order_by("created_at")
        commands = [command, *claim(others, now=now, lease=LEASE, limit=AT_ONCE - 1)]
        connection = Connection.objects.filter(pk=command.connection_id).first()
        if connection is not None:  # else they went with it
            _send(connection, commands, now=now)
    return count


def send_for(connection: Connection, *, now: datetime) -> None:
    """Sends what waits for one connection, due or not: what is read next then shows it."""
    waiting = _waiting().filter(connection=connection).order_by("created_at")
    commands = claim(waiting, now=now, lease=LEASE, limit=AT_ONCE)
    if commands:
        _send(connection, commands, now=now)


def _waiting() -> "models.QuerySet[Command]":
    return Command.objects.filter(outcome=Command.Outcome.WAITING)


def _send(connection: Connection, commands: list[Command], *, now: datetime) -> None:
    """Sends them and notes what became of each. Whatever goes wrong is noted with them."""
    tasks = Task.objects.in_bulk([command.task_id for command in commands])
    wanted = {str(c.uuid): tasks[c.task_id].external_id for c in commands if c.task_id in tasks}
    outcomes: dict[str, str] = {}
    error, retry_after = "no outcome", 0.0
    try:
        source = oauth_source(connection)
        assert isinstance(source, CompletesTasks)
        outcomes.update(
            with_access(connection, lambda token: source.complete(token, wanted, now=now), now=now)
        )
    except Connection.DoesNotExist:
        return  # they went with it
    except NeedsReconnect:
        error = "needs reconnect"
        mark_reconnect(connection, now=now)
    except SourceTrouble as trouble:
        log.warning("commands for %s: %s", connection.pk, trouble)
        error, retry_after = trouble.code, trouble.retry_after or 0.0
    except Exception:
        log.exception("commands for %s", connection.pk)
        error = "internal"
    for command in commands:
        _note(command, outcomes.get(str(command.uuid)), error, retry_after, now)


def _note(
    command: Command, outcome: str | None, error: str, retry_after: float, now: datetime
) -> None:
    fields: dict[str, object] = {"claim_token": None, "claimed_until": None}
    if outcome in (Command.Outcome.OK, Command.Outcome.GONE):
        fields |= {"outcome": outcome, "finished_at": now, "error": ""}
    elif outcome or now - command.created_at > GIVE_UP:
        error = outcome or error
        fields |= {"outcome": Command.Outcome.FAILED, "finished_at": now, "error": error}
    else:
        wait = min(timedelta(seconds=10 * 2 ** min(command.attempts, 10)), LONGEST_WAIT)
        wait = max(wait, timedelta(seconds=min(retry_after, 86_400)))
        fields |= {"attempts": command.attempts + 1, "due_at": now + wait, "error": error}
    with transaction.atomic():
        ours = Command.objects.filter(pk=command.pk, claim_token=command.claim_token)
        if ours.update(**fields) and fields.get("outcome") == Command.Outcome.FAILED:
            # The next read is then a full one, which shows the task again if it is still open there.
            Connection.objects.filter(pk=command.connection_id).update(cursor="")
