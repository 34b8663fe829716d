"""A record as pages show it: re-checked, with everything that happened to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reasoning.models import (
    EVIDENCE,
    Action,
    ActorKind,
    AuditEvent,
    Evidence,
    Finding,
    Meaning,
    Place,
    Question,
    User,
)
from reasoning.services import finding_words, history, integrity
from reasoning.services import log_state as log_states
from reasoning.services.history import Happening
from reasoning.services.integrity import Mismatch

LABELS = {
    "question.submitted": (_("Question submitted"), "ask"),
    "run.requested": (_("Run requested"), "queued"),
    "attempt.started": (_("Attempt started"), "running"),
    "trace.stored": (_("Trace stored"), "list"),
    "finding.raised": (_("Finding"), "info"),
    "annotation.added": (_("Note added"), "note"),
    "decision.signed": (_("Decision signed"), "seal"),
    "preliminary.recorded": (_("View before the answer"), "note"),
    "review.recused": (_("Kept out of the decision"), "cancelled"),
    "texts.erased": (_("Texts erased"), "cancelled"),
    "comparison.requested": (_("Comparison requested"), "queued"),
    "replay.recorded": (_("Replay recorded"), "list"),
    "rescore.recorded": (_("Re-score recorded"), "list"),
    "deployment.probed": (_("Engine looked at"), "in_review"),
    "export.requested": (_("Export requested"), "download"),
    "audit.recorded": (_("Recorded"), "person"),
}
ACTION_ICONS = {
    Action.VIEWED: "in_review",
    Action.DOWNLOADED: "download",
    Action.REFUSED: "blocking",
    Action.CLAIMED: "review",
    Action.CANCELLED: "cancelled",
    Action.INTEGRITY_ALARM: "failed",
}
CHANGES = {
    "run.requested",
    "trace.stored",
    "preliminary.recorded",
    "review.recused",
    "decision.signed",
    "texts.erased",
    "replay.recorded",
    "rescore.recorded",
}
"""What a reader wants to know of when they come back; notes are marked where they stand."""
SEVERITIES = ("blocking", "warning", "info")


@dataclass(frozen=True)
class Line:
    """One line of the history: what happened, by whom, when, why, and its document's hash."""

    kind: str
    label: str
    icon: str
    actor_id: str
    actor_name: str
    recorded_at: datetime
    document_sha256: str
    intact: bool
    detail: str
    reason: str
    subject_id: UUID


@dataclass(frozen=True)
class Record:
    """Everything that happened to a question, and where it is not as recorded."""

    lines: list[Line]
    mismatches: list[Mismatch]


@dataclass(frozen=True)
class LogState:
    """Where one document stands in the log; ``state`` is empty when it has no entry at all."""

    state: str
    index: int | None
    checkpoint_size: int | None
    document_sha256: str


def record_of(question: Question) -> Record:
    """Read and re-check the whole record of a question; a row that is gone is a mismatch too."""
    happenings = history.of_record(question.pk)
    rows = _rows(question, [happening.subject_id for happening in happenings])
    present = {row.pk: row for row in rows}
    mismatches = integrity.mismatches(rows) + [
        Mismatch(happening.kind, str(happening.subject_id), "row")
        for happening in happenings
        if happening.subject_id not in present
    ]
    broken = {mismatch.id for mismatch in mismatches}
    lines = [
        _line(happening, broken, _reason(present.get(happening.subject_id)))
        for happening in happenings
    ]
    return Record(lines, mismatches)


def news(lines: Iterable[Line], since: datetime | None, reader: User) -> list[str]:
    """What others have done since the reader looked, each act named once."""
    if since is None:
        return []
    labels = [
        line.label
        for line in lines
        if line.kind in CHANGES and line.recorded_at > since and line.actor_id != str(reader.pk)
    ]
    return list(dict.fromkeys(labels))


def log_state(subject_id: UUID) -> LogState:
    """The state of the entry of one piece of evidence."""
    found = log_states.state_of(subject_id)
    if found is None:
        return LogState("", None, None, "")
    digest = found.document_sha256.hex()
    return LogState(found.state.value, found.index, found.checkpoint_size, digest)


def by_weight(findings: Iterable[Finding]) -> list[Finding]:
    """Findings, the gravest first."""
    return sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), finding.code))


def _rows(question: Question, ids: list[UUID]) -> list[Evidence]:
    """Rows that entries speak of, and rows of the question that no entry may speak of."""
    return [
        row
        for model in EVIDENCE
        for row in model._default_manager.filter(_of(model, question, ids))
    ]


def _of(model: type[Evidence], question: Question, ids: list[UUID]) -> Q:
    columns = {field.attname for field in model._meta.concrete_fields}
    named = Q(pk__in=ids)
    return named | Q(question_id=question.pk) if "question_id" in columns else named


def _line(happening: Happening, broken: set[str], reason: str) -> Line:
    label, icon = LABELS.get(happening.kind, (happening.kind, "info"))
    action = happening.facts.get("action")
    if action in Action.values:
        label, icon = Action(action).label, ACTION_ICONS.get(Action(action), icon)
    return Line(
        kind=happening.kind,
        actor_id=happening.actor_id,
        label=str(label)[:1].upper() + str(label)[1:],
        icon=icon,
        actor_name=happening.actor_name or _kind_of_actor(happening.actor_kind),
        recorded_at=happening.recorded_at,
        document_sha256=happening.document_sha256,
        intact=str(happening.subject_id) not in broken,
        detail=_detail(happening.facts),
        reason=reason,
        subject_id=happening.subject_id,
    )


def _reason(row: Evidence | None) -> str:
    """Why somebody did what a row says, in their words; empty where they gave none."""
    if isinstance(row, AuditEvent):
        return (row.detail or "") if row.action == Action.HANDED_OVER else ""
    return getattr(row, "rationale", "") or getattr(row, "reason", "") or ""


def _kind_of_actor(kind: str) -> str:
    return str(ActorKind(kind).label) if kind in ActorKind.values else ""


def _detail(facts: dict[str, Any]) -> str:
    """The one fact that tells this line from others of its kind."""
    if number := facts.get("number"):
        return gettext("number %(number)s") % {"number": number}
    if meaning := facts.get("meaning"):
        return str(dict(Meaning.choices).get(meaning, meaning))
    if code := facts.get("code"):
        return finding_words.name_of(code)
    return str(dict(Place.choices).get(facts.get("place", ""), ""))
