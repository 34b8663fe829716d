"""Records: everything that was logged about questions, and everything that claims to be of them."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from reasoning.models import (
    EVIDENCE,
    Approval,
    Decision,
    Entry,
    Erasure,
    Evidence,
    PolicyVersion,
    Question,
    Run,
)
from reasoning.services import integrity
from reasoning.services.integrity import Mismatch


@dataclass(frozen=True)
class Record:
    """Entries in the order in which they were written, and evidence rows by id.

    As long as nothing was tampered with, each entry has its row and each row its entry.
    """

    entries: list[Entry]
    rows: dict[UUID, Evidence]

    def differences(self) -> list[Mismatch]:
        """Where the record is not as logged; an entry whose row is gone is one too. Reads only."""
        return integrity.differences(self.rows.values()) + list(self.gone())

    def gone(self) -> Iterator[Mismatch]:
        """Entries whose row is not there any more."""
        for entry in self.entries:
            if entry.subject_id not in self.rows:
                yield Mismatch(entry.kind, str(entry.subject_id), "row")

    def require_intact(self) -> None:
        """Raise IntegrityMismatch, which names the first row that is not as it was logged."""
        if found := self.differences():
            raise integrity.mismatch_error(found[0])


def of_questions(ids: Iterable[UUID], *, until: datetime | None = None) -> Record:
    """All entries of the questions, and all rows: those logged and those that nothing logged.

    ``until`` leaves out what was recorded later.
    """
    ids = list(ids)
    recorded = Q(recorded_at__lte=until) if until else Q()
    entries = list(Entry.objects.filter(recorded, record_id__in=ids).order_by("id"))
    return Record(entries, _rows([entry.subject_id for entry in entries], ids, recorded))


def of_rows(ids: Collection[UUID]) -> Record:
    """The entries of these rows, and the rows."""
    entries = list(Entry.objects.filter(subject_id__in=ids).order_by("id"))
    return Record(entries, _rows(ids, (), Q()))


def used_by(questions: Iterable[UUID]) -> Record:
    """What the questions' runs used: prompts, sampling profiles and deployments, with the words of
    those who approved them and what was erased of them; the passkeys that signed decisions; and the
    policies of their workspaces."""
    questions = list(questions)
    columns = ("prompt_version_id", "sampling_profile_id", "deployment_id")
    runs = Run.objects.filter(question_id__in=questions).values_list(*columns)
    used = {identifier for run in runs for identifier in run}
    signed = Decision.objects.filter(question_id__in=questions, passkey__isnull=False)
    used |= set(signed.values_list("passkey_id", flat=True))
    approvals = Approval.objects.filter(subject_id__in=used).values_list("pk", flat=True)
    rooms = Question.objects.filter(pk__in=questions).values("workspace")
    policies = PolicyVersion.objects.filter(workspace__in=rooms).values_list("pk", flat=True)
    ids = used | set(approvals) | set(policies)
    ids |= set(Erasure.objects.filter(subject_id__in=ids).values_list("pk", flat=True))
    return of_rows(ids)


def _rows(ids: Collection[UUID], questions: Collection[UUID], recorded: Q) -> dict[UUID, Evidence]:
    """Rows with these ids, and rows that say that they belong to these questions."""
    wanted = {model: Q(pk__in=ids) | (_belongs(model, questions) & recorded) for model in EVIDENCE}
    return {
        row.pk: row
        for model, condition in wanted.items()
        for row in model._default_manager.filter(condition).order_by("pk")
    }


def _belongs(model: type[Evidence], questions: Collection[UUID]) -> Q:
    """Rows of these questions; none where rows do not say whose they are."""
    columns = {field.attname for field in model._meta.concrete_fields}
    return Q(question_id__in=questions) if "question_id" in columns else Q(pk__in=())
