"""What was completed before a connection was made, read once, backwards, a window at a time."""

import logging
from datetime import datetime, timedelta, tzinfo

from django.conf import settings
from django.db import transaction

from accounts.zones import zone_of
from integrations.access import oauth_source, with_access
from integrations.formats.facts import CompletedTask
from integrations.ingest import is_another
from integrations.models import Connection, History, Task
from integrations.source import NeedsReconnect, RemembersCompleted, SourceTrouble, sources
from oo.lib.claim import one_by_one
from oo.lib.jobs import wake

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=3)
FARTHEST = timedelta(days=365)
WINDOW = timedelta(days=30)
MOST_TASKS = 2_000
MOST_PAGES = 25  # of one window
LONGEST_WAIT = timedelta(hours=6)
ATTEMPTS = 12


def begin_history(connection: Connection, *, now: datetime) -> None:
    """Has the past of a new connection read, after its present. Call inside atomic(). Idempotent."""
    from integrations.jobs import read_histories

    if not isinstance(sources.get(connection.source), RemembersCompleted):
        return
    # What retention would drop at once is not fetched.
    back = min(FARTHEST, timedelta(days=settings.EVENT_RETENTION_DAYS))
    _, begun = History.objects.get_or_create(
        connection=connection, defaults={"since": now - back, "until": now, "due_at": now}
    )
    if begun:
        wake(read_histories)


def read_histories_due(*, now: datetime, limit: int) -> int:
    """Reads a window each of up to `limit` histories. Returns how many."""
    due = History.objects.filter(
        finished_at=None, due_at__lte=now, connection__status=Connection.Status.CONNECTED
    )
    count = 0
    for history in one_by_one(due.order_by("due_at"), now=now, lease=LEASE, limit=limit):
        count += 1
        try:
            _read_window(history, now)
        except Connection.DoesNotExist:
            continue  # cut, and the history with it
        except (NeedsReconnect, SourceTrouble) as error:
            log.warning("the history of %s: %s", history.connection_id, error)
            wait = timedelta(seconds=getattr(error, "retry_after", None) or 0)
            _put_off(history, wait, now)
        except Exception:
            log.exception("the history of %s", history.connection_id)
            _put_off(history, timedelta(0), now)
    return count


def _read_window(history: History, now: datetime) -> None:
    connection = Connection.objects.get(pk=history.connection_id)
    start = max(history.since, history.until - WINDOW)
    source = oauth_source(connection)
    assert isinstance(source, RemembersCompleted)
    found: dict[str, CompletedTask] = {}
    cursor = ""
    for _ in range(MOST_PAGES):
        page = with_access(
            connection,
            lambda token, cursor=cursor: source.completed(  # type: ignore[misc]
                token, since=start, until=history.until, cursor=cursor
            ),
            now=now,
        )
        for task in page.tasks:
            if not is_another(task.completed_by, connection.account):
                found.setdefault(task.external_id, task)
        cursor = page.cursor
        if not cursor or len(found) >= MOST_TASKS:
            break
    kept = list(found.values())[: max(0, MOST_TASKS - history.seen)]
    seen = history.seen + len(kept)
    zone = zone_of(connection.zone)
    over = start <= history.since or seen >= MOST_TASKS
    with transaction.atomic():
        # Under the connection's lock: what was cut or connected anew keeps nothing of the old past.
        Connection.objects.select_for_update(no_key=True).get(
            pk=connection.pk, granted_at=connection.granted_at
        )
        ours = History.objects.filter(pk=history.pk, claim_token=history.claim_token)
        if not ours.update(
            until=start, seen=seen, finished_at=now if over else None, due_at=now, attempts=0,
            claim_token=None, claimed_until=None,
        ):  # fmt: skip
            return
        Task.objects.bulk_create(
            [_row(connection, task, zone, now) for task in kept],
            ignore_conflicts=True,
            batch_size=500,
        )


def _row(connection: Connection, task: CompletedTask, zone: tzinfo, now: datetime) -> Task:
    completed_at = min(task.completed_at, now)
    return Task(
        user_id=connection.user_id,
        connection=connection,
        external_id=task.external_id,
        text_hash="",
        project_ref=task.project_id,
        priority=task.priority,
        due_on=task.due_at.astimezone(zone).date() if task.due_at else task.due_on,
        recurring=task.recurring,
        added_at=task.added_at or completed_at,
        closed_at=completed_at,
        closed_as=Task.Closed.DONE,
    )


def _put_off(history: History, asked: timedelta, now: datetime) -> None:
    attempts = history.attempts + 1
    wait = max(min(timedelta(minutes=2 ** min(attempts, 9)), LONGEST_WAIT), asked)
    History.objects.filter(pk=history.pk, claim_token=history.claim_token).update(
        attempts=attempts,
        due_at=now + wait,
        # The past is nice to have: some day it is enough.
        finished_at=now if attempts >= ATTEMPTS else None,
        claim_token=None,
        claimed_until=None,
    )
