"""Doing something in the source for the user, once: written with the reaction, sent by a worker."""

import logging
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby

from django.db import models, transaction
from django.db.models import F, Q

from accounts.zones import zone_of
from integrations.access import mark_reconnect, oauth_source, with_access
from integrations.models import Command, Connection, Task
from integrations.source import (
    CompletesTasks,
    NeedsReconnect,
    Outcome,
    PostponesTasks,
    ReopensTasks,
    SourceTrouble,
    UsesOAuth,
    sources,
)
from oo.events.catalogue import TaskCompleted, TaskSynced
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
    task = Task.objects.filter(pk=task_id, closed_at=None)
    known = task.values("user_id", "connection_id", "connection__source").first()
    if known is None or not _can(known["connection__source"], CompletesTasks):
        return False
    if not task.update(closed_at=now, closed_as=Task.Closed.DONE):
        return False
    _order(known["connection_id"], task_id, Command.Kind.COMPLETE, now=now)
    publish(TaskCompleted(user_id=known["user_id"], task_id=task_id, where="oo"), now=now)
    return True


def can_complete(source_id: str) -> bool:
    """Whether tasks of this source can be completed there."""
    return _can(source_id, CompletesTasks)


def completion_asked(task_id: int, *, asked: datetime) -> bool:
    """Whether the reaction at `asked` had a task completed."""
    made = Command.objects.filter(task=task_id, kind=Command.Kind.COMPLETE, created_at=asked)
    return made.exists()


def withdraw_completion(task_id: int, *, now: datetime) -> bool:
    """Takes back `request_completion`: before its source is told, or by having the source open the
    task again. Call inside atomic().

    False when neither can be: the source can't, or the task recurs and has moved on there.
    """
    task = Task.objects.filter(pk=task_id, closed_as=Task.Closed.DONE)
    known = task.values("connection_id", "connection__source", "recurring").first()
    if known is None:
        return False
    if not _untold(task_id, Command.Kind.COMPLETE).delete()[0]:
        if known["recurring"] or not _can(known["connection__source"], ReopensTasks):
            return False
        _order(known["connection_id"], task_id, Command.Kind.REOPEN, now=now)
    return bool(task.update(closed_at=None, closed_as=""))


def can_postpone(source_id: str) -> bool:
    """Whether tasks of this source can be put off to another day there."""
    return _can(source_id, PostponesTasks)


def request_postponement(task_id: int, *, to: date, now: datetime) -> bool:
    """Has a task's source put it off to a day. Call inside atomic(). Idempotent.

    The task here changes when its source has been told and is read. False when there is nothing to
    put off, or the source is not one in which tasks can be.
    """
    task = Task.objects.filter(pk=task_id, closed_at=None)
    known = task.values("connection_id", "connection__source").first()
    if known is None or not _can(known["connection__source"], PostponesTasks):
        return False
    waiting = Command.objects.filter(
        task=task_id, kind=Command.Kind.POSTPONE, outcome=Command.Outcome.WAITING, moves_to=to
    )
    if not waiting.exists():
        _order(known["connection_id"], task_id, Command.Kind.POSTPONE, moves_to=to, now=now)
    return True


def postponement(task_id: int, *, asked: datetime) -> date | None:
    """The day that a task was put off to by the reaction at `asked`, or None."""
    made = Command.objects.filter(task=task_id, kind=Command.Kind.POSTPONE, created_at=asked)
    return made.values_list("moves_to", flat=True).first()


def withdraw_postponement(task_id: int, *, now: datetime) -> bool:
    """Takes back `request_postponement`. False when its source has been told, or may have been."""
    return bool(_untold(task_id, Command.Kind.POSTPONE).delete()[0])


def _can(source_id: str, contract: type) -> bool:
    return source_id in sources and isinstance(sources.get(source_id), contract)


def _order(
    connection_id: uuid.UUID,
    task_id: int,
    kind: str,
    *,
    moves_to: date | None = None,
    now: datetime,
) -> None:
    from integrations.jobs import send_commands

    Command.objects.create(
        connection_id=connection_id,
        task_id=task_id,
        kind=kind,
        moves_to=moves_to,
        created_at=now,
        due_at=now,
    )
    wake(send_commands)


def _untold(task_id: int, kind: str) -> "models.QuerySet[Command]":
    """What was asked for and is certain not to have reached the source."""
    waiting = Command.objects.filter(task=task_id, kind=kind, outcome=Command.Outcome.WAITING)
    # A lease that ran out is that of a worker who died, before it told the source or after.
    return waiting.filter(claimed_until=None, attempts=0)


def send_due(*, now: datetime, limit: int = 50) -> int:
    """Sends the commands whose time has come, for up to `limit` connections. Returns for how many.

    Those of a connection that needs its user wait until it is connected again, and then until the
    first read has told that it is to the same account.
    """
    unproven = Q(connection__granted_at__gt=F("connection__synced_at")) & ~Q(connection__account="")
    due = _in_turn(now).filter(due_at__lte=now, connection__status=Connection.Status.CONNECTED)
    due = due.exclude(unproven)
    count = 0
    for command in one_by_one(due.order_by("due_at"), now=now, lease=LEASE, limit=limit):
        count += 1
        others = _in_turn(now).filter(connection=command.connection_id).order_by("created_at")
        commands = [command, *claim(others, now=now, lease=LEASE, limit=AT_ONCE - 1)]
        commands.sort(key=lambda one: one.created_at)
        whose = Connection.objects.select_related("user")
        connection = whose.filter(pk=command.connection_id).first()
        if connection is not None:  # else they went with it
            _send(connection, commands, now=now)
    return count


def send_for(connection: Connection, *, now: datetime) -> None:
    """Sends what waits for one connection, due or not: what is read next then shows it."""
    waiting = _in_turn(now).filter(connection=connection).order_by("created_at")
    commands = claim(waiting, now=now, lease=LEASE, limit=AT_ONCE)
    if commands:
        _send(connection, commands, now=now)


def _in_turn(now: datetime) -> "models.QuerySet[Command]":
    """What waits to be told, save for what comes after something that is being told just now: a
    task is not opened again before it is closed.
    """
    waiting = Command.objects.filter(outcome=Command.Outcome.WAITING)
    before = waiting.filter(
        task=models.OuterRef("task"),
        created_at__lt=models.OuterRef("created_at"),
        claimed_until__gt=now,
    )
    return waiting.exclude(models.Exists(before))


def _send(connection: Connection, commands: list[Command], *, now: datetime) -> None:
    """Sends them and notes what became of each. Whatever goes wrong is noted with them."""
    tasks = Task.objects.in_bulk([command.task_id for command in commands])
    wanted = [(c, tasks[c.task_id].external_id) for c in commands if c.task_id in tasks]
    outcomes: dict[str, str] = {}
    error, retry_after = "no outcome", 0.0
    try:
        # In their order: what was done, undone and done again ends up done.
        for kind, some in groupby(wanted, key=lambda one: one[0].kind):
            zone = zone_of(connection.user.time_zone)
            tell = _telling(oauth_source(connection), kind, list(some), zone, now)
            outcomes.update(with_access(connection, tell, now=now))
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


def _telling(
    source: UsesOAuth, kind: str, wanted: list[tuple[Command, str]], zone: tzinfo, now: datetime
) -> Callable[[str], dict[str, Outcome]]:
    ids = {str(command.uuid): external_id for command, external_id in wanted}
    if kind == Command.Kind.POSTPONE:
        assert isinstance(source, PostponesTasks)
        days = {str(command.uuid): command.moves_to for command, _ in wanted}
        moves = {key: (ids[key], day) for key, day in days.items() if day is not None}
        return lambda token: source.postpone(token, moves, zone=zone, now=now)
    if kind == Command.Kind.REOPEN:
        assert isinstance(source, ReopensTasks)
        return lambda token: source.reopen(token, ids, now=now)
    assert isinstance(source, CompletesTasks)
    return lambda token: source.complete(token, ids, now=now)


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
        if not ours.update(**fields):
            return
        if fields.get("outcome") == Command.Outcome.FAILED:
            # The next read is then a full one, which shows the task again if it is still open there.
            Connection.objects.filter(pk=command.connection_id).update(cursor="")
        elif outcome == Command.Outcome.GONE and command.kind == Command.Kind.REOPEN:
            _close_as_gone(command, now)


def _close_as_gone(command: Command, now: datetime) -> None:
    """A task that was opened again here, and that its source has deleted: no read tells of it any
    more.
    """
    task = Task.objects.filter(pk=command.task_id, closed_at=None)
    if task.update(closed_at=now, closed_as=Task.Closed.DELETED):
        user_id = Task.objects.values_list("user_id", flat=True).get(pk=command.task_id)
        connection_id = str(command.connection_id)
        gone = TaskSynced(user_id=user_id, connection_id=connection_id, added=0, changed=0, gone=1)
        publish(gone, now=now)
