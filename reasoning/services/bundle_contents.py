"""What goes into a bundle: the log's head, then each entry with its proof and texts, and records.

Everything follows from the request and the log, so that two requests for the same come out as the
same bytes, but for the issue record.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from django.db.models import Count, Max

from reasoning.core import merkle
from reasoning.core.bundle import README as README_PATH
from reasoning.core.bundle import TIMESTAMPS, BundleWriter
from reasoning.core.disclosures import Disclosure, Erased, Shown
from reasoning.core.documents import timestamp
from reasoning.core.errors import NotInLogYet
from reasoning.core.proofs import Proof
from reasoning.core.records import Item
from reasoning.models import (
    Approval,
    Checkpoint,
    Decision,
    Entry,
    Erasure,
    Evidence,
    ExportRequest,
    Leaf,
    LogHead,
    PolicyVersion,
    Question,
    Run,
    Workspace,
)
from reasoning.services import bundle_heads, bundle_readme, checkpoints, log_keys, records
from reasoning.services.export_requests import questions_of
from reasoning.services.records import Record
from reasoning.services.tree import Tree

TOGETHER = 20
"""Questions whose evidence is in memory at once."""


@dataclass(frozen=True)
class Written:
    """What a bundle holds."""

    questions: int
    entries: int


def write(request: ExportRequest, target: BinaryIO, issue: Mapping[str, Any]) -> Written:
    """Write the bundle of a request; within a snapshot.

    Raises NotInLogYet while a part of it has no signed place, and IntegrityMismatch, which names
    the first row that is not as it was logged.
    """
    questions = list(questions_of(request).values_list("pk", flat=True))
    used = records.used_by(questions)
    checkpoint = _checkpoint(questions, used, request)
    return _Contents(request, BundleWriter(target), checkpoint, used).write(questions, issue)


def _checkpoint(questions: Sequence[UUID], used: Record, request: ExportRequest) -> Checkpoint:
    """The signed checkpoint over all that was asked for."""
    recorded = Entry.objects.filter(
        record_id__in=questions, recorded_at__lte=request.recorded_at
    ) | Entry.objects.filter(pk__in=[entry.pk for entry in used.entries])
    found = recorded.aggregate(all=Count("pk"), placed=Count("leaf"), last=Max("leaf__index"))
    checkpoint = bundle_heads.first_over(found["last"] or 0)
    if found["all"] != found["placed"] or checkpoint is None:
        raise NotInLogYet
    return checkpoint


class _Contents:
    """One bundle on its way into a file."""

    def __init__(
        self, request: ExportRequest, writer: BundleWriter, checkpoint: Checkpoint, used: Record
    ) -> None:
        self._request = request
        self._writer = writer
        self._checkpoint = checkpoint
        self._note = bundle_heads.cosigned_first(checkpoint)
        self._used = used
        self._expected: Counter[str] = Counter()
        self._entries = 0

    def write(self, questions: Sequence[UUID], issue: Mapping[str, Any]) -> Written:
        self._add_head()
        shared = self._add_shared()
        for chunk in _chunks(questions):
            self._add_questions(chunk, shared)
        self._writer.finish(scope=self._scope(questions), expected=self._expected, issue=issue)
        return Written(len(questions), self._entries)

    def _add_head(self) -> None:
        keys = [listed.key for listed in log_keys.listed()]
        policy = checkpoints.policy()
        readme = bundle_readme.text(keys, self._checkpoint.size)
        self._writer.add(README_PATH, readme.encode())
        self._writer.add_log(keys, self._note, policy if policy.witnesses else None)
        for number, token in enumerate(self._checkpoint.timestamps.order_by("pk"), start=1):
            self._writer.add(f"{TIMESTAMPS}{number}.tsr", bytes(token.response))

    def _add_shared(self) -> dict[UUID, Item]:
        """Prompts, profiles and deployments with their approvals, once for all questions."""
        self._used.require_intact()
        self._count(self._used)
        return {entry.subject_id: item for entry, item in self._add(self._used, self._used.entries)}

    def _add_questions(self, chunk: Sequence[UUID], shared: Mapping[UUID, Item]) -> None:
        record = records.of_questions(chunk, until=self._request.recorded_at)
        record.require_intact()
        self._count(record)
        own: dict[UUID | None, list[Item]] = defaultdict(list)
        for entry, item in self._add(record, record.entries):
            own[entry.record_id].append(item)
        used = _used_by_question(record, self._used)
        for question in chunk:
            items = [shared[one] for one in sorted(used[question]) if one in shared]
            self._writer.add_record(str(question), [*items, *own[question]])

    def _add(self, record: Record, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Item]]:
        """Add entries, in the order of the log."""
        places = dict(
            Leaf.objects.filter(entry__in=record.entries).values_list("entry_id", "index")
        )
        erased = _erasures(record, places)
        tree = Tree(LogHead.objects.get())
        for entry in sorted(entries, key=lambda one: places[one.pk]):
            index = places[entry.pk]
            path = merkle.inclusion_proof(index, self._checkpoint.size, tree.read)
            proof = Proof(index, tuple(path), self._note)
            shown = dict(_disclosures(record.rows[entry.subject_id], erased))
            self._entries += 1
            yield entry, self._writer.add_entry(index, bytes(entry.document), proof, shown)

    def _count(self, record: Record) -> None:
        """What is expected is counted in the evidence tables; what there is, as it is written."""
        self._expected.update(row.KIND for row in record.rows.values())

    def _scope(self, questions: Sequence[UUID]) -> dict[str, Any]:
        request = self._request
        workspaces = Workspace.objects.filter(pk__in=request.workspace_ids).order_by("slug")
        return {
            "workspaces": list(workspaces.values_list("slug", flat=True)),
            "questions": [str(one) for one in sorted(request.question_ids)],
            "asked_from": request.asked_from and timestamp(request.asked_from),
            "asked_before": request.asked_before and timestamp(request.asked_before),
            "decided": request.decided,
            "questions_found": len(questions),
        }


def _used_by_question(record: Record, used: Record) -> dict[UUID, set[UUID]]:
    """The shared evidence that each question's runs and decisions used, and its workspace's
    policies, with what was said and erased of it."""
    about: dict[UUID, set[UUID]] = defaultdict(set)
    policies: dict[UUID, set[UUID]] = defaultdict(set)
    for row in used.rows.values():
        if isinstance(row, Approval | Erasure):
            about[row.subject_id].add(row.pk)
        elif isinstance(row, PolicyVersion):
            policies[row.workspace_id].add(row.pk)
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for row in record.rows.values():
        pinned = policies[row.workspace_id] if isinstance(row, Question) else _pinned(row)
        if pinned:
            said = set().union(*(about[one] for one in pinned))
            found[row.record_id()] |= pinned | said | set().union(*(about[one] for one in said))
    return found


def _pinned(row: Evidence) -> set[UUID]:
    """The shared evidence that a row names: a run's, or the passkey that signed a decision."""
    if isinstance(row, Run):
        return {row.prompt_version_id, row.sampling_profile_id, row.deployment_id}
    return {row.passkey_id} if isinstance(row, Decision) and row.passkey_id else set()


def _erasures(record: Record, places: Mapping[int, int]) -> dict[tuple[UUID, str], int]:
    """The index of the erasure's entry, by the row and the text that it took."""
    index_of = {entry.subject_id: places[entry.pk] for entry in record.entries}
    return {
        (row.subject_id, field): index_of[row.pk]
        for row in record.rows.values()
        if isinstance(row, Erasure)
        for field in row.fields
    }


def _disclosures(
    row: Evidence, erased: Mapping[tuple[UUID, str], int]
) -> Iterator[tuple[str, Disclosure]]:
    for name in row.commits_to():
        value, salt = getattr(row, name), getattr(row, f"{name}_salt")
        if value is None or salt is None:
            yield name, Erased(erased[row.pk, name])
        else:
            yield name, Shown(bytes(salt), value if isinstance(value, str) else bytes(value))


def _chunks(questions: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(questions), TOGETHER):
        yield questions[start : start + TOGETHER]
