"""What somebody with a superuser's rights can do to the database, and cover up afterwards."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from reasoning.core import merkle
from reasoning.core.edge import Edge
from tests.log.ledger import Ledger

GUARDED = """
SELECT tgrelid::regclass::text, tgname FROM pg_trigger
 WHERE tgenabled = 'A' AND (%(table)s = '' OR tgrelid::regclass::text = %(table)s)
"""


@contextmanager
def superuser(ledger: Ledger, table: str = "") -> Iterator[psycopg.Connection]:
    """A superuser who disables all triggers, or one table's, and enables them again so that nobody
    notices."""
    with psycopg.connect(ledger.url("postgres")) as connection:
        connection.execute("SET session_replication_role = replica")
        triggers = connection.execute(GUARDED, {"table": table}).fetchall()
        for table, name in triggers:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        yield connection
        for table, name in triggers:
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


CHANGED = {
    "bytea": "CASE WHEN octet_length({0}) > 0 THEN set_byte({0}, 0, get_byte({0}, 0) # 1)"
    " ELSE '\\x01' END",
    "uuid": "coalesce(overlay({0}::text placing 'f' from 1)::uuid, gen_random_uuid())",
    "timestamptz": "coalesce({0} + interval '1 microsecond', now())",
    "date": "coalesce({0} + 1, current_date)",
    "bool": "NOT {0}",
    "int4": "coalesce({0}, 0) + 1",
    "int2": "coalesce({0}, 0) + 1",
    "int8": "coalesce({0}, 0) + 1",
    "numeric": "{0} + 0.001",
    "jsonb": "coalesce({0}, '{{}}') || '{{\"more\": 1}}'",
    "_varchar": "{0} || ARRAY['more']::varchar[]",
    "_uuid": "{0} || gen_random_uuid()",
    "text": "CASE WHEN {0} = '' THEN 'x' ELSE overlay({0} placing '~' from 1 for 1) END",
}
CHANGED["varchar"] = CHANGED["text"]


def forged(column: str) -> str:
    """An expression for a note or a signature line, of which one letter of base64 is another."""
    place = f"octet_length({column}) - 20"
    letter = f"CASE get_byte({column}, {place}) WHEN 65 THEN 66 ELSE 65 END"
    return f"set_byte({column}, {place}, {letter})"


def columns(connection: psycopg.Connection, table: str) -> list[tuple[str, str]]:
    """A table's columns with their types, but its key."""
    return connection.execute(
        "SELECT column_name::text, udt_name::text FROM information_schema.columns"
        " WHERE table_name = %s AND column_name <> 'id' ORDER BY ordinal_position",
        [table],
    ).fetchall()


def alter(connection: psycopg.Connection, table: str, column: str, kind: str, row: Any) -> None:
    """Change one byte, or as little as the type allows, of one value, whatever is checked."""
    checks = connection.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass", [table]
    )
    for (name,) in checks.fetchall():
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    quoted = sql.Identifier(column).as_string(connection)
    changed = CHANGED[kind].format(quoted)
    done = connection.execute(f"UPDATE {table} SET {quoted} = {changed} WHERE id = %s", [row])
    assert done.rowcount == 1


def leaves(connection: psycopg.Connection) -> list[bytes]:
    rows = connection.execute("SELECT leaf_hash FROM reasoning_leaf ORDER BY index").fetchall()
    return [row[0] for row in rows]


def regrow(connection: psycopg.Connection) -> Edge:
    """Make leaves, tiles and head anew from the entries, as if the log had always been so."""
    documents = connection.execute(
        "SELECT index, document FROM reasoning_leaf JOIN reasoning_entry ON id = entry_id"
        " ORDER BY index"
    ).fetchall()
    hashes = [merkle.leaf_hash(document) for _index, document in documents]
    for (index, _document), leaf in zip(documents, hashes, strict=True):
        connection.execute(
            "UPDATE reasoning_leaf SET leaf_hash = %s WHERE index = %s", [leaf, index]
        )
    return store_tree(connection, hashes)


def store_tree(connection: psycopg.Connection, hashes: Sequence[bytes]) -> Edge:
    """Store the tiles and the head of a tree with these leaves."""
    edge = Edge()
    connection.execute("DELETE FROM reasoning_tile")
    for tile, data in edge.append(hashes):
        connection.execute(
            "INSERT INTO reasoning_tile (level, index, hashes) VALUES (%s, %s, %s)",
            [tile.level, tile.index, data],
        )
    rows = {tile.level: data for tile, data in edge.partial()}
    stored = [rows.get(level, b"") for level in range(max(rows, default=-1) + 1)]
    connection.execute("UPDATE reasoning_loghead SET size = %s, edge = %s", [edge.size, stored])
    return edge


def cut(connection: psycopg.Connection, size: int) -> None:
    """Remove everything after the first entries: rows, entries, leaves, checkpoints and tiles."""
    kinds = connection.execute(
        "SELECT entry.id, subject_id FROM reasoning_entry AS entry"
        " JOIN reasoning_leaf ON entry_id = entry.id WHERE index >= %s",
        [size],
    ).fetchall()
    gone = [subject for _entry, subject in kinds]
    tables = connection.execute(
        "SELECT table_name::text FROM information_schema.columns"
        " WHERE column_name = 'actor_name_salt'"
    ).fetchall()
    for (table,) in tables:
        connection.execute(f"DELETE FROM {table} WHERE id = ANY(%s)", [gone])
    entries = [entry for entry, _subject in kinds]
    connection.execute("DELETE FROM reasoning_entry WHERE id = ANY(%s)", [entries])
    connection.execute("DELETE FROM reasoning_leaf WHERE index >= %s", [size])
    connection.execute("DELETE FROM reasoning_checkpoint WHERE size > %s", [size])
    store_tree(connection, leaves(connection))
