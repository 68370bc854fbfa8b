"""A query that was put into SQL once answers as the ORM would, each time with other values."""

import uuid
from datetime import UTC, timedelta
from threading import Thread

import pytest
from django.db import connection
from django.db.models import BigAutoField, CharField, DateTimeField, F, Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from accounts.models import Preference, User
from integrations.models import Task
from oo.lib.compiled import Compiled, Placeholder
from tests.people import NOW, Item, Person, person

pytestmark = pytest.mark.django_db

MILK = Item("Buy milk", priority=4, due_at=NOW + timedelta(hours=2))
DENTIST = Item("Call the dentist", age_days=40)


def open_tasks():
    return Task.objects.filter(
        user=Placeholder("user", BigAutoField()),
        added_at__lt=Placeholder("until", DateTimeField()),
        closed_at=None,
    ).order_by("pk")


@pytest.fixture
def ada() -> Person:
    return person("ada@example.com", MILK, DENTIST)


def test_rows_are_those_of_the_orm_with_their_types(ada):
    columns = ("pk", "connection_id", "external_id", "priority", "due_on", "due_at", "recurring")
    compiled = Compiled(lambda: open_tasks().values_list(*columns))
    by_orm = Task.objects.filter(user=ada.user).order_by("pk").values_list(*columns)
    found = list(compiled.rows(user=ada.user.pk, until=NOW))
    assert found == list(by_orm)
    assert [type(value) for value in found[0]] == [type(value) for value in by_orm[0]]
    due = found[0][columns.index("due_at")]
    assert due == NOW + timedelta(hours=2)
    assert due.utcoffset() == timedelta(0)
    assert isinstance(found[0][columns.index("connection_id")], uuid.UUID)


def test_each_asking_has_values_of_its_own(ada):
    eve = person("eve@example.com", MILK)
    compiled = Compiled(lambda: open_tasks().values_list("pk", flat=False))
    for who, until, count in (
        (ada, NOW, 2),
        (ada, NOW - timedelta(days=10), 1),
        (eve, NOW, 1),
        (ada, NOW - timedelta(days=99), 0),
        (ada, NOW.astimezone(UTC), 2),
    ):
        assert len(list(compiled.rows(user=who.user.pk, until=until))) == count


def test_it_is_made_once(ada):
    made = []
    compiled = Compiled(lambda: made.append(1) or open_tasks().values("priority"))
    for _ in range(3):
        assert compiled.first(user=ada.user.pk, until=NOW) == {"priority": 4}
    assert made == [1]


def test_there_may_be_no_row(ada):
    compiled = Compiled(lambda: open_tasks().values("priority"))
    assert compiled.first(user=0, until=NOW) is None


def test_a_value_that_is_not_given_is_an_error_and_nothing_is_asked(ada):
    compiled = Compiled(lambda: open_tasks().values("priority"))
    compiled.first(user=ada.user.pk, until=NOW)
    with CaptureQueriesContext(connection) as asked, pytest.raises(KeyError, match="until"):
        compiled.first(user=ada.user.pk)
    assert not asked.captured_queries


def test_what_is_written_into_it_may_hold_any_sign():
    name = "100 % of Ada's \\ %s %(x)s"
    User.objects.create_user("ada@example.com")
    at = Placeholder("name", CharField())
    compiled = Compiled(
        lambda: User.objects.filter(email=at).values(
            said=Concat(F("email"), Value(name), output_field=CharField())
        )
    )
    assert compiled.first(name="ada@example.com") == {"said": f"ada@example.com{name}"}


@pytest.mark.parametrize("hostile", ["' OR 1=1 --", "%s", "$1", "\\", "é"])
def test_a_value_is_a_value_whatever_it_says(hostile):
    User.objects.create_user("ada@example.com")
    at = Placeholder("email", CharField())
    compiled = Compiled(lambda: User.objects.filter(email=at).values_list("pk"))
    assert list(compiled.rows(email=hostile)) == []


def test_json_comes_as_what_it_holds():
    ada = User.objects.create_user("ada@example.com")
    said = {"a": [1, None, "é"]}
    Preference.objects.create(user=ada, key="x", source="user", value=said, updated_at=NOW)
    who = Placeholder("user", BigAutoField())
    compiled = Compiled(lambda: Preference.objects.filter(user=who).values("value"))
    assert compiled.first(user=ada.pk) == {"value": said}


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


@pytest.mark.postgres
def test_it_is_planned_once_on_a_connection(ada):
    compiled = Compiled(lambda: open_tasks().values("priority"))
    before = len(prepared())
    for _ in range(8):
        compiled.first(user=ada.user.pk, until=NOW)
    (statement,) = prepared()[before:]
    assert "$2" in statement
    assert "$3" not in statement, "what is the same each time is part of the statement"


@pytest.mark.postgres
def test_nothing_is_prepared_where_connections_are_shared_out_by_a_pooler(ada, monkeypatch):
    compiled = Compiled(lambda: open_tasks().values("priority"))
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    before = len(prepared())
    assert compiled.first(user=ada.user.pk, until=NOW) == {"priority": 4}
    assert len(prepared()) == before


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_it_answers_on_after_a_roll_back_a_change_of_the_table_and_on_another_connection(ada):
    from django.db import transaction

    compiled = Compiled(lambda: open_tasks().values("priority"))
    ask = {"user": ada.user.pk, "until": NOW}
    assert compiled.first(**ask) == {"priority": 4}
    with transaction.atomic():
        assert compiled.first(**ask) == {"priority": 4}
        transaction.set_rollback(True)
    assert compiled.first(**ask) == {"priority": 4}
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tasks ADD COLUMN more integer NULL")
    try:
        assert compiled.first(**ask) == {"priority": 4}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tasks DROP COLUMN more")
    found = []

    def elsewhere() -> None:
        found.append(compiled.first(**ask))
        connection.close()

    thread = Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [{"priority": 4}]
