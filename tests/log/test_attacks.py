"""The table of attacks: each is carried out for real by a superuser who covers it up, and each is
noticed by something, which names the record.

What only somebody outside can notice is noticed with a checkpoint that had left the house: here the
signer's record, which lies outside the database, or a file somebody kept.
"""

from collections.abc import Callable
from uuid import uuid4

import psycopg
import pytest

from reasoning.core import merkle, notes, policies, witnessing
from reasoning.core.checkpoints import Checkpoint
from reasoning.core.errors import HeadRefused, Inconsistent, WitnessedSizeDiffers
from reasoning.core.keys import SignerKey, VerifierKey
from reasoning.core.reports import Report, Verdict
from reasoning.core.witnessing import AddCheckpoint
from reasoning.models import EVIDENCE, LogHead
from reasoning.services import checkpoints
from reasoning.services.tree import Tree
from reasoning.services.verification import Wanted, verify, verify_record
from tests.log.attacks import alter, columns, cut, forged, regrow, superuser
from tests.log.ledger import SEQUENCER, Ledger, connected, drain, sequencer
from tests.log.populated import FIRST_DAY, TODAY

TABLES = {model._meta.db_table: model for model in EVIDENCE}
UNLOGGED = {("reasoning_question", "idempotency_key"), ("reasoning_question", "request_sha256")}
"""Columns by which a repeated request is known again: no part of what was asked."""


@pytest.fixture
def ledger(copies) -> Ledger:
    """Today's log, to attack."""
    return copies(TODAY)


@pytest.fixture
def policy(populated) -> policies.Policy:
    """The log's key, as somebody outside noted it down."""
    return policies.Policy.of_keys([VerifierKey.parse(populated.vkey)])


def findings(report: Report, verdict: Verdict = Verdict.TAMPERED) -> list[tuple[int, str, str]]:
    """What a report says that is worse than nothing: step, where, message."""
    return [
        (step.number, seen.where, seen.message)
        for step in report.steps
        for seen in step.observations
        if seen.verdict == verdict
    ]


def in_evidence(found: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """Findings without those about a constraint that an attack had to drop first."""
    return [one for one in found if one[0] != 11]


def newest(ledger: Ledger, table: str) -> str:
    return ledger.rows(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 1")[0][0]


def noun(table: str) -> str:
    return str(TABLES[table]._meta.verbose_name)


def test_the_log_is_in_order_before(ledger, policy, populated):
    report = verify(Wanted(policy))
    assert report.verdict == Verdict.LAWFULLY_ERASED
    assert findings(report) == []
    assert not report.steps[1].impossible
    empty = [
        one for one in TABLES if ledger.rows(f"SELECT EXISTS (SELECT FROM {one})") != [(True,)]
    ]
    assert empty == []


# One byte ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_one_byte_of_any_column_is_noticed(ledger, policy, table):
    """In the report of that record alone; the whole log's is asked about the last one."""
    row = newest(ledger, table)
    name = f"{noun(table)} {row}"
    with superuser(ledger, table) as connection:
        found = columns(connection, table)
    noticed = []
    for column, kind in found:
        with superuser(ledger, table) as connection:
            value = connection.execute(f'SELECT "{column}" FROM {table} WHERE id = %s', [row])
            before = value.fetchone()[0]
            alter(connection, table, column, kind, row)
        report = verify_record(row, Wanted(policy))
        if any(where == name for _step, where, _message in findings(report)):
            noticed.append(column)
        with superuser(ledger, table) as connection:
            write_back(connection, table, column, kind, row, before)
    assert [column for column, _kind in found if (table, column) not in UNLOGGED] == noticed
    assert findings(verify(Wanted(policy))) == []


def write_back(connection, table, column, kind, row, value) -> None:
    cast = "::jsonb" if kind == "jsonb" else ""
    given = psycopg.types.json.Jsonb(value) if kind == "jsonb" and value is not None else value
    connection.execute(f'UPDATE {table} SET "{column}" = %s{cast} WHERE id = %s', [given, row])


@pytest.mark.parametrize("table", TABLES)
def test_one_byte_of_any_row_is_noticed_in_the_whole_log(ledger, policy, table):
    row = newest(ledger, table)
    with superuser(ledger, table) as connection:
        alter(connection, table, "actor_name", "text", row)
    assert findings(verify(Wanted(policy))) == [
        (6, f"{noun(table)} {row}", "Its actor_name does not open its commitment.")
    ]


@pytest.mark.parametrize("column", ["document", "subject_id", "record_id", "kind", "recorded_at"])
def test_one_byte_of_an_entry_is_noticed(ledger, policy, column):
    trace = newest(ledger, "reasoning_trace")
    kinds = {"document": "bytea", "kind": "varchar", "recorded_at": "timestamptz"}
    with superuser(ledger) as connection:
        ((entry, index),) = connection.execute(
            "SELECT id, index FROM reasoning_entry JOIN reasoning_leaf ON entry_id = id"
            " WHERE subject_id = %s",
            [trace],
        ).fetchall()
        alter(connection, "reasoning_entry", column, kinds.get(column, "uuid"), entry)
    found = findings(verify(Wanted(policy)))
    assert any(str(trace) in where for _step, where, _message in found), found
    if column == "document":
        sentence = "Its document is not the one that was logged."
        assert (5, f"entry {index} (trace {trace})", sentence) in found


def test_another_digest_of_an_entry_is_noticed(ledger, policy):
    """The column that signatures are bound to is computed by the database, until it is not."""
    row = newest(ledger, "reasoning_decision")
    with superuser(ledger) as connection:
        connection.execute(
            "ALTER TABLE reasoning_entry ALTER COLUMN document_sha256 DROP EXPRESSION"
        )
        connection.execute(
            "UPDATE reasoning_entry SET document_sha256 = sha256('') WHERE subject_id = %s", [row]
        )
    found = findings(verify(Wanted(policy)))
    assert found == [(7, f"decision {row}", "It differs from its entry: entry.")]


def test_a_second_entry_for_a_changed_row_is_noticed(ledger, policy):
    """The row agrees with the newer entry; the older one is still in the log."""
    row = newest(ledger, "reasoning_decision")
    with superuser(ledger) as connection:
        connection.execute(
            "ALTER TABLE reasoning_entry DROP CONSTRAINT reasoning_entry_subject_id_key"
        )
        connection.execute(
            "UPDATE reasoning_decision SET meaning = 'rejected' WHERE id = %s", [row]
        )
        connection.execute(
            "INSERT INTO reasoning_entry (subject_id, record_id, kind, recorded_at, document)"
            " SELECT subject_id, record_id, kind, recorded_at, convert_to(replace(convert_from("
            " document, 'UTF8'), '\"approved\"', '\"rejected\"'), 'UTF8')"
            " FROM reasoning_entry WHERE subject_id = %s",
            [row],
        )
    with connected(ledger.url(SEQUENCER)):
        drain(sequencer())
    found = findings(verify(Wanted(policy)))
    assert (7, f"decision {row}", "It differs from its entry: meaning.") in found
    assert (11, "reasoning_entry", "It has no unique key on subject_id.") in found
    assert findings(verify_record(row, Wanted(policy))) != []


# Rows that go or come ---------------------------------------------------------------------------


@pytest.mark.parametrize("table", TABLES)
def test_a_deleted_row_is_missed(ledger, policy, table):
    row = newest(ledger, table)
    with superuser(ledger, table) as connection:
        connection.execute(f"DELETE FROM {table} WHERE id = %s", [row])
    found = findings(verify(Wanted(policy)))
    assert (7, f"{noun(table)} {row}", "It was logged, and is not there any more.") in found
    assert findings(verify_record(row, Wanted(policy))) != []


def test_a_deleted_entry_is_missed(ledger, policy):
    row = newest(ledger, "reasoning_decision")
    with superuser(ledger) as connection:
        ((entry, index),) = index_of(connection, row)
        connection.execute("DELETE FROM reasoning_entry WHERE id = %s", [entry])
    assert findings(verify(Wanted(policy))) == [
        (5, f"entry {index}", "The log has a leaf for it, and the entry was removed."),
        (7, f"decision {row}", "No entry tells of it: it was slipped in."),
    ]


def test_a_deleted_leaf_is_missed(ledger, policy):
    row = newest(ledger, "reasoning_decision")
    with superuser(ledger) as connection:
        ((_entry, index),) = index_of(connection, row)
        connection.execute("DELETE FROM reasoning_leaf WHERE index = %s", [index])
    found = findings(verify(Wanted(policy)))
    assert found == [(4, f"entry {index}", "The log has no leaf here: it was removed.")]


def test_row_entry_and_leaf_deleted_together_are_missed(ledger, policy):
    row = newest(ledger, "reasoning_annotation")
    with superuser(ledger) as connection:
        ((entry, index),) = index_of(connection, row)
        connection.execute("DELETE FROM reasoning_annotation WHERE id = %s", [row])
        connection.execute("DELETE FROM reasoning_entry WHERE id = %s", [entry])
        connection.execute("DELETE FROM reasoning_leaf WHERE index = %s", [index])
    found = findings(verify(Wanted(policy)))
    assert found == [(4, f"entry {index}", "The log has no leaf here: it was removed.")]


def index_of(connection, row) -> list[tuple[int, int]]:
    return connection.execute(
        "SELECT id, index FROM reasoning_entry JOIN reasoning_leaf ON entry_id = id"
        " WHERE subject_id = %s",
        [row],
    ).fetchall()


COPY = """
CREATE TEMP TABLE slipped_in AS SELECT * FROM {table} WHERE id = %(row)s;
UPDATE slipped_in SET {changes};
INSERT INTO {table} SELECT * FROM slipped_in
"""


@pytest.mark.parametrize("table", TABLES)
def test_a_row_that_nobody_wrote_is_noticed(ledger, policy, table):
    row, new = newest(ledger, table), uuid4()
    numbers = {"reasoning_run", "reasoning_attempt", "reasoning_promptversion"}
    numbers |= {"reasoning_samplingprofile", "reasoning_deployment"}
    with superuser(ledger, table) as connection:
        changes = f"id = '{new}'" + (", number = number + 7" if table in numbers else "")
        for constraint in uniques(connection, table):
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        for statement in COPY.format(table=table, changes=changes).split(";"):
            connection.execute(statement, {"row": row} if "%(row)s" in statement else None)
    found = in_evidence(findings(verify(Wanted(policy))))
    assert found == [(7, f"{noun(table)} {new}", "No entry tells of it: it was slipped in.")]


def uniques(connection, table) -> list[str]:
    rows = connection.execute(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'u'", [table]
    )
    return [name for (name,) in rows]


def test_an_entry_that_nobody_wrote_is_noticed(ledger, policy):
    new = uuid4()
    with superuser(ledger) as connection:
        connection.execute(
            "INSERT INTO reasoning_entry (subject_id, kind, recorded_at, document)"
            " VALUES (%s, 'decision.signed', now(), '{}')",
            [new],
        )
    with connected(ledger.url(SEQUENCER)):
        drain(sequencer())
    found = findings(verify(Wanted(policy)))
    assert found == [(7, f"decision {new}", "It was logged, and is not there any more.")]


def test_an_entry_kept_from_the_sequencer_is_noticed(ledger, policy):
    """As if written by a transaction of long ago, which the sequencer has passed."""
    new = uuid4()
    with superuser(ledger) as connection:
        connection.execute(
            "INSERT INTO reasoning_entry (subject_id, kind, recorded_at, document, xid)"
            " VALUES (%s, 'decision.signed', now() - interval '1 hour', '{}', '3')",
            [new],
        )
    with connected(ledger.url(SEQUENCER)):
        drain(sequencer())
    (found,) = findings(verify(Wanted(policy)), Verdict.INCOMPLETE)
    assert found[:2] == (8, f"decision {new}")
    assert "has waited for its place" in found[2]


# Decisions that change places -------------------------------------------------------------------


def test_a_decision_copied_onto_another_trace_is_noticed(ledger, policy):
    (first, second) = ledger.rows("SELECT id, trace_id FROM reasoning_decision ORDER BY id")[:2]
    with superuser(ledger) as connection:
        connection.execute("DELETE FROM reasoning_decision WHERE id = %s", [second[0]])
        connection.execute(
            "UPDATE reasoning_decision SET trace_id = %s WHERE id = %s", [second[1], first[0]]
        )
    found = findings(verify(Wanted(policy)))
    assert (7, f"decision {first[0]}", "It differs from its entry: trace_id.") in found
    bound = f"It is not bound to the document of trace {second[1]}."
    assert (10, f"decision {first[0]}", bound) in found


def test_two_decisions_swapped_with_everything_about_them_are_noticed(ledger, policy):
    with superuser(ledger) as connection:
        rows = connection.execute(
            "SELECT id, trace_id, question_id, trace_document_sha256 FROM reasoning_decision"
            " ORDER BY id LIMIT 2"
        ).fetchall()
        for own, other in (rows, rows[::-1]):
            connection.execute(
                "UPDATE reasoning_decision SET trace_id = %s, question_id = %s,"
                " trace_document_sha256 = %s WHERE id = %s",
                [*other[1:], own[0]],
            )
    found = in_evidence(findings(verify(Wanted(policy))))
    assert [(step, where) for step, where, _message in found] == [
        (7, f"decision {row[0]}") for row in rows
    ]


# The tree ----------------------------------------------------------------------------------------


def test_reordered_entries_are_noticed(ledger, policy):
    with superuser(ledger) as connection:
        swap(connection, 3, 4, "entry_id")
    found = in_evidence(findings(verify(Wanted(policy))))
    assert [(step, where.split(" (")[0]) for step, where, _message in found] == [
        (5, "entry 3"),
        (5, "entry 4"),
    ]


def test_reordered_leaves_are_noticed(ledger, policy):
    with superuser(ledger) as connection:
        swap(connection, 3, 4, "entry_id", "leaf_hash")
    found = findings(verify(Wanted(policy)))
    assert found[0][0] == 3
    assert "among entries 0 to" in found[0][2]
    assert any(
        step == 5 and where.startswith("entry 3 (") and "tile/0/000" in message
        for step, where, message in found
    )


def swap(connection, one, other, *names) -> None:
    connection.execute(
        "ALTER TABLE reasoning_leaf DROP CONSTRAINT reasoning_leaf_entry_id_key", prepare=False
    )
    columns_ = ", ".join(names)
    rows = [
        connection.execute(
            f"SELECT {columns_} FROM reasoning_leaf WHERE index = %s", [index]
        ).fetchone()
        for index in (one, other)
    ]
    for index, values in zip((other, one), rows, strict=True):
        changes = ", ".join(f"{name} = %s" for name in names)
        connection.execute(
            f"UPDATE reasoning_leaf SET {changes} WHERE index = %s", [*values, index]
        )


@pytest.mark.parametrize("level", [0, 1])
def test_an_altered_tile_is_noticed(ledger, policy, level):
    with superuser(ledger) as connection:
        if level == 0:
            connection.execute("UPDATE reasoning_tile SET hashes = set_byte(hashes, 40, 255)")
        else:
            connection.execute("UPDATE reasoning_loghead SET edge[2] = set_byte(edge[2], 0, 255)")
    found = findings(verify(Wanted(policy)))
    if level == 0:
        assert found[0][1].startswith("entry 1 (")
        assert found[0][2] == "The tile tile/0/000 does not hold its leaf."
    else:
        assert found == [
            (5, "tile/1/000.p/1", "The tile is not the one that follows from the leaves.")
        ]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ("DELETE FROM reasoning_tile", "tile/0/000"),
        ("INSERT INTO reasoning_tile SELECT 0, 9, hashes FROM reasoning_tile", "tile/0"),
        ("INSERT INTO reasoning_tile SELECT 3, 0, hashes FROM reasoning_tile", "tile/3"),
    ],
)
def test_tiles_too_few_or_too_many_are_noticed(ledger, policy, change, where):
    with superuser(ledger) as connection:
        connection.execute(change)
    assert [found[:2] for found in findings(verify(Wanted(policy)))] == [(5, where)]


def rewrite(ledger: Ledger) -> str:
    """Change a decision, its document, and everything in the database that follows from it."""
    row = newest(ledger, "reasoning_decision")
    with superuser(ledger) as connection:
        connection.execute(
            "UPDATE reasoning_decision SET meaning = 'rejected' WHERE id = %s", [row]
        )
        connection.execute(
            "UPDATE reasoning_entry SET document = convert_to(replace(convert_from(document,"
            " 'UTF8'), '\"approved\"', '\"rejected\"'), 'UTF8') WHERE subject_id = %s",
            [row],
        )
        regrow(connection)
    return row


def test_leaves_and_tiles_replaced_consistently_contradict_what_was_signed(ledger, policy):
    rewrite(ledger)
    found = findings(verify(Wanted(policy)))
    assert {step for step, _where, _message in found} == {3}
    assert any(where.startswith("checkpoint ") for _step, where, _message in found)
    assert any(where == "the signer's record" for _step, where, _message in found)
    assert all("are not those that were signed" in message for _step, _where, message in found)


def test_with_the_checkpoints_gone_too_only_the_outside_knows(ledger, policy):
    rewrite(ledger)
    with superuser(ledger) as connection:
        connection.execute("DELETE FROM reasoning_checkpoint WHERE size > 0")
    found = findings(verify(Wanted(policy)))
    assert [(step, where) for step, where, _message in found] == [(3, "the signer's record")]


def test_even_the_signers_record_gone_a_kept_checkpoint_knows(ledger, policy):
    kept = bytes(checkpoints.newest().note)
    rewrite(ledger)
    with superuser(ledger) as connection:
        connection.execute("DELETE FROM reasoning_checkpoint WHERE size > 0")
    for record in (ledger.directory / "signed").iterdir():
        record.unlink()
    found = findings(verify(Wanted(policy, outside=(("kept.txt", kept),))))
    assert [(step, where) for step, where, _message in found] == [(3, "kept.txt")]


def test_the_signer_signs_no_rewritten_tree(ledger, policy):
    rewrite(ledger)
    with connected(ledger.url(SEQUENCER)), pytest.raises(HeadRefused, match="Nothing is signed"):
        drain(sequencer())


# The tail ----------------------------------------------------------------------------------------


def test_a_cut_tail_is_noticed_from_outside(ledger, policy):
    size = ledger.size()
    with superuser(ledger) as connection:
        cut(connection, size - 5)
    report = verify(Wanted(policy))
    sentence = f"It says that the log has {size} entries, and there are {size - 5}"
    ((step, where, message),) = findings(report)
    assert (step, where) == (3, "the signer's record")
    assert message.startswith(sentence)
    with connected(ledger.url(SEQUENCER)), pytest.raises(HeadRefused):
        drain(sequencer())


def test_yesterdays_dump_is_noticed_from_outside(copies, populated, policy, settings):
    today = copies(TODAY)
    kept = bytes(checkpoints.newest().note)
    yesterday = copies(FIRST_DAY)
    settings.SIGNER_STATE = today.directory / "signed"
    found = findings(verify(Wanted(policy, outside=(("kept.txt", kept),))))
    assert {(step, where) for step, where, _message in found} == {
        (3, "the signer's record"),
        (3, "kept.txt"),
    }
    assert all("an older copy was restored" in message for _step, _where, message in found)
    settings.LOG_DIR = today.directory
    with connected(yesterday.url(SEQUENCER)), pytest.raises(HeadRefused):
        drain(sequencer())


# Keys and forks ----------------------------------------------------------------------------------


def resign(ledger: Ledger, key: SignerKey) -> None:
    """Sign every stored checkpoint anew with another key, and list that one alone."""
    with superuser(ledger) as connection:
        connection.execute("DELETE FROM reasoning_logkey")
        connection.execute(
            "INSERT INTO reasoning_logkey (key, from_size) VALUES (%s, 0)", [str(key.verifier)]
        )
        for size, root in connection.execute("SELECT size, root FROM reasoning_checkpoint"):
            note = notes.sign(Checkpoint(key.name, size, root).text, key).encode()
            connection.execute(
                "UPDATE reasoning_checkpoint SET note = %s WHERE size = %s", [note, size]
            )


def test_another_key_is_not_the_pinned_one(ledger, policy):
    resign(ledger, SignerKey.generate(policy.logs[0].key.name))
    report = verify(Wanted(policy))
    assert report.verdict == Verdict.COULD_NOT_VERIFY
    found = findings(report, Verdict.COULD_NOT_VERIFY)
    assert {where for _step, where, _message in found} >= {f"checkpoint {ledger.size()}"}
    assert all(message == "No known key signed this." for _step, _where, message in found)


def test_another_key_is_noticed_by_the_signers_record_even_unpinned(ledger, policy):
    resign(ledger, SignerKey.generate(policy.logs[0].key.name))
    report = verify(Wanted())
    assert "The keys that the database lists were used." in report.steps[1].impossible
    found = findings(report, Verdict.COULD_NOT_VERIFY)
    assert found == [(3, "the signer's record", "No known key signed this.")]


def test_a_forged_signature_under_the_right_name_is_noticed(ledger, policy):
    key = policy.logs[0].key
    with superuser(ledger) as connection:
        connection.execute(
            f"UPDATE reasoning_checkpoint SET note = {forged('note')}"
            " WHERE size = (SELECT max(size) FROM reasoning_checkpoint)"
        )
    found = findings(verify(Wanted(policy)))
    assert found == [
        (2, f"checkpoint {ledger.size()}", f"The signature of {key.name} does not verify.")
    ]


def test_a_checkpoint_that_says_something_else_than_was_signed_is_noticed(ledger, policy):
    with superuser(ledger) as connection:
        connection.execute("UPDATE reasoning_checkpoint SET root = %s WHERE size > 0", [bytes(32)])
    found = findings(verify(Wanted(policy)))
    assert {(step, message.split(":")[0]) for step, _where, message in found} == {
        (2, "Its columns do not say what was signed")
    }


@pytest.fixture
def fork(copies) -> Callable[[], tuple[Ledger, Ledger]]:
    """Two logs under one key: the first day's, gone on with in two ways."""

    def make() -> tuple[Ledger, Ledger]:
        one, other = copies(FIRST_DAY), copies(FIRST_DAY)
        return one, other

    return make


def test_a_forked_log_contradicts_the_other_face(fork, policy, settings):
    one, other = fork()
    notes_of = {}
    for ledger in (one, other):
        settings.LOG_DIR, settings.SIGNER_STATE = ledger.directory, ledger.directory / "signed"
        ledger.write(3)
        with connected(ledger.url(SEQUENCER)):
            drain(sequencer())
            notes_of[ledger] = bytes(checkpoints.newest().note)
    assert notes_of[one] != notes_of[other]
    with connected(other.url("magistral_auditor")):
        found = findings(verify(Wanted(policy, outside=(("the other face", notes_of[one]),))))
    assert (3, "the other face") in {(step, where) for step, where, _message in found}


def test_a_witness_cosigns_one_face_only(fork, policy, settings):
    one, other = fork()
    key = policy.logs[0].key
    recorded = None
    for ledger in (one, other):
        settings.LOG_DIR, settings.SIGNER_STATE = ledger.directory, ledger.directory / "signed"
        ledger.write(3)
        with connected(ledger.url(SEQUENCER)):
            drain(sequencer())
            note = bytes(checkpoints.newest().note)
            head = LogHead.objects.get()
            base = recorded.size if recorded else 0
            proof = merkle.consistency_proof(base, head.size, Tree(head).read)
        request = AddCheckpoint(base, tuple(proof), note)
        if recorded is None:
            recorded = witnessing.admit(request, [key], None)
        else:
            with pytest.raises(Inconsistent):
                witnessing.admit(request, [key], recorded)


def test_a_witness_refuses_a_log_that_was_cut(ledger, policy):
    recorded = policy.open(bytes(checkpoints.newest().note)).checkpoint
    with superuser(ledger) as connection:
        cut(connection, recorded.size - 5)
    older = bytes(checkpoints.newest().note)
    size = policy.open(older).checkpoint.size
    with pytest.raises(WitnessedSizeDiffers, match=str(recorded.size)):
        witnessing.admit(AddCheckpoint(size, (), older), [policy.logs[0].key], recorded)


# Guards ------------------------------------------------------------------------------------------


def test_triggers_that_stay_disabled_are_named(ledger, policy):
    with psycopg.connect(ledger.url("postgres")) as connection:
        connection.execute("ALTER TABLE reasoning_trace DISABLE TRIGGER USER")
    assert {found[:2] for found in findings(verify(Wanted(policy)))} == {(11, "reasoning_trace")}


def test_texts_and_salts_removed_without_an_erasure_are_noticed(ledger, policy):
    row = newest(ledger, "reasoning_trace")
    with superuser(ledger) as connection:
        connection.execute("UPDATE reasoning_trace SET summary = NULL, summary_salt = NULL")
    found = findings(verify(Wanted(policy)))
    assert (6, f"trace {row}", "Its summary does not open its commitment.") in found


def test_an_erasure_row_slipped_in_excuses_nothing(ledger, policy):
    row = newest(ledger, "reasoning_trace")
    with superuser(ledger) as connection:
        connection.execute("UPDATE reasoning_trace SET summary = NULL, summary_salt = NULL")
        connection.execute(
            "INSERT INTO reasoning_erasure (id, recorded_at, actor_kind, subject, subject_id,"
            " fields, legal_basis) VALUES (gen_random_uuid(), now(), 'system', 'trace', %s,"
            " '{summary}', 'x')",
            [row],
        )
    found = findings(verify(Wanted(policy)))
    assert (6, f"trace {row}", "Its summary does not open its commitment.") in found
    assert any("slipped in" in message for _step, _where, message in found)
