"""A query that was put into SQL once answers as the ORM would, each time with other values."""

import uuid
from datetime import UTC, timedelta
from threading import Thread

import pytest
from django.db import IntegrityError, connection, transaction
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


def urgent():
    return open_tasks().filter(priority=4)


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
    compiled = Compiled(lambda: open_tasks().values_list("pk"))
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
    compiled = Compiled(lambda: made.append(1) or urgent().values("priority"))
    for _ in range(3):
        assert compiled.one(user=ada.user.pk, until=NOW) == {"priority": 4}
    assert made == [1]


def test_there_may_be_no_row_and_of_several_none_is_the_one(ada):
    compiled = Compiled(lambda: open_tasks().values("priority"))
    assert compiled.one(user=0, until=NOW) is None
    with pytest.raises(ValueError, match="2 are there"):
        compiled.one(user=ada.user.pk, until=NOW)


def test_a_value_that_is_not_given_is_an_error_and_nothing_is_asked(ada):
    compiled = Compiled(lambda: urgent().values("priority"))
    compiled.one(user=ada.user.pk, until=NOW)
    with CaptureQueriesContext(connection) as asked, pytest.raises(KeyError, match="until"):
        compiled.one(user=ada.user.pk)
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
    assert compiled.one(name="ada@example.com") == {"said": f"ada@example.com{name}"}


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
    assert compiled.one(user=ada.pk) == {"value": said}


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall()]


@pytest.mark.postgres
def test_it_is_prepared_once_on_a_connection_with_all_that_is_always_the_same(ada):
    compiled = Compiled(lambda: urgent().values("priority"))
    before = len(prepared())
    for _ in range(8):
        compiled.one(user=ada.user.pk, until=NOW)
    (statement,) = prepared()[before:]
    assert "$2" in statement
    assert "$3" not in statement
    assert '"priority" = 4' in statement


@pytest.mark.postgres
def test_nothing_is_prepared_where_connections_are_shared_out_by_a_pooler(ada, settings):
    settings.DATABASE_PREPARE = False
    compiled = Compiled(lambda: urgent().values("priority"))
    before = len(prepared())
    assert compiled.one(user=ada.user.pk, until=NOW) == {"priority": 4}
    assert len(prepared()) == before


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_what_else_is_asked_leaves_no_trace_on_a_connection_and_takes_nothing_from_it(ada):
    compiled = Compiled(lambda: urgent().values("priority"))
    compiled.one(user=ada.user.pk, until=NOW)
    kept = len(prepared())
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("ada@example.com")
        assert len(prepared()) == kept
    texts = str(connection.connection._prepared._counts)
    assert "ada@example.com" not in texts


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "meanwhile",
    ["ALTER TABLE tasks ALTER COLUMN priority TYPE bigint", "DEALLOCATE ALL"],
)
def test_what_can_not_be_asked_as_it_was_prepared_is_prepared_anew(ada, meanwhile):
    compiled = Compiled(lambda: urgent().values("priority"))
    ask = {"user": ada.user.pk, "until": NOW}
    assert compiled.one(**ask) == {"priority": 4}
    with connection.cursor() as cursor:  # psycopg looks at what its own cursors are told
        pgconn = cursor.connection.pgconn
        assert pgconn.exec_(meanwhile.encode()).error_message == b""
    try:
        for _ in range(3):
            assert compiled.one(**ask) == {"priority": 4}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tasks ALTER COLUMN priority TYPE smallint")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_it_answers_on_after_a_roll_back_a_change_of_the_table_and_on_another_connection(ada):
    compiled = Compiled(lambda: urgent().values("priority"))
    ask = {"user": ada.user.pk, "until": NOW}
    assert compiled.one(**ask) == {"priority": 4}
    with transaction.atomic():
        assert compiled.one(**ask) == {"priority": 4}
        transaction.set_rollback(True)
    assert compiled.one(**ask) == {"priority": 4}
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tasks ADD COLUMN more integer NULL")
    try:
        assert compiled.one(**ask) == {"priority": 4}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE tasks DROP COLUMN more")
    found = []

    def elsewhere() -> None:
        found.append(compiled.one(**ask))
        connection.close()

    thread = Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [{"priority": 4}]
