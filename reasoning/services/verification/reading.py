"""Reading a whole log: rows as they come, and what findings call a record."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connection
from psycopg import Cursor, ServerCursor

from reasoning.models import EVIDENCE, Entry

MODELS = {model.KIND: model for model in EVIDENCE}
CHUNK = 256

DOCUMENT, SUBJECT, KIND, RECORD, RECORDED_AT, DIGEST = range(2, 8)
"""Columns of the pass over the log (``tree.FULL``)."""

Progress = Callable[[str, int, int], None]
"""Is told what is being read, how far it is, and how far there is to go."""


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def stream(query: str, *parameters: Any) -> Iterator[Any]:
    """Rows through a server-side cursor, in binary; other queries may be run meanwhile."""
    with connection.wrap_database_errors, ServerCursor(connection.connection, _name()) as cursor:
        cursor.itersize = CHUNK
        cursor.execute(query.encode(), parameters, binary=True)
        yield from cursor


def burst(query: str, *parameters: Any, size: int = CHUNK) -> Iterator[Any]:
    """Rows as they arrive, ``size`` at once, in binary; no other query until the last is taken."""
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        yield from cursor.stream(query.encode(), parameters, binary=True, size=size)


def rows(query: str, *parameters: Any) -> list[Any]:
    """A short answer, whole."""
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        found: list[Any] = cursor.fetchall()
        return found


def name_of(kind: str, identifier: Any) -> str:
    """What findings call a record: ``trace 01a2…``."""
    model = MODELS.get(kind)
    return f"{model._meta.verbose_name if model else kind} {identifier}"


def name_of_leaf(index: int) -> str:
    """What findings call the entry at an index: its record, where the entry still says which."""
    found = Entry.objects.filter(leaf__index=index).values_list("kind", "subject_id").first()
    return f"entry {index} ({name_of(*found)})" if found else f"entry {index}"


_taken = 0


def _name() -> str:
    """A cursor name that is not in use."""
    global _taken  # noqa: PLW0603
    _taken += 1
    return f"verification_{_taken}"


def spans(indexes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Runs of neighbours in ascending numbers, as (first, last)."""
    first = last = None
    for index in indexes:
        if last is not None and index == last + 1:
            last = index
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = index
    if first is not None and last is not None:
        yield first, last
