"""The desk: evidence to read, notes, and the way to the decision."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from reasoning.core.errors import AuditError, InvalidInput, gettext_noop
from reasoning.models import Annotation, Drafted, Role, Trace, User
from reasoning.services import (
    access,
    annotating,
    claims,
    decisions,
    drafts,
    policies,
    preliminary,
    readers,
    withholding,
)
from reasoning.services.labels import labels_of
from reasoning.web.forms import NoteForm, ViewForm
from reasoning.web.passages import paragraphs
from reasoning.web.questions import runs_of
from reasoning.web.queue import queue_address
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.reviewing import remember_question_view, view_first
from reasoning.web.sentences import put_on_form, sentence_of
from reasoning.web.traces import evidence_context, remember_view


@signed_in
@require_GET
def desk(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Evidence to read and a panel to judge it. Reading is free: the review is taken by a POST."""
    trace = access.trace_to_review(request.user, identifier)
    awaited = withholding.awaited(user=request.user, question=trace.run.question)
    if awaited is not None:
        remember_question_view(request, trace)
        kept = _begun(request.user, Drafted.VIEW, trace)
        return view_first(request, trace, awaited, ViewForm(initial=kept))
    looked = readers.last_look(user=request.user, question=trace.run.question)
    remember_view(request, trace)
    return _desk(request, trace, _empty_form(request, trace), looked=looked)


@signed_in
@require_POST
def annotate(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Put a note on a span or on the whole trace, or answer one.

    A script that asks gets what has changed; others are sent to the note.
    """
    trace = access.readable_trace(request.user, identifier)
    form = NoteForm(labels_of(trace.run.question.workspace), request.POST)
    partly = request.headers.get("X-Requested-With") == "fetch"
    note = _note(request.user, trace, form)
    if note is None:
        show = _changed if partly else _desk
        return show(request, trace, form, status=400)
    drafted = Drafted.REPLY if note.reply_to_id else Drafted.NOTE
    drafts.forget(user=request.user, drafted=drafted, subject=note.reply_to_id or trace.pk)
    _keep_holding(request.user, trace)
    anchor = f"note-{note.reply_to_id or note.pk}"
    if partly:
        return _changed(request, trace, _empty_form(request, trace), said=anchor)
    messages.success(request, gettext("The note is part of the record."))
    return redirect(reverse("web:desk", args=[trace.pk]) + f"#{anchor}")


def _empty_form(request: SignedIn, trace: Trace) -> NoteForm:
    """A form for a new note, as it was left; the address may say which part and paragraph it is
    about."""
    named = {name: request.GET[name] for name in ("part", "paragraph") if name in request.GET}
    kept = _begun(request.user, Drafted.NOTE, trace)
    return NoteForm(labels_of(trace.run.question.workspace), initial={**kept, **named})


def _begun(user: User, drafted: Drafted, trace: Trace) -> dict[str, str]:
    """What the person had typed about this trace and not sent, by field."""
    return drafts.texts_of(user=user, drafted=drafted, subject=trace.pk)


def _note(user: User, trace: Trace, form: NoteForm) -> Annotation | None:
    """The note as stored, or None: the form then says what was wrong with it."""
    if not form.is_valid():
        return None
    values = form.cleaned_data
    try:
        part, start, end = _span(trace, values)
        return annotating.annotate(
            user=user,
            trace=trace,
            part=part,
            start=start,
            end=end,
            note=values["note"],
            label=values["label"],
            reply_to=values["reply_to"],
            resolves=values["resolves"],
        )
    except InvalidInput as error:
        put_on_form(form, error)
        return None


def _keep_holding(user: User, trace: Trace) -> None:
    """Who writes notes is still reviewing."""
    held = claims.holder(trace)
    if held and held.reviewer_id == user.pk:
        try:
            claims.claim(user=user, trace=trace)
        except AuditError:
            return


def _span(trace: Trace, values: dict[str, Any]) -> tuple[str, int, int]:
    """The part and span of a note: as selected, else where the quoted words first occur."""
    part, quote, number = values["part"], values["quote"], values["paragraph"]
    if part == "whole":
        return part, 0, 0
    if values["start"] is not None and values["end"] is not None:
        return part, values["start"], values["end"]
    text = (trace.thinking if part == "thinking" else trace.summary) or ""
    low, high = _paragraph(text, number) if number else (0, len(text))
    if number and not quote:
        return part, low, high
    start = text.find(quote, low, high) if quote else -1
    if start < 0:
        sentence = gettext_noop("These words do not occur in this part.")
        raise InvalidInput.of("quote", "not_found", sentence)
    return part, start, start + len(quote)


def _paragraph(text: str, number: int) -> tuple[int, int]:
    """Where a numbered paragraph stands."""
    found = next((one for one in paragraphs(text) if one.number == number), None)
    if found is None:
        sentence = gettext_noop("There is no such paragraph in this part.")
        raise InvalidInput.of("paragraph", "not_found", sentence)
    return found.start, found.end


def _desk(
    request: SignedIn,
    trace: Trace,
    form: NoteForm,
    *,
    looked: datetime | None = None,
    status: int = 200,
) -> HttpResponse:
    question, user = trace.run.question, request.user
    context = _context(request, trace, form, looked)
    obstacle = claims.obstacle(user=user, trace=trace)
    held = claims.holder(trace)
    claim = held if held and held.reviewer_id == user.pk else None
    more = {
        "claim": claim,
        "progress": decisions.progress_of(trace),
        "checklist": policies.policy_of(question.workspace).checklist,
        "view": preliminary.view_of(user=user, question=question),
        "obstacle": sentence_of(obstacle) if obstacle else "",
        "handing_over": _begun(user, Drafted.HAND_OVER, trace).get("reason", ""),
        "successors": claims.successors(user=user, question=question) if claim else [],
        "queue": queue_address(request),
        "runs": runs_of(question),
        "readers": readers.readers_of(question),
        "precedents": readers.precedents(user=user, question=question),
    }
    return render(request, "review/desk.html", {**context, **more}, status=status)


def _changed(
    request: SignedIn, trace: Trace, form: NoteForm, *, said: str = "", status: int = 200
) -> HttpResponse:
    """What a note changes on the page: the notes, and the paragraphs they are about."""
    context = {**_context(request, trace, form, None), "said": said}
    return render(request, "review/changed.html", context, status=status)


def _context(
    request: SignedIn, trace: Trace, form: NoteForm, looked: datetime | None
) -> dict[str, Any]:
    roles = access.roles_of(request.user, trace.run.question.workspace_id)
    shown = evidence_context(trace, request.user, looked)
    begun = drafts.replies_of(user=request.user, trace=trace)
    return {
        **shown,
        "threads": [replace(one, begun=begun.get(one.root.pk, "")) for one in shown["threads"]],
        "form": form,
        "may_annotate": bool(roles & {Role.REVIEWER, Role.ANALYST}),
    }
