"""One record, down to the signed checkpoint: a few rows, however long the log is."""

from uuid import UUID

from reasoning.core.errors import gettext_noop as _
from reasoning.core.policies import Policy
from reasoning.core.reports import STEPS, Report, Step
from reasoning.models import Entry, LogHead
from reasoning.services import checkpoints, inclusion, records
from reasoning.services.records import Record
from reasoning.services.snapshots import snapshot
from reasoning.services.verification import trusting
from reasoning.services.verification.evidence_rows import EvidenceRows
from reasoning.services.verification.heads import Heads
from reasoning.services.verification.reading import name_of, rows
from reasoning.services.verification.tree import FULL
from reasoning.services.verification.whole import NOT_A_BUNDLE, Wanted, check_guards

WHOLE_LOG = _("This needs the whole log.")
UNKNOWN = _("There is no such record.")

_ENTRIES = f"""
SELECT {FULL} FROM reasoning_entry entry LEFT JOIN reasoning_leaf leaf ON leaf.entry_id = entry.id
 WHERE entry.subject_id = ANY(%s) ORDER BY entry.id
"""  # noqa: S608


def verify_record(identifier: UUID, wanted: Wanted) -> Report:
    """Check everything of one question, or one piece of evidence, under the newest checkpoint."""
    record_kept = tuple(trusting.signers_record(LogHead.objects.get().origin))
    with snapshot():
        return _OneRecord(identifier, wanted, record_kept).run()


class _OneRecord:
    def __init__(
        self, identifier: UUID, wanted: Wanted, kept: tuple[tuple[str, bytes], ...]
    ) -> None:
        self._identifier = identifier
        self._wanted = wanted
        self._outside = [*wanted.outside, *kept]
        self._head = LogHead.objects.get()
        self._report = Report()
        self._steps = {number: self._report.step(number) for number in STEPS}

    def run(self) -> Report:
        """Every step that one record has; the report."""
        steps = self._steps
        steps[0].impossible = NOT_A_BUNDLE
        steps[4].impossible = WHOLE_LOG
        steps[9].impossible = WHOLE_LOG
        policy = trusting.pinned(steps[1], self._wanted.policy, self._head, self._outside)
        if policy:
            self._check_heads(policy)
        record = records.of_questions([self._identifier])
        if not record.entries:
            record = records.of_rows([self._identifier])
        if not record.entries and not record.rows:
            steps[7].unverifiable(str(self._identifier), UNKNOWN)
        self._check_log(record)
        self._check_rows(record)
        check_guards(steps[11])
        return self._report

    def _check_heads(self, policy: Policy) -> None:
        """The newest checkpoint is signed, and no checkpoint from outside speaks against it."""
        newest = checkpoints.newest()
        if newest is None:
            self._steps[2].unverifiable("log", _("Nothing was signed yet."))
            return
        outside = trusting.outside_heads(self._steps[3], policy, self._outside)
        heads = Heads(self._steps[2], self._steps[3], policy, outside)
        heads.begin(newest.size, bytes(newest.root), self._head)
        heads.finish(newest.size)

    def _check_log(self, record: Record) -> None:
        step, unlogged = self._steps[5], inclusion.differences(record.entries)
        for entry in record.entries:
            step.checked += 1
            if where := unlogged.get(entry.pk):
                sentence = _("Its document is not in the log (%(part)s).")
                step.tampered(name_of(entry.kind, entry.subject_id), sentence, part=where)
        self._check_places(self._steps[8], record)

    def _check_places(self, step: Step, record: Record) -> None:
        placed = set(
            Entry.objects.filter(
                pk__in=[entry.pk for entry in record.entries], leaf__isnull=False
            ).values_list("pk", flat=True)
        )
        step.checked = len(record.entries)
        for entry in record.entries:
            if entry.pk not in placed:
                where = name_of(entry.kind, entry.subject_id)
                step.incomplete(where, _("It is not in the log yet."))

    def _check_rows(self, record: Record) -> None:
        pairs = self._steps[7]
        evidence = EvidenceRows(self._steps[6], pairs, self._steps[10], self._steps[12])
        evidence.take(rows(_ENTRIES, [entry.subject_id for entry in record.entries]))
        evidence.flush()
        for gone in record.gone():
            pairs.tampered(
                name_of(gone.kind, gone.id), _("It was logged, and is not there any more.")
            )
        logged = {entry.subject_id for entry in record.entries}
        for row in record.rows.values():
            if row.pk not in logged:
                pairs.tampered(
                    name_of(row.KIND, row.pk), _("No entry tells of it: it was slipped in.")
                )
