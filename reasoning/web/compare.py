"""Two runs of a question beside each other: what their summaries and thinking have in common."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from reasoning.core.differences import Piece, pieces
from reasoning.core.errors import NotFound
from reasoning.models import Question, Trace
from reasoning.services import access, integrity, withholding
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.traces import remember_view

PARTS = {"summary": _("Summary"), "thinking": _("Thinking")}


@dataclass(frozen=True)
class Side:
    """One part of both traces: the pieces in order, and whether there is any difference."""

    title: str
    language: str
    pieces: list[Piece]

    @property
    def same(self) -> bool:
        return all(piece.fate == "kept" for piece in self.pieces)


@signed_in
@require_GET
def runs(request: SignedIn, identifier: UUID) -> HttpResponse:
    """The traces named in the address, or the two newest; both are re-checked and viewed."""
    question = access.readable_question(request.user, identifier)
    withholding.require_revealed(request.user, question)
    traces = _traces(question)
    old, new = _chosen(traces, request.GET.get("old", ""), request.GET.get("new", ""))
    for trace in (old, new):
        trace.run.question = question
        remember_view(request, trace)
    context = {
        "question": question,
        "traces": traces,
        "old": old,
        "new": new,
        "mismatches": integrity.mismatches([old, new]),
        "sides": [
            Side(
                title=str(title),
                language=getattr(new, f"language_of_{part}"),
                pieces=pieces(getattr(old, part) or "", getattr(new, part) or ""),
            )
            for part, title in PARTS.items()
        ],
    }
    return render(request, "questions/compare.html", context)


def _traces(question: Question) -> list[Trace]:
    """Every trace of the question, the oldest run first."""
    found = Trace.objects.filter(question_id=question.pk).select_related("run", "attempt")
    return list(found.order_by("run__number", "attempt__number"))


def _chosen(traces: list[Trace], old: str, new: str) -> tuple[Trace, Trace]:
    """The two named; where one is not, the last and the one before it. NotFound without a pair."""
    if len(traces) < 2:
        raise NotFound
    by_id = {str(trace.pk): trace for trace in traces}
    if not {old, new} <= {*by_id, ""}:
        raise NotFound
    return by_id.get(old, traces[-2]), by_id.get(new, traces[-1])
