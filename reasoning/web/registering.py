"""Changing the registry: proposing, judging, and allowing in a workspace."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from reasoning.core.errors import Conflict, InvalidInput, NotFound
from reasoning.models import Deployment, Registered, Role, User
from reasoning.services import access, allowances, capacity, registry, versions
from reasoning.services.registry import DEPLOYMENTS, PROFILES, PROMPTS, Kind
from reasoning.web.registry import ACTS, frame_of, kind_named, version_of
from reasoning.web.registry_forms import FORMS, ReasonForm, StreamsForm, VersionForm, beginning
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form, sentence_of

PROPOSING: dict[str, Any] = {
    PROMPTS.noun: registry.propose_prompt,
    PROFILES.noun: registry.propose_profile,
    DEPLOYMENTS.noun: registry.propose_deployment,
}


@signed_in
@require_http_methods(["GET", "POST"])
def propose(request: SignedIn, noun: str) -> HttpResponse:
    """A new version, made from the one that the address names or from nothing."""
    kind = kind_named(noun)
    registry.require_author(request.user)
    origin = _origin(kind, request.GET.get("from", ""))
    if request.method == "GET":
        return _form(request, kind, FORMS[noun](initial=beginning(kind, origin)), origin)
    form = FORMS[noun](request.POST)
    if form.is_valid():
        try:
            row = PROPOSING[noun](author=request.user, **form.columns())
        except InvalidInput as error:
            put_on_form(form, error)
        else:
            said = gettext("%(version)s is proposed. Someone else must approve it.")
            messages.success(request, said % {"version": row.label})
            return redirect("web:version", noun, row.pk)
    return _form(request, kind, form, origin, status=400)


def _origin(kind: Kind, identifier: str) -> Registered | None:
    try:
        return version_of(kind, UUID(identifier)) if identifier else None
    except ValueError as error:
        raise NotFound from error


def _form(
    request: SignedIn, kind: Kind, form: VersionForm, origin: Registered | None, status: int = 200
) -> HttpResponse:
    context = {**frame_of(kind), "form": form, "origin": origin}
    return render(request, "registry/propose.html", context, status=status)


@signed_in
@require_http_methods(["GET", "POST"])
def judge(request: SignedIn, noun: str, identifier: UUID, act: str) -> HttpResponse:
    """Approve or retire a version, with a reason; refused to its author."""
    if act not in ACTS:
        raise NotFound
    kind = kind_named(noun)
    row = version_of(kind, identifier)
    registry.require_judge(request.user, row)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            registry.judge(
                judge=request.user,
                subject=row,
                verdict=ACTS[act],
                reason=form.cleaned_data["reason"],
            )
        except (InvalidInput, Conflict) as error:
            _put(form, error)
        else:
            return redirect("web:version", noun, row.pk)
    context = {**frame_of(kind), "version": row, "form": form, "act": act}
    return render(request, "registry/judge.html", context, status=400 if form.errors else 200)


@signed_in
@require_http_methods(["GET", "POST"])
def allow(request: SignedIn, noun: str, identifier: UUID, slug: str) -> HttpResponse:
    """Allow a version in a workspace, or no longer, with a reason; for its administrators."""
    kind = kind_named(noun)
    row = version_of(kind, identifier)
    room = _room(request.user, row, slug)
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            allowances.set_allowed(
                user=request.user,
                workspace=room.workspace,
                subject=row,
                allowed=request.POST.get("allowed") == "yes",
                reason=form.cleaned_data["reason"],
            )
        except (InvalidInput, Conflict) as error:
            _put(form, error)
        else:
            return redirect("web:version", noun, row.pk)
    context = {**frame_of(kind), "version": row, "room": room, "form": form}
    return render(request, "registry/allow.html", context, status=400 if form.errors else 200)


@signed_in
@require_http_methods(["GET", "POST"])
def streams(request: SignedIn, identifier: UUID) -> HttpResponse:
    """How many streams a deployment has at once, with a reason; for administrators."""
    access.require_role_somewhere(request.user, Role.ADMINISTRATOR)
    row = version_of(DEPLOYMENTS, identifier)
    assert isinstance(row, Deployment)
    form = StreamsForm(request.POST or None, initial={"streams": capacity.streams_of(row)})
    if form.is_valid():
        try:
            capacity.limit_streams(user=request.user, deployment=row, **form.cleaned_data)
        except (InvalidInput, Conflict) as error:
            _put(form, error)
        else:
            return redirect("web:version", DEPLOYMENTS.noun, row.pk)
    context = {**frame_of(DEPLOYMENTS), "version": row, "form": form}
    return render(request, "registry/streams.html", context, status=400 if form.errors else 200)


def _room(user: User, row: Registered, slug: str) -> versions.Room:
    """The workspace as it stands to the version; NotFound unless this person is in it."""
    room = next((one for one in versions.rooms_of(user, row) if one.workspace.slug == slug), None)
    if room is None:
        raise NotFound
    access.require_role(user, room.workspace, Role.ADMINISTRATOR)
    return room


def _put(form: ReasonForm, error: InvalidInput | Conflict) -> None:
    if isinstance(error, InvalidInput):
        put_on_form(form, error)
    else:
        form.add_error(None, sentence_of(error))
