"""Before the decision: a view of one's own, and keeping out."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from reasoning.core.errors import InvalidInput
from reasoning.models import Action, Drafted, Place, Question, Trace
from reasoning.services import access, audit, claims, drafts, preliminary, recusals, reviewers
from reasoning.web.forms import RecuseForm, ViewForm
from reasoning.web.queue import queue_address
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form


@signed_in
@require_POST
def say(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Record the reviewer's own view; the desk then shows the answer."""
    trace = access.trace_to_review(request.user, identifier)
    form = ViewForm(request.POST)
    if form.is_valid():
        try:
            preliminary.say(user=request.user, trace=trace, view=form.cleaned_data["view"])
        except InvalidInput as error:
            put_on_form(form, error)
        else:
            drafts.forget(user=request.user, drafted=Drafted.VIEW, subject=trace.pk)
            return redirect("web:desk", trace.pk)
    return view_first(request, trace, trace.run.question, form, status=400)


def view_first(
    request: SignedIn, trace: Trace, awaited: Question, form: ViewForm, status: int = 200
) -> HttpResponse:
    """The desk without the answer. ``awaited`` is the question on which a view is asked for."""
    context = {
        "trace": trace,
        "question": trace.run.question,
        "awaited": awaited,
        "form": form,
        "claim": claims.holder(trace),
        "queue": queue_address(request),
    }
    return render(request, "review/view_first.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def recuse(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Keep out of a decision for a conflict of interest."""
    trace = access.trace_to_review(request.user, identifier)
    reviewers.require_independent(request.user, trace.run.question)
    kept = drafts.texts_of(user=request.user, drafted=Drafted.RECUSAL, subject=trace.pk)
    form = RecuseForm(request.POST or None, initial=kept)
    if request.method == "POST" and form.is_valid():
        try:
            recusals.recuse(user=request.user, trace=trace, reason=form.cleaned_data["reason"])
        except InvalidInput as error:
            put_on_form(form, error)
        else:
            drafts.forget(user=request.user, drafted=Drafted.RECUSAL, subject=trace.pk)
            messages.success(request, gettext("You keep out of this decision. Others decide."))
            return redirect(queue_address(request))
    context = {"trace": trace, "question": trace.run.question, "form": form}
    status = 400 if request.method == "POST" else 200
    return render(request, "review/recuse.html", context, status=status)


def remember_question_view(request: SignedIn, trace: Trace) -> None:
    """Record that somebody looked at a question whose answer is withheld from them."""
    audit.remember(
        action=Action.VIEWED,
        place=Place.PAGE,
        user=request.user,
        question=trace.run.question,
        subject_id=trace.question_id,
    )
