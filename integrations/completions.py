"""Telling done from gone: what a read of a list can't say, and its source remembers.

A task that recurs and was completed only moves, as one does that was put off; one that is counted
from when it was done may move back, or not at all. And what a complete read no longer holds may be
done or deleted. So there has to be a word for it, the webhook's or the log's, and one that is later
than what is counted already: whoever tells of a completion, and however often, it is counted once.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Max

from accounts.zones import zone_of
from integrations.access import oauth_source, with_access
from integrations.formats.facts import TaskPull
from integrations.ingest import account_of, due_differs, is_another, known_tasks, users_own
from integrations.models import Command, Connection, Task
from integrations.source import RemembersCompleted, SourceTrouble

log = logging.getLogger(__name__)

# What is remembered there is asked for from a little before our last read: clocks differ.
MARGIN = timedelta(minutes=5)
# A webhook tells of something older than this only after we have read the list ourselves.
TOLD_LATE = timedelta(hours=2)
# After this long without a read of ours, webhooks may be lost for good: Todoist tries for 45 minutes.
MAY_BE_LOST = timedelta(minutes=45)
# A webhook, the log and our own clock put one completion at slightly different times.
SAME = timedelta(minutes=1)
LONGEST_WINDOW = timedelta(days=80)
MOST_PAGES = 25


def tell_done_apart(
    connection: Connection, pull: TaskPull, *, heard: dict[str, set[datetime]], now: datetime
) -> TaskPull:
    """The read, saying when what moved on or went was completed. `heard` is what webhooks told.

    Raises NeedsReconnect, SourceTrouble, Connection.DoesNotExist.
    """
    if connection.synced_at is None:
        return pull  # nothing was known before
    pull, account = users_own(connection, pull), account_of(connection, pull)
    everything = pull.complete and not pull.refused
    recurring = {task.external_id for task in pull.open if task.recurring}
    known = known_tasks(connection, None if everything else recurring | heard.keys())
    gone = set[str]()
    if everything:
        gone = known.keys() - {t.external_id for t in pull.open}
        gone -= {closed.external_id for closed in pull.closed}
    still = _still_recurring(pull, {key: known[key] for key in known.keys() - gone})
    moved = _moved(connection, pull, still)
    maybe = moved | (still.keys() & heard.keys())
    floors = _floors(connection, {key: known[key] for key in maybe})
    read_at = min(connection.synced_at, now)  # the clock may have been put back since
    done = {
        key: {at for at in heard.get(key, ()) if at > max(read_at - TOLD_LATE, floors[key])}
        for key in maybe
    }
    unsure = maybe if now - read_at > MAY_BE_LOST else {key for key in moved if not done[key]}
    if unsure or gone:
        since = read_at - MARGIN
        logged_by = _lately(connection, since, now)
        lately = {key: _by_user(times, account) for key, times in logged_by.items()}
        for key in unsure:
            logged = {at for at in lately.get(key, ()) if at > floors[key]}
            done[key] = logged | {at for at in done[key] if not _is_among(logged, at)}
        counted = _floors(connection, {key: known[key] for key in gone if key in lately})
        done |= {key: {at for at in lately[key] if at > up_to} for key, up_to in counted.items()}
        others = {key for key, times in lately.items() if not times}
        if missing := {key for key in gone - others if not done.get(key)}:
            done |= _archived(connection, missing, account, since, now)
    each = {key: sorted({min(at, now) for at in times}) for key, times in done.items() if times}
    return replace(pull, done=each, sifted=True)


def _by_user(times: dict[datetime, str], account: str) -> set[datetime]:
    """When it was the user, or may have been: in shared lists others complete tasks too."""
    return {at for at, by in times.items() if not is_another(by, account)}


def _still_recurring(pull: TaskPull, known: dict[str, Task]) -> dict[str, Task]:
    """Those of the known that recurred, and do so after this read too."""
    over = {closed.external_id for closed in pull.closed}
    over |= {task.external_id for task in pull.open if not task.recurring}
    return {key: task for key, task in known.items() if task.recurring and key not in over}


def _moved(connection: Connection, pull: TaskPull, known: dict[str, Task]) -> set[str]:
    """Those of the known that are due at another time than we knew, earlier or later."""
    zone = zone_of(connection.zone)
    return {
        task.external_id
        for task in pull.open
        if task.external_id in known
        and due_differs(connection, known[task.external_id], task, zone)
    }


def _is_among(times: set[datetime], at: datetime) -> bool:
    """Whether it is one of these, by another clock."""
    return any(abs(at - one) < SAME for one in times)


def _floors(connection: Connection, tasks: dict[str, Task]) -> dict[str, datetime]:
    """The time up to which the completions of these are counted already."""
    told = Command.objects.filter(
        task__in=tasks.values(), kind=Command.Kind.COMPLETE, outcome=Command.Outcome.OK
    )
    ours = dict(told.values_list("task__external_id").annotate(Max("finished_at")))
    never = datetime.min.replace(tzinfo=connection.created_at.tzinfo)
    # A job keeps its time for as long as it takes, so what we told may have been done well after it.
    return {
        key: max(
            task.done_at + SAME if task.done_at else never,
            ours[key] + MARGIN if key in ours else never,
        )
        for key, task in tasks.items()
    }


def _lately(
    connection: Connection, since: datetime, now: datetime
) -> dict[str, dict[datetime, str]]:
    source = oauth_source(connection)
    if not isinstance(source, RemembersCompleted):
        return {}
    try:
        return with_access(
            connection,
            lambda token: source.completed_lately(token, since=since, now=now),
            now=now,
        )
    except SourceTrouble as error:
        if error.code != "bad_answer":
            raise  # it will be known later, and the list is read again then
        log.warning("%s does not say what was completed: %s", connection.pk, error)
        return {}


def _archived(
    connection: Connection, missing: set[str], account: str, since: datetime, now: datetime
) -> dict[str, set[datetime]]:
    source = oauth_source(connection)
    if not isinstance(source, RemembersCompleted):
        return {}
    found: dict[str, set[datetime]] = {}
    start, cursor = since, ""
    for _ in range(MOST_PAGES):
        end = min(start + LONGEST_WINDOW, now + MARGIN)
        try:
            page = with_access(
                connection,
                lambda token, a=start, b=end, c=cursor: source.completed(  # type: ignore[misc]
                    token, since=a, until=b, cursor=c
                ),
                now=now,
            )
        except SourceTrouble as error:
            if error.code != "bad_answer":
                raise
            log.warning("%s does not list what was completed: %s", connection.pk, error)
            break
        found |= {
            task.external_id: {task.completed_at}
            for task in page.tasks
            if task.external_id in missing and not is_another(task.completed_by, account)
        }
        cursor = page.cursor
        if not cursor:
            start = end
        if missing <= found.keys() or start >= now:
            break
    return found
