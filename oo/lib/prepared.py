"""Statements that are prepared on a connection to PostgreSQL (oo/lib/compiled.py)."""

import re
from collections.abc import Sequence
from typing import Any

from psycopg import ClientCursor, Connection, Cursor
from psycopg.types.datetime import TimestamptzLoader


class Preparing(Cursor[Any]):
    """A cursor that prepares what it executes.

    Times come in UTC, as from Django's cursors, whose own way is slow where there are hundreds.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        super().__init__(connection)
        self.adapters.register_loader("timestamptz", TimestamptzLoader)

    def execute(self, query: Any, params: Any = None, **more: Any) -> "Preparing":
        # For this statement only. A connection that may prepare keeps the texts of all that was asked
        # on it lately, with the values in them, and forgets what is prepared at every savepoint.
        self.connection.prepare_threshold = 0
        try:
            super().execute(query, params, prepare=True, **more)
        finally:
            self.connection.prepare_threshold = None
        return self


def with_literals(
    sql: str, params: Sequence[Any], stay: type, connection: Connection[Any]
) -> tuple[str, list[Any]]:
    """SQL with its parameters written into it, and those that are of the type `stay`, which are not.

    A server that is sent values apart must be able to tell the type of each, and has no use for a
    partial index where it does not know the value while it plans.
    """
    client, given = ClientCursor(connection), iter(params)
    left: list[Any] = []

    def put(mark: re.Match[str]) -> str:
        if mark[0] == "%%":
            return mark[0]
        value = next(given)
        if isinstance(value, stay):
            left.append(value)
            return mark[0]
        return client.mogrify("%s", [value]).replace("%", "%%")

    return re.sub("%[s%]", put, sql), left
