"""Multiplying records inside PostgreSQL: new ids, other times, other cases; the same texts.

A copy is moved back in time by so many milliseconds as no other copy of the same record, and with
it the time in each of its ids (UUIDv7): so ids are unique, and in the order of time, and what
refers to what needs no table. Copies of decided records lie within two years, those that wait
within thirty days. Each copy of a question names somebody and a place, in its text as in the words
that are searched, so that there are some ten thousand rare words and some hundred less rare ones.

Documents are copied as they are: a copy's document is about the original. No page that checks what
it shows opens a copy, and the log takes all of them in as it takes any entry.

To be quick, stored texts go from table to table as they are compressed in the first one; triggers
and foreign keys rest; indexes are set aside and made anew; and what is written into a table that
was made anew in the same transaction is not written to the journal too.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psycopg

AT_ONCE = 2
"""Tables, on as many cores."""


@dataclass(frozen=True)
class Table:
    """What is copied: which question a row belongs to, and what differs in a copy.

    ``moved`` are the columns with ids of the record; times move too. ``other`` has expressions over
    the row ``t`` and the copy ``c``; ``which`` says of which rows there are copies.
    """

    name: str
    question: str
    moved: tuple[str, ...]
    other: dict[str, str]
    weight: int = 1
    which: str = "true"


_SOMEBODY = "seed.word(c.place % 64000)"
_SOMEWHERE = "seed.word(100000 + c.place % 500)"
_CASE = "'AML-' || c.place / 5"
_TAKEN = """t.recorded_at - c.by
  - CASE t.action WHEN 'claimed' THEN c.place * 37 % 4000 ELSE 0 END * interval '1 second'"""
_OF_RUN = "(SELECT question_id FROM reasoning_run WHERE id = t.run_id)"

TABLES = (
    Table("trace", "t.question_id", ("id", "question_id", "run_id", "attempt_id"), {}, 9),
    Table(
        "searchrow",
        "t.question_id",
        ("subject_id", "question_id", "trace_id"),
        {
            "case_reference": f"CASE WHEN t.case_reference IS NOT NULL THEN {_CASE} END",
            "words": "CASE WHEN t.kind = 'question' THEN t.words"
            f" || array_to_tsvector(ARRAY[lower({_SOMEBODY}), lower({_SOMEWHERE})])"
            " ELSE t.words END",
        },
        8,
    ),
    Table(
        "entry",
        "t.record_id",
        ("subject_id", "record_id"),
        {},
        7,
        "t.kind <> 'preliminary.recorded'",
    ),
    Table(
        "auditevent",
        "t.question_id",
        ("id", "question_id", "subject_id"),
        {"recorded_at": _TAKEN},
    ),
    Table(
        "question",
        "t.id",
        ("id",),
        {"text": f"t.text || ' ' || {_SOMEBODY} || ', ' || {_SOMEWHERE}", "case_reference": _CASE},
    ),
    Table("questionstate", "t.question_id", ("question_id", "trace_id"), {}),
    Table("run", "t.question_id", ("id", "question_id"), {}),
    Table("runstate", _OF_RUN, ("run_id",), {}),
    Table("attempt", "t.question_id", ("id", "question_id", "run_id"), {}),
    Table("finding", "t.question_id", ("id", "question_id", "trace_id"), {}),
    Table("annotation", "t.question_id", ("id", "question_id", "trace_id"), {}),
    Table("decision", "t.question_id", ("id", "question_id", "trace_id"), {}),
)

_MOVED = """
CREATE FUNCTION seed.moved(id uuid, by bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint - by), 12, '0')
          || right(replace(id::text, '-', ''), 20))::uuid $$
"""
_WORD = """
CREATE FUNCTION seed.word(number integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT initcap(translate(to_hex(1048576 + number * 7919 % 1000003), '0123456789abcdef',
                           'baceidofugklmnrs')) $$
"""
# The originals that are copied: of the newest, which hold the rare word, there are no copies.
_ORIGINALS = """
CREATE TABLE seed.originals AS
SELECT question_id AS question, status = 'in_review' AS waits,
       row_number() OVER (ORDER BY md5(question_id::text)) - 1 AS rank
  FROM (SELECT * FROM reasoning_questionstate ORDER BY asked_at DESC OFFSET {singles}) AS states
"""
# A copy of each for each number, the oldest first, spread evenly with some milliseconds of its own,
# so that no record has two copies at the same time.
_COPIES = """
CREATE TABLE seed.copies AS
SELECT question, place, shift, shift * interval '1 millisecond' AS by FROM (
  SELECT question, (number * {records} + rank)::integer AS place,
         number + (days * 86400000.0 * (number - {first} + rank::float8 / {records})
                   / (last - {first} + 1))::bigint AS shift
    FROM (SELECT question, rank, CASE WHEN waits THEN 30 ELSE 730 END AS days,
                 CASE WHEN waits THEN {waiting} ELSE {others} END AS last
            FROM seed.originals) AS wanted
   CROSS JOIN LATERAL generate_series({first}, last) AS number) AS found
 ORDER BY shift DESC
"""
_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
 WHERE table_name = %s AND table_schema = 'public' AND is_generated = 'NEVER'
   AND is_identity = 'NO' AND column_default IS NULL ORDER BY ordinal_position
"""
_SET_ASIDE = """
UPDATE pg_index SET indisready = false, indisvalid = false
 WHERE indrelid = 'reasoning_{0}'::regclass
"""


@dataclass(frozen=True)
class Numbers:
    """Which copies: from ``first`` on, of records that wait up to one number, of others another."""

    first: int
    waiting: int
    others: int


def keep_originals(url: str, singles: int) -> None:
    """Set the present records aside to be copied, here and in databases made from this one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA seed")
        for statement in (_MOVED, _WORD, _ORIGINALS.format(singles=singles)):
            connection.execute(statement)
        for table in TABLES:
            connection.execute(
                f"CREATE TABLE seed.{table.name} AS SELECT t.*, {table.question} AS of_question"
                f" FROM reasoning_{table.name} AS t"
                f" WHERE {table.question} IN (SELECT question FROM seed.originals)"
                f" AND {table.which}"
            )


def copy(url: str, numbers: Numbers) -> None:
    """Copies of what was set aside. ``url`` is a superuser's."""
    with psycopg.connect(url, autocommit=True) as connection:
        [records] = connection.execute("SELECT count(*) FROM seed.originals").fetchone()
        connection.execute("DROP TABLE IF EXISTS seed.copies")
        connection.execute(_COPIES.format(records=records, **vars(numbers)))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        heaviest_first = sorted(TABLES, key=lambda table: -table.weight)
        list(pool.map(lambda table: multiply(url, table), heaviest_first))


def multiply(url: str, table: Table) -> None:
    """One table's copies."""
    started = time.monotonic()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET enable_mergejoin = off")
        connection.execute("SET enable_nestloop = off")
        columns = {
            f'"{name}"': expression(table, name, kind)
            for name, kind in connection.execute(_COLUMNS, [f"reasoning_{table.name}"])
        }
        with connection.transaction():
            connection.execute(f"CLUSTER reasoning_{table.name} USING reasoning_{table.name}_pkey")
            connection.execute(_SET_ASIDE.format(table.name))
            connection.execute(
                f"INSERT INTO reasoning_{table.name} ({', '.join(columns)})"
                f" SELECT {', '.join(columns.values())}"
                f" FROM seed.copies AS c JOIN seed.{table.name} AS t ON t.of_question = c.question"
            )
        connection.execute(f"REINDEX TABLE reasoning_{table.name}")
    print(f"  {table.name}: {time.monotonic() - started:.0f} s", flush=True)


def expression(table: Table, name: str, kind: str) -> str:
    """What a copy has in a column."""
    if name in table.other:
        return table.other[name]
    if name in table.moved:
        return f"seed.moved(t.{name}, c.shift)"
    return f't."{name}" - c.by' if kind == "timestamp with time zone" else f't."{name}"'


def forget_originals(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA seed CASCADE")
