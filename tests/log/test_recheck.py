"""What pages re-check: row, document, leaf, tile, checkpoint; the alarm; and what it blocks."""

import logging

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reasoning.core.errors import IntegrityMismatch
from reasoning.models import AuditEvent, Decision, Question, Trace, User
from reasoning.services import access, integrity, leases, questions, records, review, traces
from reasoning.services.policies import policy_of
from reasoning.services.traces import Arrived, Outcome
from tests.conftest import PASSWORD, whole
from tests.log.attacks import alter, forged, regrow, superuser
from tests.log.ledger import APPLICATION, connected
from tests.log.populated import TODAY, sequence


@pytest.fixture
def ledger(copies):
    """Today's log; Django's connection is the application's."""
    made = copies(TODAY)
    with connected(made.url(APPLICATION)):
        yield made


@pytest.fixture
def trace(ledger) -> Trace:
    return Trace.objects.order_by("pk").last()


def seen(row) -> list[str]:
    return [found.where for found in integrity.mismatches([type(row).objects.get(pk=row.pk)])]


def entry_of(row) -> str:
    return f"(SELECT id FROM reasoning_entry WHERE subject_id = '{row.pk}')"


def test_all_is_well_before(ledger):
    for question in Question.objects.all():
        assert records.of_questions([question.pk]).differences() == []


def test_a_changed_row(ledger, trace):
    with superuser(ledger) as connection:
        alter(connection, "reasoning_trace", "summary", "text", trace.pk)
    assert seen(trace) == ["summary"]


def test_row_and_document_changed_together(ledger, trace):
    """The row matches its document; the document matches no leaf any more."""
    with superuser(ledger) as connection:
        connection.execute(
            "UPDATE reasoning_trace SET finish_reason = 'length' WHERE id = %s", [trace.pk]
        )
        connection.execute(
            "UPDATE reasoning_entry SET document = convert_to(replace(convert_from(document,"
            f" 'UTF8'), '\"stop\"', '\"length\"'), 'UTF8') WHERE id = {entry_of(trace)}"
        )
    assert seen(trace) == ["leaf"]


def test_leaf_and_tiles_changed_as_well(ledger, trace):
    """Everything in the database agrees, but for what was signed."""
    with superuser(ledger) as connection:
        connection.execute(
            "UPDATE reasoning_entry SET document = document || ' '::bytea"
            " WHERE id = (SELECT entry_id FROM reasoning_leaf WHERE index = 3)"
        )
        regrow(connection)
    assert seen(trace) == ["checkpoint"]


def test_a_leaf_that_was_replaced(ledger, trace):
    with superuser(ledger) as connection:
        connection.execute(
            "UPDATE reasoning_leaf SET leaf_hash = sha256(leaf_hash)"
            f" WHERE entry_id = {entry_of(trace)}"
        )
    assert seen(trace) == ["leaf"]


@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE reasoning_checkpoint SET note = {forged('note')}",
        "UPDATE reasoning_checkpoint SET root = sha256(root)",
        "UPDATE reasoning_loghead SET edge[1] = sha256(edge[1]) || edge[1]",
        "DELETE FROM reasoning_logkey",
    ],
)
def test_a_checkpoint_that_proves_nothing(ledger, trace, change):
    with superuser(ledger) as connection:
        connection.execute(change)
    assert seen(trace) == ["checkpoint"]


def test_without_an_entry(ledger, trace):
    with superuser(ledger) as connection:
        connection.execute(f"DELETE FROM reasoning_entry WHERE id = {entry_of(trace)}")
    assert seen(trace) == ["entry"]


def test_what_is_not_in_the_log_yet_is_no_mismatch(ledger):
    question = asked()
    assert seen(question) == []


def asked() -> Question:
    analyst = User.objects.get(username="analyst")
    wish = questions.Asked(workspace="finance", text="And this one?")
    return questions.submit(user=analyst, asked=wish).question


def test_the_alarm_names_the_record_and_nothing_that_it_says(ledger, trace, caplog):
    with superuser(ledger) as connection:
        alter(connection, "reasoning_trace", "summary", "text", trace.pk)
    with caplog.at_level(logging.ERROR):
        seen(trace)
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == f"trace.stored {trace.pk} does not match the log (summary)"
    event = AuditEvent.objects.get(action="integrity_alarm")
    assert (event.subject_id, event.question_id) == (trace.pk, trace.question_id)
    assert (event.code, event.detail, event.actor_kind) == (
        "integrity_mismatch",
        "summary",
        "system",
    )


def test_looking_without_touching(ledger, trace):
    with superuser(ledger) as connection:
        alter(connection, "reasoning_trace", "summary", "text", trace.pk)
    before = AuditEvent.objects.count()
    assert [one.where for one in integrity.differences(Trace.objects.filter(pk=trace.pk))] == [
        "summary"
    ]
    assert AuditEvent.objects.count() == before


def test_many_rows_cost_no_more_queries_than_one(ledger, trace):
    rows = list(records.of_questions(Question.objects.values_list("pk", flat=True)).rows.values())
    assert len(rows) > 300
    integrity.differences([trace])
    with CaptureQueriesContext(connection) as few:
        integrity.differences([trace])
    with CaptureQueriesContext(connection) as many:
        integrity.differences(rows)
    assert len(few) <= len(many) <= 6


def test_a_damaged_log_blocks_signing(ledger):
    question = asked()
    claim = leases.claim(run_id=question.runs.get().pk, worker="test:1")
    answer = whole("<think>\nSo.\n</think>\n\nYes.")
    stored = traces.store(Outcome(claim, "finished", None, answer), Arrived("", ()))
    sequence(ledger)
    with superuser(ledger) as connection:
        connection.execute(
            "UPDATE reasoning_leaf SET leaf_hash = sha256(leaf_hash)"
            f" WHERE entry_id = {entry_of(stored.trace)}"
        )
    reviewer = User.objects.get(username="reviewer")
    seen_trace = access.readable_trace(reviewer, stored.trace.pk)
    before = Decision.objects.count()
    with pytest.raises(IntegrityMismatch, match=f"{stored.trace.pk}.*leaf"):
        review.sign(
            user=reviewer,
            trace=seen_trace,
            meaning="approved",
            rationale="Fine.",
            password=PASSWORD,
            document_sha256_shown=review.document_sha256(seen_trace),
            answers=("yes",) * len(policy_of(question.workspace).checklist),
            no_conflict=True,
        )
    assert Decision.objects.count() == before
