"""A query that is put into SQL once and asked many times.

The ORM takes longer to put a long query together than a database to answer it, and PostgreSQL longer to
plan it. What is asked on every request is therefore written with the ORM and compiled by it once in a
process, with placeholders for what differs from one asking to the next; and on PostgreSQL it is
prepared on each connection, which plans it anew a few times and then keeps the plan.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Expression, Field, QuerySet

log = logging.getLogger(__name__)


class Placeholder(Expression):
    """Stands in a query for a value that is given when it is asked, under a name of its own."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def as_given(self, values: Mapping[str, Any]) -> Any:
        """Its value as the database takes it. Raises KeyError where none is given."""
        return self.output_field.get_db_prep_value(values[self.name], connection)


class Compiled:
    """A query of `values()` or `values_list()` over the default database.

        now = Placeholder("now", DateTimeField())
        late = Compiled(lambda: Task.objects.filter(due_at__lt=now).values_list("pk"))
        for (pk,) in late.rows(now=at): ...

    The query is made when it is first asked: it must not hang on settings that change, which are for
    placeholders too. Values come as the ORM would give them, rows always as tuples.
    """

    def __init__(self, query: Callable[[], QuerySet[Any, Any]]) -> None:
        self._query = query
        self._statements: dict[str, _Statement] = {}

    def rows(self, **values: Any) -> Iterator[tuple[Any, ...]]:
        """Every row. Raises KeyError where a placeholder is given no value."""
        return self._statement().rows(values)

    def one(self, **values: Any) -> dict[str, Any] | None:
        """The only row, by name, None without one. Raises ValueError where there are several."""
        statement = self._statement()
        rows = list(statement.rows(values))
        if len(rows) > 1:
            raise ValueError(f"one row was expected, and {len(rows)} are there")
        return dict(zip(statement.names, rows[0], strict=True)) if rows else None

    def _statement(self) -> "_Statement":
        vendor = connection.vendor
        if vendor not in self._statements:  # two threads may do it at once, and do the same
            self._statements[vendor] = _compiled(self._query())
        return self._statements[vendor]


@dataclass(frozen=True, slots=True)
class _Statement:
    sql: str
    params: Sequence[Any]
    names: Sequence[str]
    converters: Sequence[tuple[int, Sequence[Callable[..., Any]], Any]]

    def rows(self, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        params = [
            one.as_given(values) if isinstance(one, Placeholder) else one for one in self.params
        ]
        try:
            found = self._asked(params)
        except DatabaseError as error:
            if connection.in_atomic_block or not _is_of_its_preparing(error):
                raise  # the end of a transaction makes psycopg forget what was prepared in it
            log.warning("prepared anew on another connection: %s", error)
            connection.close()
            found = self._asked(params)
        return map(self._converted, found)

    def _asked(self, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        with _cursor() as cursor:
            cursor.execute(self.sql, params)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows

    def _converted(self, row: Sequence[Any]) -> tuple[Any, ...]:
        if not self.converters:
            return tuple(row)
        converted = list(row)
        for place, steps, expression in self.converters:
            value = converted[place]
            for step in steps:
                value = step(value, expression, connection)
            converted[place] = value
        return tuple(converted)


def _compiled(asked: QuerySet[Any, Any]) -> _Statement:
    query = asked.query
    compiler = query.get_compiler(connection=connection)
    sql, params = compiler.as_sql()
    expressions = [column[0] for column in compiler.select]
    converters = compiler.get_converters(expressions)
    names = query.selected or [*query.values_select, *query.annotation_select]
    if len(names) != len(expressions):
        raise AssertionError(f"{len(names)} names do not fit {len(expressions)} columns: {sql}")
    if connection.vendor == "postgresql":
        from oo.lib.prepared import with_literals

        with connection.cursor() as cursor:
            sql, params = with_literals(sql, params, Placeholder, cursor.connection)
    return _Statement(
        sql,
        tuple(params),
        tuple(names),
        [(place, steps, expression) for place, (steps, expression) in converters.items()],
    )


@contextmanager
def _cursor() -> Iterator[Any]:
    """Django's cursor, for what it does beside; on PostgreSQL around one that prepares. Not where
    queries are logged: Django can't tell what a prepared one was.
    """
    with connection.cursor() as cursor:
        prepares = connection.vendor == "postgresql" and settings.DATABASE_PREPARE
        if prepares and not connection.queries_logged:
            from oo.lib.prepared import Preparing

            cursor.cursor = Preparing(cursor.connection)
        yield cursor


def _is_of_its_preparing(error: Exception) -> bool:
    """Whether PostgreSQL could not go by what was prepared before: a column has another type since, or
    it is not there any more, as behind a pooler that shares connections out (DATABASE_PREPARE).
    """
    state = getattr(error.__cause__, "sqlstate", None)
    return state in ("0A000", "26000", "42P05")
