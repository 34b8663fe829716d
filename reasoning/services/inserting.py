"""INSERT past the ORM: prepared once for each connection, values beside the statement, in binary.

The ORM spells values out in the statement: a trace of 30 KB of text becomes 190 KB of SQL, which is
written here and read there each time, and costs as much as everything else about evidence together.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.db import connection, models
from psycopg import Cursor


def insert(rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, as ``bulk_create`` does.

    Their keys are set, and the database computes nothing. Raises Django's database errors.
    """
    fields = type(rows[0])._meta.concrete_fields
    values = [[_value(row, field) for field in fields] for row in rows]
    insert_values(type(rows[0]), tuple(field.attname for field in fields), values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_values(
    model: type[models.Model],
    names: tuple[str, ...],
    rows: Sequence[Sequence[Any]],
    *,
    returning: str = "",
) -> list[Any]:
    """Insert values of these attributes; the column that is asked back of each row."""
    statement = _statement(model, names, returning)
    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        if len(rows) == 1:
            cursor.execute(statement, rows[0], prepare=True)
        else:
            cursor.executemany(statement, rows, returning=bool(returning))
        return [row for result in cursor.results() for (row,) in result] if returning else []


@cache
def _statement(model: type[models.Model], names: tuple[str, ...], returning: str) -> bytes:
    by_name = {field.attname: field for field in model._meta.concrete_fields}
    columns = ", ".join(f'"{by_name[name].column}"' for name in names)
    places = ", ".join(_placeholder(by_name[name]) for name in names)
    statement = f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({places})"  # noqa: S608
    return f"{statement} RETURNING {returning}".encode() if returning else statement.encode()


def copy(
    model: type[models.Model],
    columns: Sequence[str],
    types: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Append rows by binary COPY, the quickest where they are many."""
    names = ", ".join(columns)
    statement = f"COPY {model._meta.db_table} ({names}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as sending:
        sending.set_types(types)
        for row in rows:
            sending.write_row(row)


def _value(row: models.Model, field: "models.Field[Any, Any]") -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _placeholder(field: "models.Field[Any, Any]") -> str:
    return "%b" if isinstance(field, models.BinaryField) else "%s"
