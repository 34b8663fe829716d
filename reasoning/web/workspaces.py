"""Workspaces and their policies, for those who administer or audit them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from reasoning.core.errors import Conflict, InvalidInput
from reasoning.models import PolicyVersion, Role, Workspace
from reasoning.services import access, allowances, integrity, policies
from reasoning.services.registry import KINDS
from reasoning.web.registry import TITLES
from reasoning.web.registry_forms import WorkspaceForm
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form, sentence_of

LABELS = {
    "name": _("Name"),
    "default_prompt": _("Prompt version"),
    "default_profile": _("Sampling profile"),
    "default_deployment": _("Deployment"),
    "run_limit": _("Runs at once"),
    "weight": _("Weight"),
    "highest_priority": _("Highest priority"),
    "approvals": _("Approvals needed"),
    "second_factor": _("Second factor for signing"),
    "preliminary_view": _("Preliminary view before the answer"),
    "conflict_statement": _("Conflict-of-interest statement"),
    "training": _("Training on record"),
    "statement_language": _("Language of statements"),
    "checklist": _("Checklist"),
    "labels": _("Labels for notes"),
    "decided_years": _("Years to keep decided questions"),
    "undecided_years": _("Years to keep undecided questions"),
}
READERS = (Role.ADMINISTRATOR, Role.AUDITOR)


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """The workspaces that this person administers or audits."""
    rooms = [
        {"workspace": room, "policy": policies.policy_of(room)}
        for room in access.workspaces_of(request.user, *READERS)
    ]
    return render(request, "workspaces/list.html", {"listed": rooms})


@signed_in
@require_GET
def detail(request: SignedIn, slug: str) -> HttpResponse:
    """One workspace: what holds now, what may be used in it, and every change with its reason."""
    room = access.workspace_for(request.user, slug, *READERS)
    steps = policies.history(room)
    context = {
        "workspace": room,
        "version": policies.policy_of(room).version,
        "settings": _lines(policies.settings_of(room)),
        "allowed": [
            {"noun": kind.noun, "title": TITLES[kind.noun][0], "rows": _allowed(kind, room)}
            for kind in KINDS
        ],
        "history": [{"version": step.version, "lines": _compared(step)} for step in steps],
        "changes": allowances.history(workspace=room),
        "may_change": Role.ADMINISTRATOR in access.roles_of(request.user, room),
        "mismatches": integrity.mismatches([step.version for step in steps]),
    }
    return render(request, "workspaces/detail.html", context)


@signed_in
@require_http_methods(["GET", "POST"])
def change(request: SignedIn, slug: str) -> HttpResponse:
    """New settings for a workspace, with the reason; for its administrators."""
    room = access.workspace_for(request.user, slug, *READERS)
    access.require_role(request.user, room, Role.ADMINISTRATOR)
    if request.method == "GET":
        return _page(request, room, WorkspaceForm(room, initial=_initial(room)))
    form = WorkspaceForm(room, request.POST)
    if form.is_valid():
        try:
            _change(request, room, form)
        except InvalidInput as error:
            put_on_form(form, error)
        except Conflict as error:
            form.add_error(None, sentence_of(error))
        else:
            messages.success(request, gettext("The new settings are in force."))
            return redirect("web:workspace", room.slug)
    return _page(request, room, form, status=400)


def _change(request: SignedIn, room: Workspace, form: WorkspaceForm) -> PolicyVersion:
    given = request.POST.get("based_on", "")
    return policies.change(
        user=request.user,
        workspace=room,
        reason=form.cleaned_data["reason"],
        based_on=int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None,
        **form.settings(),
    )


def _page(
    request: SignedIn, room: Workspace, form: WorkspaceForm, status: int = 200
) -> HttpResponse:
    based_on = request.POST.get("based_on") or policies.policy_of(room).version
    context = {"workspace": room, "form": form, "based_on": based_on}
    return render(request, "workspaces/change.html", context, status=status)


def _initial(room: Workspace) -> dict[str, Any]:
    settings = policies.settings_of(room)
    return settings | {name: "\n".join(settings[name]) for name in ("checklist", "labels")}


def _allowed(kind: Any, room: Workspace) -> list[Any]:
    return list(kind.allowed_in(room).order_by("name", "-number"))


def _lines(settings: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"label": LABELS[name], "value": _shown(name, value)} for name, value in settings.items()
    ]


def _compared(step: policies.Step) -> list[dict[str, Any]]:
    return [
        {"label": LABELS[name], "old": _shown(name, old), "new": _shown(name, new)}
        for name, old, new in step.differences
    ]


def _shown(name: str, value: Any) -> list[str]:
    """A value as the lines that it is printed in; none where there is nothing."""
    if name == "run_limit" and not value:
        return [gettext("as the service is set up") if value is None else gettext("any number")]
    if name == "statement_language" and not value:
        return [gettext("the signer's own")]
    if isinstance(value, bool):
        return [gettext("yes") if value else gettext("no")]
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    return [str(value)]
