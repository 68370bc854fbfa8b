"""In a project that is shared, what others are to do is not the user's, and what they did is not either."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from integrations.history import read_histories_due
from integrations.models import Connection, Task
from integrations.signals import signals_of
from oo.events.models import Record
from tests.integrations.test_hooks import completion, completions, post, read_news
from tests.integrations.todoist_world import Link, TodoistWorld

pytestmark = pytest.mark.django_db

COLLEAGUE = "2423523"
ACTIVITIES = "/todoist/api/v1/activities"
COMPLETED = "/todoist/api/v1/tasks/completed/by_completion_date"


@pytest.fixture
def sam(todoist: TodoistWorld) -> Link:
    link = todoist.link()
    link.add("Something")
    link.read()
    return link


def uid(link: Link) -> str:
    return next(iter(link.listed().values()))["user_id"]


def everything_anew(link: Link) -> None:
    """The next read is one of all that is there."""
    Connection.objects.filter(pk=link.connection.pk).update(cursor="refused")
    link.read()


def test_a_task_of_a_colleagues_is_not_taken_in(todoist: TodoistWorld):
    link = todoist.link()
    theirs, mine, anybodys = (link.add(name) for name in ("Theirs", "Mine", "Anybody's"))
    link.act(theirs, "assign", to=COLLEAGUE)
    link.act(mine, "assign", to=uid(link))
    link.read()  # the first one, which says whose list it is
    assert set(link.titles().values()) == {"Mine", "Anybody's"}
    assert set(Task.objects.values_list("external_id", flat=True)) == {mine, anybodys}
    later = link.add("Theirs too")
    link.act(later, "assign", to=COLLEAGUE)
    link.read()
    assert "Theirs too" not in link.titles().values()
    assert not Task.objects.filter(external_id=later).exists()


def test_a_task_that_is_given_to_a_colleague_goes_and_comes_back_with_it(sam: Link):
    task = sam.add("Write the minutes")
    sam.read()
    pk = sam.task(task).pk
    sam.act(task, "assign", to=COLLEAGUE)
    sam.read()
    assert sam.task(task).closed_as == "deleted"
    assert "Write the minutes" not in sam.titles().values()
    gone = Record.objects.filter(subject="signals.task.synced").order_by("pk").last()
    assert gone is not None
    assert gone.payload["gone"] == 1
    everything_anew(sam)
    assert sam.task(task).closed_as == "deleted"
    for whose in (uid(sam), None):
        sam.act(task, "assign", to=COLLEAGUE)
        sam.read()
        sam.act(task, "assign", to=whose)
        sam.read()
        assert sam.task(task).closed_at is None
        assert sam.task(task).pk == pk
        assert "Write the minutes" in sam.titles().values()
    assert completions() == []


@pytest.mark.parametrize("how", ["a read of changes", "a full read", "a full read without a log"])
def test_what_a_colleague_completed_is_gone_and_was_not_done_by_the_user(sam: Link, how: str):
    theirs, mine = sam.add("Done by a colleague"), sam.add("Done by me")
    sam.read()
    sam.world.later(minutes=20)
    sam.act(theirs, "complete", by=COLLEAGUE)
    sam.act(mine, "complete")
    if how == "a full read without a log":
        sam.world.fault("garbage", ACTIVITIES)
    if how == "a read of changes":
        sam.read()
    else:
        everything_anew(sam)
    assert (sam.task(theirs).closed_as, sam.task(mine).closed_as) == ("deleted", "done")
    assert [one["task_id"] for one in completions()] == [sam.task(mine).pk]
    user = sam.connection.user_id
    assert len(signals_of([user], now=sam.world.now)[user].done_at) == 1


def test_what_the_log_says_a_colleague_did_the_list_of_completed_tasks_need_not_say(sam: Link):
    task = sam.add("Done by a colleague")
    sam.read()
    sam.world.later(minutes=20)
    sam.act(task, "complete", by=COLLEAGUE)
    sam.world.forget_requests()
    everything_anew(sam)
    assert sam.world.asked(ACTIVITIES)
    assert not sam.world.asked(COMPLETED)
    assert completions() == []


def test_a_habit_that_a_colleague_kept_up_is_not_counted_whoever_tells_of_it(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    first = sam.due(task)
    at = sam.world.later(minutes=5)
    sam.act(task, "complete", by=COLLEAGUE)
    colleague: dict[str, Any] = {"id": COLLEAGUE, "full_name": "A", "email": "a@example.com"}
    post(completion(sam, task, at, initiator=colleague))
    read_news(sam)  # which asks the log as well
    assert sam.world.asked(ACTIVITIES)
    assert sam.due(task) > first
    assert completions() == []
    assert sam.task(task).done_at is None
    sam.world.later(minutes=5)
    sam.act(task, "complete")
    sam.read()
    assert [one["task_id"] for one in completions()] == [sam.task(task).pk]


def test_a_webhook_that_does_not_say_who_it_was_is_believed(sam: Link):
    task = sam.add("Water the plants", due="every day at 09:00")
    sam.read()
    sam.world.fault("garbage", ACTIVITIES)
    for number, nobody in enumerate((None, {}, {"id": None}, "somebody")):
        at = sam.world.later(minutes=5)
        sam.act(task, "complete")
        post(completion(sam, task, at, initiator=nobody), id=str(number))
        read_news(sam)
        assert len(completions()) == number + 1


def test_what_colleagues_completed_before_is_not_in_the_users_past(todoist: TodoistWorld):
    link = todoist.link()
    theirs, mine = link.add("Done by a colleague"), link.add("Done by me")
    link.act(theirs, "complete", by=COLLEAGUE)
    link.act(mine, "complete")
    todoist.later(minutes=1)
    link.read()
    while read_histories_due(now=todoist.now, limit=1):
        pass
    assert set(Task.objects.values_list("external_id", flat=True)) == {mine}


def test_where_nobody_knows_who_the_user_is_all_is_theirs(sam: Link):
    theirs, done = sam.add("Theirs"), sam.add("Done by a colleague")
    sam.read()
    Connection.objects.update(account="")
    sam.act(theirs, "assign", to=COLLEAGUE)
    sam.act(done, "complete", by=COLLEAGUE)
    sam.read()
    assert sam.task(theirs).closed_at is None
    assert sam.task(done).closed_as == "done"


def test_a_user_known_under_an_older_key_is_still_themselves(sam: Link, settings):
    from cryptography.fernet import Fernet

    task = sam.add("Mine")
    sam.read()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
    sam.act(task, "assign", to=uid(sam))
    sam.read()
    assert sam.task(task).closed_at is None


@pytest.mark.parametrize("cut", [False, True])
def test_the_users_own_tasks_are_theirs_also_under_another_key(sam: Link, settings: Any, cut: bool):
    mine = sam.add("Mine")
    sam.act(mine, "assign", to=uid(sam))
    sam.read()
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, old]
    if cut:
        Connection.objects.update(status=Connection.Status.RECONNECT)
    call_command("rotate_keys")
    if not cut:
        sam.read()
    settings.ENCRYPTION_KEYS = [new]
    Connection.objects.update(status=Connection.Status.CONNECTED)
    sam.tell("item_update", id=mine, content="Mine, still")
    sam.read()
    assert sam.task(mine).closed_at is None
    assert "Mine, still" in sam.titles().values()
