"""SQL past the ORM: prepared once for each connection, with values in binary beside the statement.

For what every run or record does. To put such a statement together in the ORM, to spell its values
out, to parse and to plan it takes many times as long as to carry it out.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from psycopg import Cursor

M = TypeVar("M", bound=Model)


def execute(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> None:
    """Carry a statement out. Raises Django's database errors."""
    _cursor(statement, values).close()


def first(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row that a query gives. Raises Django's database errors."""
    with _cursor(statement, values) as cursor, connection.wrap_database_errors:
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


class Query(Generic[M]):
    """A query of the ORM that is put together once; from then on only its values are others.

    So what the models know is written once, and costs no more than SQL. ``make`` gives the queryset
    for values of ``types``, and is asked only once: nothing else that it depends on may change.
    """

    def __init__(self, make: "Callable[..., QuerySet[M]]", *types: type[UUID | str | int]) -> None:
        self._make = make
        self._marks = [_MARKS[one]() for one in types]

    def first(self, *values: UUID | str | int) -> M | None:
        """The first row, with what is selected along with it. Raises Django's database errors."""
        row = first(self._rows.statement, self._rows.parameters(values))
        found: M | None = self._reader.instance(row) if row else None
        return found

    def get(self, *values: UUID | str | int) -> M:
        """The row that there must be."""
        found = self.first(*values)
        if found is None:
            raise ObjectDoesNotExist
        return found

    def exists(self, *values: UUID | str | int) -> bool:
        """Whether there is any row. Raises Django's database errors."""
        return first(self._any.statement, self._any.parameters(values)) is not None

    @cached_property
    def _rows(self) -> "_Compiled":
        return _Compiled(self._make(*self._marks)[:1].query, self._marks)

    @cached_property
    def _any(self) -> "_Compiled":
        return _Compiled(self._make(*self._marks).query.exists(), self._marks)

    @cached_property
    def _reader(self) -> "_Reader":
        return _Reader(self._rows.compiler)


_MARKS: dict[type, Callable[[], UUID | str | int]] = {
    UUID: uuid4,
    str: lambda: uuid4().hex,
    int: lambda: uuid4().int >> 98,
}
"""What stands for a value of each type until it is known. No statement has it by chance."""


class _Compiled:
    """A query as the ORM writes it."""

    def __init__(self, query: Any, marks: Sequence[Any]) -> None:
        self.compiler = query.get_compiler(connection.alias)
        self.statement, values = self.compiler.as_sql()
        self._values = [(marks.index(one), None) if one in marks else (None, one) for one in values]

    def parameters(self, values: Sequence[Any]) -> list[Any]:
        """What the statement takes: these values in the places of the marks."""
        return [constant if at is None else values[at] for at, constant in self._values]


class _Reader:
    """How a row becomes an instance, as Django's own ``ModelIterable`` finds out each time."""

    def __init__(self, compiler: Any) -> None:
        own = compiler.klass_info["select_fields"]
        self._own = slice(own[0], own[-1] + 1)
        self._model = compiler.klass_info["model"]
        self._names = [column.target.attname for column, *_sql in compiler.select[self._own]]
        self._converters = compiler.get_converters([column for column, *_sql in compiler.select])
        self._related = get_related_populators(  # type: ignore[call-arg]  # the stubs' is a later
            compiler.klass_info, compiler.select, connection.alias
        )

    def instance(self, row: Sequence[Any]) -> Any:
        values = list(row)
        for at, (converters, column) in self._converters.items():
            for convert in converters:
                values[at] = convert(values[at], column, connection)
        found = self._model.from_db(connection.alias, self._names, values[self._own])
        for related in self._related:
            related.populate(values, found)
        return found


def _cursor(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> "Cursor[Any]":
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = Cursor(connection.connection)
        return cursor.execute(statement.encode(), values, prepare=True)
