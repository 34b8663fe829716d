"""Bundles in the portal: asking, waiting, taking."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reasoning import tasks
from reasoning.core.errors import InvalidInput
from reasoning.models import ExportJob, ExportStatus, Place, User, Workspace
from reasoning.services import access, export_requests
from reasoning.services.export_requests import Scope
from reasoning.streaming import file_response
from reasoning.web.forms import ExportForm
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form, sentence_of

LISTED = 100
UNFINISHED = (ExportStatus.WAITING, ExportStatus.BUILDING)


@signed_in
@require_http_methods(["GET", "POST"])
def index(request: SignedIn) -> HttpResponse:
    """This person's bundles, and the form to ask for another."""
    rooms = access.workspaces_of(request.user)
    if request.method == "GET":
        return _page(request, ExportForm(rooms))
    form = ExportForm(rooms, request.POST)
    if form.is_valid():
        try:
            return _ask(request.user, _scope(form.cleaned_data))
        except InvalidInput as error:
            put_on_form(form, error)
    return _page(request, form, status=400)


@signed_in
@require_POST
def of_question(request: SignedIn, identifier: UUID) -> HttpResponse:
    """A bundle of one question and everything that was recorded about it."""
    question = access.readable_question(request.user, identifier)
    return _ask(request.user, Scope(questions=(question.pk,)))


@signed_in
@require_GET
def detail(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Where one bundle stands; when it is ready, what it is and how to check it."""
    job = export_requests.readable(user=request.user, identifier=identifier)
    failed = job.status == ExportStatus.FAILED
    context = {
        "job": job,
        "rooms": _names(job),
        "unfinished": job.status in UNFINISHED,
        "failure": sentence_of(export_requests.failure_of(job)) if failed else "",
        "vkey_url": request.build_absolute_uri("/log/vkey"),
    }
    return render(request, "exports/detail.html", context)


@signed_in
@require_GET
def download(request: SignedIn, identifier: UUID) -> StreamingHttpResponse:
    """A finished bundle, as a file; that it was taken is recorded."""
    job = export_requests.readable(user=request.user, identifier=identifier)
    path = export_requests.take(user=request.user, job=job, place=Place.PAGE)
    return file_response(path, name=f"evidence-{identifier}.zip", content_type="application/zip")


def _ask(user: User, scope: Scope) -> HttpResponse:
    job = export_requests.ask(user=user, scope=scope)
    tasks.dispatch_export(job.pk)
    return redirect("web:export", job.pk)


def _scope(wish: dict[str, Any]) -> Scope:
    """Whole days, in UTC as evidence is; the last one included."""
    until = wish["asked_until"]
    return Scope(
        workspace=wish["workspace"] or None,
        asked_from=_midnight(wish["asked_from"]),
        asked_before=_midnight(until + timedelta(days=1)) if until else None,
        decided=wish["decided"],
    )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None


def _page(request: SignedIn, form: ExportForm, status: int = 200) -> HttpResponse:
    jobs = list(export_requests.mine(user=request.user)[:LISTED])
    for job in jobs:
        job.rooms = _names(job)  # type: ignore[attr-defined]  # for the template
    return render(request, "exports/list.html", {"form": form, "jobs": jobs}, status=status)


def _names(job: ExportJob) -> list[str]:
    found = Workspace.objects.filter(pk__in=job.request.workspace_ids)
    return list(found.order_by("name").values_list("name", flat=True))
