"""Signatures as pages list them."""

from dataclasses import dataclass

from reasoning.models import Decision, Question


@dataclass(frozen=True)
class Signature:
    """A decision, the run whose answer it is on, and what has withdrawn it, if anything has."""

    decision: Decision
    run: int
    withdrawal: Decision | None


def signatures_of(question: Question) -> list[Signature]:
    """Every signature on any answer to a question, withdrawn ones and withdrawals too, the newest
    first."""
    rows = Decision.objects.filter(question_id=question.pk)
    rows = rows.select_related("trace__run", "withdrawal", "withdraws")
    return [
        Signature(row, row.trace.run.number, getattr(row, "withdrawal", None))
        for row in rows.order_by("-recorded_at", "-id")
    ]
