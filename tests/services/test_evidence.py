"""Recording: the row, its texts' commitments and its entry, together or not at all."""

import hashlib

import pytest
from django.db import connection, transaction

from reasoning.core import canonical, commitments
from reasoning.core.errors import IntegrityMismatch, Malformed
from reasoning.models import AuditEvent, Entry, Question, Run
from reasoning.services import audit, integrity
from reasoning.services.evidence import record


def document_of(row):
    return canonical.decode(bytes(Entry.objects.get(subject_id=row.pk).document))


def test_each_row_has_one_entry_with_its_document(submitted):
    for row in (submitted.question, submitted.run):
        entry = Entry.objects.get(subject_id=row.pk)
        assert entry.kind == row.KIND
        assert entry.record_id == submitted.question.pk
        assert bytes(entry.document_sha256) == hashlib.sha256(bytes(entry.document)).digest()
        assert document_of(row)["id"] == str(row.pk)


def test_the_document_holds_commitments_and_no_texts(submitted):
    question = Question.objects.get(pk=submitted.question.pk)
    entry = Entry.objects.get(subject_id=question.pk)
    assert question.text.encode() not in bytes(entry.document)
    assert b"AML-7" not in bytes(entry.document)
    assert question.actor_name.encode() not in bytes(entry.document)
    held = document_of(question)["commitments"]
    assert set(held) == {"actor_name", "text", "case_reference", "metadata"}
    assert commitments.opens(bytes.fromhex(held["text"]), bytes(question.text_salt), question.text)


def test_every_text_has_a_salt_of_its_own(submitted, trace):
    salts = [bytes(getattr(trace, f"{name}_salt")) for name in trace.committed()]
    assert len(set(salts)) == len(salts)
    assert {len(salt) for salt in salts} == {32}


def test_the_time_is_the_databases(submitted):
    with connection.cursor() as cursor:
        cursor.execute("SELECT transaction_timestamp()")
        (now,) = cursor.fetchone()
    assert submitted.question.recorded_at == now
    assert document_of(submitted.question)["recorded_at"] == now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_rows_and_entries_stand_or_fall_together(submitted, people):
    before = Entry.objects.count()
    with pytest.raises(Malformed), transaction.atomic():
        record(
            audit.actor_of(people["analyst"]),
            AuditEvent(action="viewed", place="page", code="", detail=""),
            AuditEvent(action="viewed", place="page", code="\ud800", detail=""),
        )
    assert Entry.objects.count() == before
    assert not AuditEvent.objects.filter(action="viewed").exists()


def test_what_is_as_recorded_has_no_mismatch(submitted, trace):
    rows = [
        Question.objects.get(pk=submitted.question.pk),
        Run.objects.get(pk=submitted.run.pk),
        trace.attempt,
        type(trace).objects.get(pk=trace.pk),
        *trace.findings.all(),
    ]
    assert integrity.mismatches(rows) == []


@pytest.mark.parametrize(
    ("column", "value", "where"),
    [
        ("summary", "The answer is five.", "summary"),
        ("finish_reason", "length", "finish_reason"),
        ("actor_name", "someone else", "actor_name"),
        ("summary", None, "summary"),
        ("total_ms", 1, "total_ms"),
    ],
)
def test_a_changed_row_is_noticed(trace, column, value, where):
    trace.refresh_from_db()
    setattr(trace, column, value)
    (found,) = integrity.mismatches([trace])
    assert (found.kind, found.id, found.where) == ("trace.stored", str(trace.pk), where)


def test_a_row_without_an_entry_is_noticed(trace):
    copy = type(trace).objects.get(pk=trace.pk)
    copy.id = submitted_id = trace.run_id
    (found,) = integrity.mismatches([copy])
    assert found.id == str(submitted_id)
    with pytest.raises(IntegrityMismatch):
        integrity.require_intact([copy])


def test_a_change_keeps_old_new_who_and_why_and_none_of_it_in_the_log(people, workspace):
    change = audit.remember_change(
        user=people["admin"],
        subject=workspace,
        field="name",
        old="Finance",
        new="Treasury",
        reason="The department was renamed.",
        workspace=workspace,
    )
    document = document_of(change)
    assert document["facts"] == {
        "workspace_id": str(workspace.pk),
        "subject": "workspace",
        "subject_id": str(workspace.pk),
        "field": "name",
    }
    assert set(document["commitments"]) == {"actor_name", "old", "new", "reason"}
    assert change.actor_id == people["admin"].pk
    assert integrity.mismatches([change]) == []
