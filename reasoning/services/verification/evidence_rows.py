"""Steps 6, 7, 10 and 12, row by row: evidence against the documents that were logged of it.

From each row its document is made anew, with commitments computed from its texts and salts. The
same bytes as the logged ones: then every text opens, and every fact is as it was. Only where they
differ is the difference looked for.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from django.db import models

from reasoning.core.commitments import SALT_SIZE, commit
from reasoning.core.errors import gettext_noop as _
from reasoning.core.reports import Step
from reasoning.models import Decision, Entry, Evidence, Question, Trace
from reasoning.services import erasure, integrity
from reasoning.services.verification.reading import (
    DIGEST,
    DOCUMENT,
    KIND,
    MODELS,
    RECORD,
    RECORDED_AT,
    SUBJECT,
    burst,
    name_of,
)
from reasoning.services.verification.signatures import Signatures

BATCH = 1024
"""Entries whose documents are kept while their evidence is read."""

AT_ONCE = 64
LONG = (Question, Trace)
"""Rows received at once, and evidence whose rows are so long that they are received one by one: the
server sends the next while one is looked at."""


class EvidenceRows:
    """Takes entries in the order of the log, and compares their evidence by the batch."""

    def __init__(self, texts: Step, rows: Step, decisions: Step, signatures: Step) -> None:
        self._texts, self._rows, self._decisions = texts, rows, decisions
        self._signatures = Signatures(signatures)
        self._readers = {kind: _Reader(model) for kind, model in MODELS.items()}
        self._batch: list[Any] = []

    def take(self, entries: Sequence[Any]) -> None:
        """Take rows of the pass over the tree (``tree.FULL``)."""
        self._batch.extend(entries)
        if len(self._batch) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Compare what was taken so far."""
        by_kind: dict[str, dict[Any, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for entry in self._batch:
            by_kind[entry[KIND]][entry[SUBJECT]].append(entry)
        self._batch = []
        for kind, entries in by_kind.items():
            if kind in self._readers:
                self._compare(self._readers[kind], entries)
        if decisions := by_kind.get(Decision.KIND):
            self._check_decisions(list(decisions))
            self._signatures.check(entry for group in decisions.values() for entry in group)

    def _compare(self, reader: "_Reader", entries: Mapping[Any, Sequence[Any]]) -> None:
        """Rows that are not there, and those there twice, are found elsewhere (steps 7 and 11)."""
        odd = []
        for row in reader.rows(list(entries)):
            self._texts.checked += len(row.commits_to())
            self._rows.checked += 1
            odd += [entry for entry in entries[row.pk] if not _is_as_logged(row, entry)]
        for entry in odd:
            for row in reader.model._default_manager.filter(pk=entry[SUBJECT]):
                self._explain(row, _entry(entry))

    def _explain(self, row: Evidence, entry: Entry) -> None:
        """Say in what a row differs from its entry, or which of its texts were lawfully erased."""
        erased = erasure.recorded([row.pk]).get(row.pk, set())
        where, name = integrity.difference(row, entry, erased), name_of(row.KIND, row.pk)
        if where in row.commits_to():
            self._texts.tampered(name, _("Its %(text)s does not open its commitment."), text=where)
        elif where:
            self._rows.tampered(name, _("It differs from its entry: %(part)s."), part=where)
        for text in sorted(erased):
            if integrity.is_erased(row, text):
                self._texts.erased(name, _("Its %(text)s was lawfully erased."), text=text)

    def _check_decisions(self, identifiers: list[Any]) -> None:
        """Each decision names the digest of the very document of its trace, in the same record."""
        decisions = list(
            Decision.objects.filter(pk__in=identifiers).values_list(
                "pk", "trace_id", "question_id", "trace_document_sha256"
            )
        )
        traces = [trace for _decision, trace, _question, _digest in decisions]
        documents = {
            subject: (record, hashlib.sha256(document).hexdigest())
            for subject, record, document in burst(_TRACES, traces, Trace.KIND)
        }
        for decision, trace, question, digest in decisions:
            self._decisions.checked += 1
            if documents.get(trace) != (question, digest):
                self._decisions.tampered(
                    name_of(Decision.KIND, decision),
                    _("It is not bound to the document of %(trace)s."),
                    trace=name_of(Trace.KIND, trace),
                )


def _entry(columns: Sequence[Any]) -> Entry:
    """An entry of the columns that were read of it."""
    return Entry(
        subject_id=columns[SUBJECT],
        kind=columns[KIND],
        record_id=columns[RECORD],
        recorded_at=columns[RECORDED_AT],
        document=columns[DOCUMENT],
        document_sha256=columns[DIGEST],
    )


_TRACES = """
SELECT subject_id, record_id, document FROM reasoning_entry WHERE subject_id = ANY(%s) AND kind = %s
"""


class _Reader:
    """Reads rows of one evidence table, committed texts as the bytes that were committed to."""

    def __init__(self, model: type[Evidence]) -> None:
        self.model = model
        self._committed = model.committed()
        self._at_once = 1 if model in LONG else AT_ONCE
        fields = model._meta.concrete_fields
        self._names = [field.attname for field in fields]
        columns = ", ".join(self._column(field) for field in fields)
        table = model._meta.db_table
        self._query = f"SELECT {columns} FROM {table} WHERE id = ANY(%s)"  # noqa: S608

    def rows(self, identifiers: list[Any]) -> Iterator[Evidence]:
        """The rows with these ids, as they come; columns alone, which is all a document needs."""
        for values in burst(self._query, identifiers, size=self._at_once):
            row = self.model.__new__(self.model)
            row.__dict__ = dict(zip(self._names, values, strict=True))
            yield row

    def _column(self, field: "models.Field[Any, Any]") -> str:
        quoted = f'"{field.column}"'
        is_text = field.attname in self._committed and isinstance(field, models.TextField)
        return f"convert_to({quoted}, 'UTF8')" if is_text else quoted


def _is_as_logged(row: Evidence, entry: Any) -> bool:
    """Whether the row gives exactly the logged bytes, and the entry's columns repeat it."""
    held = {}
    values = row.__dict__
    for name in row.commits_to():
        text, salt = values[name], values[f"{name}_salt"]
        if text is None or salt is None or len(salt) != SALT_SIZE:
            return False
        held[name] = commit(salt, text)
    document = entry[DOCUMENT]
    return (
        _encoded(row.document(held)) == document
        and entry[DIGEST] == hashlib.sha256(document).digest()
        and (entry[RECORD], entry[RECORDED_AT]) == (row.record_id(), row.recorded_at)
    )


def _encoded(document: dict[str, Any]) -> bytes:
    """The bytes to compare with; that they are canonical follows from their being equal."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
