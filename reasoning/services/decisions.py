"""Signatures on a trace, and what follows from those that stand.

A trace is approved when as many different reviewers have approved it as the policy asks for: that
in force, or the stricter one that an approval was given under. One rejection, or one sending back,
decides at once; approvals that were given before it stay on record and count again when it is
withdrawn. What was withdrawn counts for nothing, and stays on record too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from reasoning.models import Decision, Meaning, Question, QuestionStatus, Trace
from reasoning.services import policies


@dataclass(frozen=True)
class Progress:
    """How many approvals a trace has, and how many it needs."""

    given: int
    needed: int

    @property
    def begun(self) -> bool:
        """Whether a signature is there and another is still to come."""
        return 0 < self.given < self.needed


def of_trace(trace: Trace) -> list[Decision]:
    """Every signature on a trace, withdrawn ones and withdrawals too, in their order."""
    rows = trace.decisions.select_related("withdrawal", "withdraws", "preliminary_view")
    return list(rows.order_by("recorded_at", "id"))


def latest(question: Question) -> Decision | None:
    """The last verdict on any trace of the question that stands."""
    return latest_of([question.pk]).get(question.pk)


def latest_of(questions: Iterable[UUID]) -> dict[UUID, Decision]:
    """The last verdict that stands on each of these questions, with one query."""
    rows = Decision.objects.standing().filter(question_id__in=list(questions))
    return {row.question_id: row for row in rows.order_by("recorded_at", "id")}


def progress_of(trace: Trace) -> Progress:
    """How far a trace is on its way to being approved, or was when it was decided."""
    question = trace.run.question
    signed_under = [one.approvals_required for one in _standing(trace) if _approves(one)]
    still_open = question.state.status == QuestionStatus.IN_REVIEW
    demanded = policies.policy_of(question.workspace).approvals if still_open else 1
    return Progress(len(signed_under), max([demanded, *signed_under]))


def status_of(trace: Trace, approvals: int) -> QuestionStatus:
    """Where the question stands by the signatures on this trace; ``approvals`` as the policy asks
    for now."""
    standing = _standing(trace)
    ending = [one for one in standing if not _approves(one)]
    if ending:
        return QuestionStatus(ending[-1].meaning)
    needed = max([approvals, *(one.approvals_required for one in standing)])
    return QuestionStatus.APPROVED if len(standing) >= needed else QuestionStatus.IN_REVIEW


def is_approved(trace: Trace) -> bool:
    """Whether a trace has all the approvals that its signers were told it needs."""
    standing = _standing(trace)
    return bool(standing) and status_of(trace, 1) == QuestionStatus.APPROVED


def _standing(trace: Trace) -> list[Decision]:
    rows = Decision.objects.standing().filter(trace=trace).order_by("recorded_at", "id")
    return list(rows.only("meaning", "approvals_required"))


def _approves(decision: Decision) -> bool:
    return decision.meaning == Meaning.APPROVED
