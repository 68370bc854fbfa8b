"""A dump of the database after a full run holds no title and no token in the clear."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection as database

from integrations import snapshot
from integrations.commands import send_due
from integrations.models import Connection
from oo.events.deliver import deliver
from tests.integrations.todoist_world import TodoistWorld

pytestmark = pytest.mark.django_db(transaction=True)


def dump() -> str:
    """Every value of every table, as the database has it."""
    found = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [repr(row) for row in cursor.fetchall()]
    return "\n".join(found)


def test_titles_and_tokens_are_nowhere_in_the_clear(todoist: TodoistWorld, redis_server):
    link = todoist.link()
    done = link.add("Xylophone canary one", due="every day at 09:00")
    link.add("Xylophone canary two", priority=4, due="yesterday")
    link.add("Xylophone canary three")
    link.read()
    secrets = {link.row().access_token, link.row().refresh_token}
    link.done_here(done)
    send_due(now=todoist.now)
    todoist.later(hours=1)
    link.read()
    secrets |= {link.row().access_token, link.row().refresh_token}
    while deliver(now=todoist.now):
        pass
    assert len(apps.get_models()) > 10
    for text in (dump(), dump().encode().hex()):
        assert "anary" not in text
        for secret in secrets:
            assert secret not in text
    keys = redis_server.client.keys("*")
    held = b"".join(redis_server.client.get(k) or b"" for k in keys if b"snapshot" in k)
    assert len(held) > 100
    assert b"anary" not in held
    assert len(link.titles()) == 3


def test_the_snapshot_ends_by_itself(todoist: TodoistWorld, redis_server):
    link = todoist.link()
    link.add("A task")
    link.read()
    (key,) = redis_server.client.keys("*snapshot*")
    lasts = redis_server.client.ttl(key)
    assert 0 < lasts <= settings.SNAPSHOT_HOURS * 3600


def test_a_snapshot_that_no_key_opens_or_that_is_spoilt_counts_as_absent(
    todoist: TodoistWorld, settings
):
    link = todoist.link()
    link.add("A task")
    row = link.read()
    (name,) = [f"snapshot:{row.pk}"]
    sealed = cache.get(name)
    keys = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = ["bG9zdC1rZXktbG9zdC1rZXktbG9zdC1rZXktbG9zdC0="]
    assert snapshot.read(row.pk) is None
    settings.ENCRYPTION_KEYS = keys
    for spoilt in (sealed[:-5], b"", b"junk", "text", 7, None):
        cache.set(name, spoilt)
        assert snapshot.read(row.pk) is None
    link.read()
    assert list(link.titles().values()) == ["A task"]


def test_the_texts_of_many_are_fetched_at_once_and_those_that_are_there_come():

    hour = timedelta(hours=1)
    snapshot.write("a", {"task:1": "One"}, lasts=hour)
    snapshot.write("b", {"task:2": "Zwölf 🎻"}, lasts=hour)
    assert snapshot.read_many(["a", "b", "c"]) == {
        "a": {"task:1": "One"},
        "b": {"task:2": "Zwölf 🎻"},
    }
    snapshot.drop("a")
    assert snapshot.read("a") is None
    assert not Connection.objects.exists()
