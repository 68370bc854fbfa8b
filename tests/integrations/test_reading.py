"""Reading Todoist, on good days and bad ones."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from integrations import snapshot
from integrations.disconnect import disconnect, revoke_due
from integrations.models import Connection, Task
from oo.events.models import Record
from tests.integrations.todoist_world import REVOKE, SYNC, TOKEN, TodoistWorld

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def facts(subject: str) -> list[dict]:
    rows = Record.objects.filter(subject=f"signals.task.{subject}").order_by("pk")
    return [row.payload for row in rows]


def test_the_first_read_brings_the_open_tasks_and_their_text(todoist: TodoistWorld):
    link = todoist.link("priya")
    row = link.read()
    open_there = link.listed()
    assert len(open_there) > 50
    assert set(Task.objects.values_list("external_id", flat=True)) == set(open_there)
    assert link.titles() == {f"task:{id}": item["content"] for id, item in open_there.items()}
    assert row.cursor
    assert row.synced_at
    assert (row.failures, row.trouble, row.claim_token) == (0, "", None)
    assert facts("synced")[0]["added"] == len(open_there)


def test_later_reads_ask_for_changes_only_and_bring_each(todoist: TodoistWorld):
    link = todoist.link()
    kept, renamed, done, deleted = (link.add(name) for name in ("Keep", "Old", "Do", "Drop"))
    link.read()
    link.act(done, "complete")
    link.act(deleted, "delete")
    added = link.add("New", priority=4, due="tomorrow")
    todoist.forget_requests()
    link.read()
    assert len(todoist.asked(SYNC)) == 1
    assert link.titles() == {
        f"task:{kept}": "Keep",
        f"task:{renamed}": "Old",
        f"task:{added}": "New",
    }
    assert (link.task(done).closed_as, link.task(deleted).closed_as) == ("done", "deleted")
    assert link.task(added).priority == 4
    (completed,) = facts("completed")
    closed_at = link.task(done).closed_at
    assert closed_at is not None
    assert completed == {
        "task_id": link.task(done).pk, "where": "source", "completed_at": closed_at.timestamp(),
    }  # fmt: skip
    assert facts("synced")[-1] | {"connection_id": ""} == {
        "connection_id": "", "added": 1, "changed": 0, "gone": 2,
    }  # fmt: skip


def test_a_read_that_finds_nothing_new_says_nothing(todoist: TodoistWorld):
    link = todoist.link()
    link.add("Same")
    link.read()
    before = Record.objects.count()
    link.read()
    assert Record.objects.count() == before


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("500", "unavailable"),
        ("429", "rate_limited"),
        ("hang", "unreachable"),
        ("garbage", "bad_answer"),
        ("html", "bad_answer"),
        ("truncated", "unreachable"),
        ("wrong_types", "bad_answer"),
    ],
)
def test_a_bad_day_at_todoist_changes_nothing_here_and_is_over_when_it_is_over(
    todoist: TodoistWorld, kind: str, code: str
):
    link = todoist.link("mei")
    link.read()
    open_before = Task.objects.filter(closed_at=None).count()
    texts = link.titles()
    todoist.fault(kind)
    row = link.read()
    assert (row.status, row.trouble, row.failures) == ("connected", code, 1)
    assert link.next_read() > todoist.now
    assert Task.objects.filter(closed_at=None).count() == open_before
    assert link.titles() == texts
    todoist.mend()
    row = link.read()
    assert (row.trouble, row.failures) == ("", 0)


def test_a_slow_todoist_is_waited_for(todoist: TodoistWorld):
    link = todoist.link()
    todoist.fault("slow", seconds=0.3)
    assert link.read().trouble == ""


def test_failures_push_the_next_read_away_further_each_time_up_to_an_hour(todoist: TodoistWorld):
    link = todoist.link()
    todoist.fault("500")
    waits = []
    for _ in range(10):
        now = todoist.now
        link.read()
        waits.append(round((link.next_read() - now).total_seconds()))
    assert waits == sorted(waits)
    assert 30 <= waits[0] <= 33
    assert waits[1] >= 60
    assert 3600 <= waits[-1] <= 3600 * 1.1


def test_retry_after_is_obeyed_with_429(todoist: TodoistWorld):
    link = todoist.link()
    todoist.fault("429", seconds=2000)
    now = todoist.now
    link.read()
    assert link.next_read() >= now + timedelta(seconds=2000)


def test_retry_after_of_a_401_or_404_is_not(todoist: TodoistWorld, settings):
    link = todoist.link()
    settings.TODOIST_API_URL += "/sections/no-such-place"  # its 404 says `retry_after`, as the real
    now = todoist.now
    row = link.read()
    assert row.trouble == "bad_answer"
    assert link.next_read() < now + timedelta(seconds=40)
    settings.TODOIST_API_URL = settings.TODOIST_API_URL.removesuffix("/sections/no-such-place")
    todoist.fault("revoked", SYNC, times=1)
    assert link.read().trouble == ""  # refreshed and repeated at once


def test_a_retry_after_of_years_is_a_day(todoist: TodoistWorld):
    link = todoist.link()
    todoist.fault("429", seconds=86_400)
    now = todoist.now
    link.read()
    assert link.next_read() <= now + timedelta(days=1.11)


def test_an_old_address_of_todoist_is_trouble_and_not_the_users(todoist: TodoistWorld, settings):
    link = todoist.link()
    settings.TODOIST_API_URL = settings.TODOIST_API_URL.replace("/api/v1", "/sync/v9")
    row = link.read()
    assert (row.status, row.trouble) == ("connected", "bad_answer")


def test_a_cursor_that_todoist_knows_no_more_leads_to_a_full_read(todoist: TodoistWorld):
    link = todoist.link()
    gone, stays = link.add("Gone"), link.add("Stays")
    link.read()
    link.act(gone, "delete")
    texts = link.titles()
    Connection.objects.update(cursor="no-cursor-of-todoist")
    snapshot.write(link.connection.pk, texts, lasts=HOUR, cursor="no-cursor-of-todoist")
    row = link.read()
    assert row.trouble == ""
    assert row.cursor != "no-cursor-of-todoist"
    assert link.titles() == {f"task:{stays}": "Stays"}
    assert link.task(gone).closed_as == "deleted"


def test_lost_text_comes_back_and_done_is_still_told_from_deleted(todoist: TodoistWorld):
    link = todoist.link()
    done, deleted, stays = link.add("Do"), link.add("Drop"), link.add("Stays")
    link.read()
    link.act(done, "complete")
    link.act(deleted, "delete")
    snapshot.drop(link.connection.pk)
    link.read()
    assert link.titles() == {f"task:{stays}": "Stays"}
    assert (link.task(done).closed_as, link.task(deleted).closed_as) == ("done", "deleted")


def test_a_full_read_that_fails_after_the_text_was_lost_is_made_up_for(todoist: TodoistWorld):
    link = todoist.link()
    stays = link.add("Stays")
    link.read()
    link.add("New")
    snapshot.drop(link.connection.pk)
    todoist.fault("slow", times=1, seconds=0)
    todoist.fault("500", times=1)
    assert link.read().trouble == "unavailable"
    assert link.titles() == {}
    link.read()
    assert len(link.titles()) == 2
    assert link.titles()[f"task:{stays}"] == "Stays"


def test_text_that_could_not_be_written_is_fetched_again(todoist: TodoistWorld, monkeypatch):
    link = todoist.link()
    link.add("Old")
    link.read()
    link.add("New")
    with monkeypatch.context() as patch:
        patch.setattr(cache, "set", lambda *args, **more: None)  # what a Redis that is away does
        assert link.read().trouble == ""
    assert "New" not in link.titles().values()
    link.read()
    assert sorted(link.titles().values()) == ["New", "Old"]


def test_logs_tell_neither_tokens_nor_titles(todoist: TodoistWorld, caplog):
    caplog.set_level("DEBUG")
    link = todoist.link()
    canary = link.add("Canary in a coal mine")
    link.read()
    secrets = [link.row().access_token, link.row().refresh_token, "Canary"]
    for kind in ("500", "garbage", "html", "truncated", "wrong_types", "429"):
        todoist.fault(kind, times=1)
        link.read()
    todoist.later(hours=1)
    todoist.fault("garbage", TOKEN, times=1)
    link.read()
    link.read()
    secrets += [link.row().access_token, link.row().refresh_token]
    link.done_here(canary)
    todoist.fault("500", REVOKE)
    link.read()
    disconnect(link.row(), now=todoist.now)
    revoke_due(now=todoist.now)
    assert len(caplog.records) > 10
    for secret in secrets:
        assert secret not in caplog.text
