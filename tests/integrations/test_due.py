"""The queue of what is due: turns, budgets, waits that say why, and a cost that stays flat."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from integrations.due import (
    GONE_WAIT,
    SILENT_AFTER,
    interval,
    next_of,
    pull_in,
    push_away,
    settle,
    spend_a_read,
    take_turns,
)
from integrations.freshness import is_stale
from integrations.jobs import sync_sweep
from integrations.models import Connection
from integrations.sync import sync_due, sync_user
from integrations.troubles import WORDS
from tests.integrations.todoist_world import SYNC, TodoistWorld
from tests.people import NOW, person

pytestmark = pytest.mark.django_db


def linked(count: int, source: str = "todoist", who: str = "p") -> list[Connection]:
    """Connections that are due, the first the longest."""
    user = person(f"{who}-{source}@example.com").user
    Connection.objects.filter(user=user).delete()
    return [
        Connection.objects.create(
            user=user, source=source, slot=f"{n}", created_at=NOW,
            due_at=NOW - timedelta(minutes=count - n),
        )
        for n in range(count)
    ]  # fmt: skip


def taken(limit: int, now=NOW) -> list[Connection]:
    return list(take_turns(now=now, limit=limit))


def test_each_is_taken_once_the_longest_due_first():
    rows = linked(5)
    assert [one.pk for one in taken(3)] == [row.pk for row in rows[:3]]
    assert [one.pk for one in taken(9)] == [row.pk for row in rows[3:]]
    assert taken(9) == []


def test_a_source_with_a_long_queue_holds_up_no_other():
    linked(20)
    linked(3, source="ical_feed")
    some = [one.source for one in taken(6)]
    assert some.count("ical_feed") == 3
    # A sweep that takes one at a time comes to each source as well.
    Connection.objects.update(claim_token=None, claimed_until=None)
    ones = {taken(1, NOW + timedelta(seconds=n))[0].source for n in range(12)}
    assert ones == {"todoist", "ical_feed"}


def test_a_silent_source_is_passed_over_without_looking_at_its_rows():
    linked(3)
    cache.set("silent:todoist", SILENT_AFTER)
    with CaptureQueriesContext(database) as queries:
        assert taken(5) == []
    assert not any("'todoist'" in query["sql"] for query in queries)


def test_the_next_one_is_found_in_the_index_of_its_source():
    linked(3)
    sql, parameters = next_of("todoist", now=NOW).values("pk")[:1].query.sql_with_params()
    if database.vendor != "sqlite":
        return  # with three rows PostgreSQL reads them all; bench/claim.py looks at a million
    with database.cursor() as cursor:
        cursor.execute("EXPLAIN QUERY PLAN " + sql, parameters)
        (how,) = [row[-1] for row in cursor.fetchall()]
    assert "connections_due" in how
    assert "SORT" not in how.upper()


def test_who_may_not_sign_in_is_not_read_and_not_in_the_way():
    rows = linked(2)
    rows[0].user.is_active = False
    rows[0].user.save()
    assert taken(5) == []
    for row in rows:
        row.refresh_from_db()
        assert row.due_at >= NOW + GONE_WAIT
        assert row.claim_token is None


def test_waits_double_honour_the_source_and_are_spread():
    rows = linked(30)
    waits = []
    for _ in range(12):
        row = Connection.objects.get(pk=rows[0].pk)
        push_away(row, "unavailable", now=NOW)
        row.refresh_from_db()
        waits.append((row.due_at - NOW).total_seconds())
    assert waits[1] == pytest.approx(2 * waits[0])
    assert waits == sorted(waits)
    assert waits[-1] <= 3600 * 1.1
    push_away(rows[1], "rate_limited", retry_after=7_000, now=NOW)
    rows[1].refresh_from_db()
    assert rows[1].due_at >= NOW + timedelta(seconds=7_000)
    for row in rows[2:]:
        settle(row, now=NOW, wait=interval("todoist"))
    spread = set(Connection.objects.filter(pk__in=[r.pk for r in rows[2:]]).values_list("due_at"))
    assert len(spread) > 10, "made in one minute, they don't stay in step"


def test_nobody_is_read_more_often_than_their_budget_and_it_says_so(
    todoist: TodoistWorld, settings
):
    settings.READS_PER_HOUR = 2
    link = todoist.link()
    for _ in range(2):
        assert link.read().trouble == ""
    todoist.forget_requests()
    Connection.objects.update(failures=0)
    link.read()
    row = link.row()
    assert not todoist.asked(SYNC)
    assert row.trouble == "budget"
    assert row.due_at > todoist.now, "when next is known, and it is not switched off"
    assert row.status == "connected"
    assert "budget" in WORDS
    todoist.later(hours=1, minutes=10)
    assert sync_due(now=todoist.now, limit=5) == 1
    assert link.row().trouble == ""


def test_a_budget_is_each_persons_own_and_without_redis_nobody_is_held_back(redis_server, settings):
    settings.READS_PER_HOUR = 1
    assert [bool(spend_a_read(user, now=NOW)) for user in (1, 1, 2)] == [False, True, False]
    wait = spend_a_read(1, now=NOW + timedelta(minutes=59))
    assert wait == timedelta(minutes=1)
    redis_server.stop()
    assert spend_a_read(1, now=NOW) is None


def test_a_clock_that_was_ahead_for_a_while_holds_up_nothing_once_it_is_put_back():
    read, killed = linked(2)
    ahead = NOW + timedelta(days=30)
    one, _ = taken(2, ahead)  # the worker of the other was killed, and its lease is a month long
    settle(one, now=ahead, wait=timedelta(minutes=5), synced_at=ahead)
    back = NOW + timedelta(hours=3)
    assert taken(5, back) == []
    assert pull_in(now=back) == 1
    assert {one.pk for one in taken(5, back)} == {read.pk, killed.pk}
    assert pull_in(now=back) == 0
    assert taken(5, back) == [], "leases and waits as they should be are left alone"


def test_the_sweep_pulls_in_what_waits_for_too_long_and_nothing_that_may(monkeypatch):
    rows = linked(3)
    for row in rows[:2]:
        settle(row, now=NOW, wait=timedelta(days=1))
    Connection.objects.filter(pk=rows[2].pk).update(due_at=NOW + timedelta(days=2))
    waits = [row.due_at for row in Connection.objects.filter(pk__in=[r.pk for r in rows[:2]])]
    monkeypatch.setattr("integrations.jobs.timezone.now", lambda: NOW)
    monkeypatch.setattr("integrations.sync.sync_due", lambda **_: 0)
    sync_sweep()
    assert Connection.objects.get(pk=rows[2].pk).due_at == NOW
    kept = Connection.objects.filter(pk__in=[r.pk for r in rows[:2]])
    assert [row.due_at for row in kept] == waits


def test_what_was_read_in_the_future_is_stale_and_read_when_its_user_looks(todoist: TodoistWorld):
    ahead = NOW + timedelta(days=30)
    assert is_stale("todoist", ahead, now=NOW)
    assert not is_stale("todoist", NOW, now=NOW)
    link = todoist.link()
    far = todoist.now + timedelta(days=30)
    Connection.objects.update(synced_at=far, due_at=far)
    assert sync_user(link.connection.user_id, now=todoist.now) == 1
    assert sync_user(link.connection.user_id, now=todoist.now) == 0
