"""One trace with everything about it, and the evidence as a file."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reasoning.core.errors import Conflict
from reasoning.core.token_ids import unpack
from reasoning.models import Action, ComparisonKind, Place, QuestionStatus, Role, Trace, User
from reasoning.services import access, audit, comparisons, exports, follow_ups, readers
from reasoning.web.reading import Thread, numbered, read, threads
from reasoning.web.records import by_weight, log_state, news, record_of
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import sentence_of
from reasoning.web.signatures import signatures_of


@signed_in
@require_GET
def detail(request: SignedIn, identifier: UUID) -> HttpResponse:
    """The trace, re-checked as it is shown."""
    trace = access.readable_trace(request.user, identifier)
    looked = readers.last_look(user=request.user, question=trace.run.question)
    remember_view(request, trace)
    roles = access.roles_of(request.user, trace.run.question.workspace_id)
    context = {
        **evidence_context(trace, request.user, looked),
        "readers": readers.readers_of(trace.run.question),
        "precedents": readers.precedents(user=request.user, question=trace.run.question),
        "log": log_state(trace.pk),
        "siblings": _siblings(trace),
        "chain": follow_ups.chain_of(trace.run),
        "prompt_token_ids": unpack(bytes(trace.prompt_token_ids or b"")),
        "output_token_ids": unpack(bytes(trace.output_token_ids or b"")),
        "may_review_here": Role.REVIEWER in roles,
        "comparisons": comparisons.of_trace(trace),
        "may_compare_here": bool(roles & comparisons.ASKING_ROLES),
        "cannot_rescore": _cannot_rescore(trace),
    }
    return render(request, "traces/detail.html", context)


@signed_in
@require_GET
def evidence(request: SignedIn, identifier: UUID) -> HttpResponse:
    """The whole record of the trace's question, as a file that can be checked elsewhere."""
    trace = access.readable_trace(request.user, identifier)
    question = trace.run.question
    document = exports.evidence_of(user=request.user, question=question, place=Place.PAGE)
    response = JsonResponse(document, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="evidence-{question.pk}.json"'
    return response


def remember_view(request: SignedIn, trace: Trace) -> None:
    """Record who looked at a trace."""
    audit.remember(
        action=Action.VIEWED,
        place=Place.PAGE,
        user=request.user,
        question=trace.run.question,
        subject_id=trace.pk,
    )


def evidence_context(trace: Trace, reader: User, since: datetime | None = None) -> dict[str, Any]:
    """What every page about a trace shows: its texts, findings, notes, decision and record.

    ``since`` is when the reader looked last: what others have done and said since is named.
    """
    question = trace.run.question
    record = record_of(question)
    texts = _texts_of(trace)
    findings = numbered(by_weight(trace.findings.all()), texts)
    notes = notes_on(trace, since, reader)
    return {
        "trace": trace,
        "question": question,
        "runs_total": question.runs.count(),
        "findings": findings,
        "threads": notes,
        "thinking": read(
            "thinking", texts["thinking"], trace.language_of_thinking, findings, notes
        ),
        "summary": read("summary", texts["summary"], trace.language_of_summary, findings, notes),
        "signatures": signatures_of(question),
        "in_review": question.state.status == QuestionStatus.IN_REVIEW,
        "record": record.lines,
        "mismatches": record.mismatches,
        "looked": since,
        "fresh": sum(thread.fresh for thread in notes),
        "news": news(record.lines, since, reader),
    }


def notes_on(
    trace: Trace, since: datetime | None = None, reader: User | None = None
) -> list[Thread]:
    """The threads of notes on a trace, the oldest first; fresh are those in which something was
    said ``since`` the reader looked."""
    notes = trace.annotations.order_by("recorded_at", "id")
    return threads(notes, _texts_of(trace), since, reader and reader.pk)


def _texts_of(trace: Trace) -> dict[str, str]:
    return {"thinking": trace.thinking or "", "summary": trace.summary or ""}


def _cannot_rescore(trace: Trace) -> str:
    """Why this trace cannot be re-scored; empty when it can."""
    try:
        comparisons.require_comparable(trace, ComparisonKind.RESCORE)
    except Conflict as error:
        return sentence_of(error)
    return ""


def _siblings(trace: Trace) -> list[Trace]:
    """The other traces of the same question, in order."""
    others = Trace.objects.filter(question_id=trace.question_id).exclude(pk=trace.pk)
    return list(others.select_related("run", "attempt").order_by("run__number", "attempt__number"))
