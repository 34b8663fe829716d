"""The stop switch: what is stopped, stopping and resuming, and who did so and why."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from reasoning import tasks
from reasoning.core.errors import AuditError, Conflict, InvalidInput, NotFound
from reasoning.models import Deployment, Halt, Place, Role, Workspace
from reasoning.services import access
from reasoning.services import halts as service
from reasoning.web import widgets
from reasoning.web.registry_forms import ReasonForm
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form, sentence_of

OVERSEERS = (Role.ADMINISTRATOR, Role.AUDITOR)


class StopForm(forms.Form):
    """What is to be stopped, as the address said it, and why."""

    workspace = forms.CharField(required=False, widget=forms.HiddenInput())
    deployment = forms.CharField(required=False, widget=forms.HiddenInput())
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=service.REASON_LIMIT,
        help_text=_("It becomes part of the record. Everybody concerned can read it."),
        widget=widgets.text(3),
    )


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """What is stopped now, what can be stopped, and every stop and resumption so far."""
    rooms = _overseen(request)
    own = access.workspaces_of(request.user, Role.ADMINISTRATOR)
    context = {
        "standing": [
            {"halt": halt, "may_resume": bool(own) and halt.workspace in (None, *own)}
            for halt in service.overseen(rooms)
        ],
        "rooms": own,
        "deployments": Deployment.objects.approved().order_by("name", "-number") if own else [],
        "history": service.history(rooms),
    }
    return render(request, "stop/index.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def stop(request: SignedIn) -> HttpResponse:
    """Confirm on a page of its own what is to be stopped, and stop it."""
    _overseen(request)
    given = request.GET if request.method == "GET" else request.POST
    names = {name: given.get(name, "") for name in ("workspace", "deployment")}
    try:
        workspace, deployment = service.named(user=request.user, **names)
    except InvalidInput as error:
        raise NotFound from error
    service.require_administrator(request.user, workspace)
    form = StopForm(request.POST or None, initial=names)
    if form.is_valid() and _stopped(request, form, workspace, deployment):
        messages.success(request, gettext("Stopped. What is in flight ends within seconds."))
        return redirect("web:stop")
    about = Halt(workspace=workspace, deployment=deployment)
    status = 400 if form.errors else 200
    return render(request, "stop/confirm.html", {"form": form, "halt": about}, status=status)


def _stopped(
    request: SignedIn, form: StopForm, workspace: Workspace | None, deployment: Deployment | None
) -> bool:
    about: dict[str, Any] = {"workspace": workspace, "deployment": deployment}
    reason = form.cleaned_data["reason"]
    try:
        service.stop(user=request.user, reason=reason, place=Place.PAGE, **about)
    except (InvalidInput, Conflict) as error:
        _put(form, error)
        return False
    return True


@signed_in
@require_http_methods(["GET", "POST"])
def resume(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Let stopped work go on, with the reason."""
    _overseen(request)
    halt = service.standing(identifier)
    service.require_administrator(request.user, halt.workspace)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            service.resume(user=request.user, halt=halt, reason=reason, place=Place.PAGE)
        except InvalidInput as error:
            _put(form, error)
        else:
            tasks.wake()
            messages.success(request, gettext("The work goes on."))
            return redirect("web:stop")
    status = 400 if form.errors else 200
    return render(request, "stop/resume.html", {"form": form, "halt": halt}, status=status)


def _put(form: forms.Form, error: AuditError) -> None:
    if isinstance(error, InvalidInput):
        put_on_form(form, error)
    else:
        form.add_error(None, sentence_of(error))


def _overseen(request: SignedIn) -> list[Workspace]:
    """The workspaces that one administers or audits; nobody else has business here."""
    rooms = access.workspaces_of(request.user, *OVERSEERS)
    if not rooms:
        raise NotFound
    return rooms
