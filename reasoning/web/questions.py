"""Lists of questions, and one question, live while it is being answered."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from reasoning import tasks
from reasoning.core.errors import Conflict
from reasoning.models import (
    Action,
    Place,
    Question,
    QuestionStatus,
    Role,
    Run,
    RunStatus,
    Trace,
    Wait,
)
from reasoning.services import (
    access,
    audit,
    decisions,
    follow_ups,
    listing,
    watching,
    withholding,
)
from reasoning.services import questions as service
from reasoning.services import runs as run_service
from reasoning.services.waiting import waits
from reasoning.web import demonstration
from reasoning.web.forms import FilterForm
from reasoning.web.records import by_weight, record_of
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import sentence_of
from reasoning.web.signatures import signatures_of

UNFINISHED = (RunStatus.QUEUED, RunStatus.RUNNING)
STATUSES = (
    *((code, code, label) for code, label in RunStatus.choices),
    *((code, RunStatus.QUEUED, label) for code, label in Wait.choices),
)


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """Questions of this person's workspaces, newest first, filtered by what the address says."""
    form = FilterForm(access.workspaces_of(request.user), request.GET)
    filters = filters_of(form)
    page = listing.find_questions(
        user=request.user, filters=filters, cursor=request.GET.get("after", ""), whole=False
    )
    _say_what_waits(page.questions)
    context = {
        "form": form,
        "questions": page.questions,
        "filtered": filters != listing.Filters(),
        "more": address_of_rest(request.GET, page.cursor),
        "looked_back_to": page.looked_back_to,
    }
    return render(request, "questions/list.html", context)


def _say_what_waits(found: list[Question]) -> None:
    """``wait`` on each question whose newest run is queued."""
    queued = {one.pk: one for one in found if one.state.status == QuestionStatus.QUEUED}
    runs = Run.objects.filter(question__in=queued) if queued else Run.objects.none()
    question_of = dict(runs.values_list("pk", "question_id"))
    for run, wait in waits(question_of).items():
        queued[question_of[run]].wait = wait  # type: ignore[attr-defined]


def filters_of(form: FilterForm) -> listing.Filters:
    """What a filter form asks for; values that are none of its choices do not filter."""
    form.is_valid()
    values = {name: str(form.cleaned_data.get(name) or "") for name in form.fields}
    return replace(listing.Filters(), **values)  # type: ignore[arg-type]  # the form's are all texts


def address_of_rest(query: QueryDict, cursor: str) -> str:
    """The address of the next page with the same filters; empty at the end."""
    if not cursor:
        return ""
    rest = query.copy()
    rest["after"] = cursor
    return f"?{rest.urlencode()}"


@signed_in
@require_GET
def detail(request: SignedIn, identifier: UUID) -> HttpResponse:
    """One question with its runs; live while the newest is unfinished."""
    question = access.readable_question(request.user, identifier)
    audit.remember(
        action=Action.VIEWED,
        place=Place.PAGE,
        user=request.user,
        question=question,
        subject_id=question.pk,
    )
    return render(request, "questions/detail.html", _context(request, question))


def _context(request: SignedIn, question: Question) -> dict[str, Any]:
    runs = runs_of(question)
    trace = runs[0].stored[-1] if runs and runs[0].stored else None  # type: ignore[attr-defined]
    roles = access.roles_of(request.user, question.workspace_id)
    awaited = withholding.awaited(user=request.user, question=question)
    return {
        "question": question,
        "runs": runs,
        "run": runs[0],
        "live": runs[0].state.status in UNFINISHED,
        "statuses": STATUSES,
        "trace": trace,
        "findings": by_weight(trace.findings.all()) if trace else [],
        "withheld": awaited,
        "signatures": [] if awaited else signatures_of(question),
        "progress": decisions.progress_of(trace) if trace else None,
        "in_review": question.state.status == QuestionStatus.IN_REVIEW,
        "chain": follow_ups.chain_of(runs[0]),
        "may_follow_up": Role.ANALYST in roles and any(_finished(run) for run in runs),
        "mismatches": record_of(question).mismatches,
        "may_ask_here": Role.ANALYST in roles,
        "may_review_here": Role.REVIEWER in roles,
        "reviewer": "" if Role.REVIEWER in roles else demonstration.reviewer(request.user),
    }


def _finished(run: Run) -> bool:
    return any(trace.complete for trace in run.stored)  # type: ignore[attr-defined]


def runs_of(question: Question) -> list[Run]:
    """Every run, newest first, each with its traces in order as ``stored``, and what it waits for
    as ``wait``."""
    runs = list(
        question.runs.select_related(
            "state", "prompt_version", "sampling_profile", "deployment"
        ).order_by("-number")
    )
    traces = (
        Trace.objects.filter(run__in=runs).select_related("attempt").order_by("attempt__number")
    )
    found = waits(run.pk for run in runs if run.state.status == RunStatus.QUEUED)
    for run in runs:
        run.wait = found.get(run.pk)  # type: ignore[attr-defined]
        run.stored = [trace for trace in traces if trace.run_id == run.pk]  # type: ignore[attr-defined]
    return runs


@signed_in
@require_POST
def again(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Another run of the same question with the workspace's present defaults."""
    question = access.readable_question(request.user, identifier)
    run = service.ask_again(user=request.user, question=question, pins={})
    watching.expect(run.pk)
    tasks.dispatch(run.pk)
    return redirect("web:question", question.pk)


@signed_in
@require_POST
def cancel(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Stop a run; one that is over already stays as it is."""
    run = access.readable_run(request.user, identifier)
    try:
        run_service.cancel(user=request.user, run=run, place=Place.PAGE)
    except Conflict as error:
        messages.info(request, sentence_of(error))
    else:
        messages.success(request, gettext("The run is being stopped. What had arrived is kept."))
    return redirect("web:question", run.question_id)
