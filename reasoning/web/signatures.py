"""Signatures as pages list them."""

from collections import Counter
from dataclasses import dataclass

from reasoning.models import Annotation, Decision, Question


@dataclass(frozen=True)
class Signature:
    """A decision, the run whose answer it is on, how many notes there are on that answer, and what
    has withdrawn the decision, if anything has."""

    decision: Decision
    run: int
    notes: int
    withdrawal: Decision | None


def signatures_of(question: Question) -> list[Signature]:
    """Every signature on any answer to a question, withdrawn ones and withdrawals too, the newest
    first."""
    rows = Decision.objects.filter(question_id=question.pk)
    rows = rows.select_related("trace__run", "withdrawal", "withdraws")
    notes = Counter(
        Annotation.objects.filter(question_id=question.pk, reply_to=None).values_list(
            "trace_id", flat=True
        )
    )
    return [
        Signature(row, row.trace.run.number, notes[row.trace_id], getattr(row, "withdrawal", None))
        for row in rows.order_by("-recorded_at", "-id")
    ]
