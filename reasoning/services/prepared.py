"""SQL past the ORM: prepared once for each connection, with values in binary beside the statement.

For what every run or record does. To put such a statement together in the ORM, to spell its values
out, to parse and to plan it takes many times as long as to carry it out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor


def execute(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> None:
    """Carry a statement out. Raises Django's database errors."""
    _cursor(statement, values).close()


def first(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row that a query gives. Raises Django's database errors."""
    with _cursor(statement, values) as cursor, connection.wrap_database_errors:
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _cursor(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> "Cursor[Any]":
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = Cursor(connection.connection)
        return cursor.execute(statement.encode(), values, prepare=True)
