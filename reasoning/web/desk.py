"""The desk: evidence to read, notes, and the way to the decision."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from reasoning.core.errors import InvalidInput, gettext_noop
from reasoning.models import Annotation, Trace, User
from reasoning.services import access, annotating, claims
from reasoning.services.labels import labels_of
from reasoning.web.forms import NoteForm
from reasoning.web.passages import paragraphs
from reasoning.web.queue import queue_address
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form, sentence_of
from reasoning.web.traces import evidence_context, remember_view


@signed_in
@require_GET
def desk(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Evidence to read and a panel to judge it. Reading is free: the review is taken by a POST."""
    trace = access.readable_trace(request.user, identifier)
    remember_view(request, trace)
    return _desk(request, trace, NoteForm(labels_of(trace.run.question.workspace)))


@signed_in
@require_POST
def annotate(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Put a note on a span, or on the whole trace."""
    trace = access.readable_trace(request.user, identifier)
    form = NoteForm(labels_of(trace.run.question.workspace), request.POST)
    if form.is_valid():
        try:
            _annotate(request.user, trace, form.cleaned_data)
        except InvalidInput as error:
            put_on_form(form, error)
        else:
            messages.success(request, gettext("The note is part of the record."))
            return redirect("web:desk", trace.pk)
    return _desk(request, trace, form, status=400)


def _annotate(user: User, trace: Trace, values: dict[str, Any]) -> Annotation:
    part, start, end = _span(trace, values)
    return annotating.annotate(
        user=user,
        trace=trace,
        part=part,
        start=start,
        end=end,
        note=values["note"],
        label=values["label"],
    )


def _span(trace: Trace, values: dict[str, Any]) -> tuple[str, int, int]:
    """The part and span of a note: as selected, else where the quoted words first occur."""
    part, quote = values["part"], values["quote"]
    if part == "whole":
        return part, 0, 0
    if values["start"] is not None and values["end"] is not None:
        return part, values["start"], values["end"]
    text = (trace.thinking if part == "thinking" else trace.summary) or ""
    start = text.find(quote) if quote else -1
    if start < 0:
        sentence = gettext_noop("These words do not occur in this part.")
        raise InvalidInput.of("quote", "not_found", sentence)
    return part, start, start + len(quote)


def _desk(request: SignedIn, trace: Trace, form: NoteForm, *, status: int = 200) -> HttpResponse:
    context = evidence_context(trace)
    obstacle = claims.obstacle(user=request.user, trace=trace)
    held = claims.holder(trace)
    claim = held if held and held.reviewer_id == request.user.pk else None
    spans = context["thinking_spans"]
    outline = [
        {
            "number": part.number,
            "noted": any(note.start < part.end and note.end > part.start for note in spans),
        }
        for part in paragraphs(trace.thinking or "")
    ]
    more = {
        "claim": claim,
        "obstacle": sentence_of(obstacle) if obstacle else "",
        "successors": claims.successors(user=request.user, question=trace.run.question)
        if claim
        else [],
        "form": form,
        "outline": outline,
        "queue": queue_address(request),
    }
    return render(request, "review/desk.html", {**context, **more}, status=status)
