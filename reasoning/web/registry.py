"""The registry: prompts, sampling profiles and deployments, their versions and differences."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from reasoning.core.errors import NotFound
from reasoning.models import Membership, Registered, Role, User, Verdict
from reasoning.services import allowances, integrity, versions
from reasoning.services.registry import DEPLOYMENTS, KINDS, PROFILES, PROMPTS, Kind
from reasoning.web import registry_fields
from reasoning.web.requests import SignedIn, signed_in

TITLES = {
    PROMPTS.noun: (_("Prompts"), _("What the model is told before each question.")),
    PROFILES.noun: (_("Sampling profiles"), _("How the model's words are chosen.")),
    DEPLOYMENTS.noun: (
        _("Deployments"),
        _("Which model answers, on which engine, at what address."),
    ),
}


def kind_named(noun: str) -> Kind:
    """The kind that an address names. NotFound for any other word."""
    for kind in KINDS:
        if kind.noun == noun:
            return kind
    raise NotFound


def version_of(kind: Kind, identifier: UUID) -> Registered:
    """A version with its state, or NotFound."""
    row = versions.stated(kind, identifier)
    if row is None:
        raise NotFound
    return row


def frame_of(kind: Kind) -> dict[str, Any]:
    """What every page of one kind shows: its name, and the ways to the other kinds."""
    title, says = TITLES[kind.noun]
    tabs = [(one.noun, TITLES[one.noun][0]) for one in KINDS]
    return {"noun": kind.noun, "kind_title": title, "kind_says": says, "tabs": tabs}


def powers_of(user: User) -> dict[str, bool]:
    """What this person may do in the registry, in whichever workspace the role is held."""
    held = set(Membership.objects.filter(user=user).values_list("role", flat=True))
    return {
        "may_propose": Role.PROMPT_AUTHOR in held,
        "may_judge": Role.PROMPT_APPROVER in held,
    }


@signed_in
@require_GET
def start(request: SignedIn) -> HttpResponse:
    """The registry begins with prompts."""
    return redirect("web:registry", PROMPTS.noun)


@signed_in
@require_GET
def index(request: SignedIn, noun: str) -> HttpResponse:
    """Every version of one kind with its state, by name."""
    kind = kind_named(noun)
    context = {**frame_of(kind), **powers_of(request.user), "versions": versions.listed(kind)}
    return render(request, "registry/list.html", context)


@signed_in
@require_GET
def detail(request: SignedIn, noun: str, identifier: UUID) -> HttpResponse:
    """One version, re-checked: what it says, who judged it, where it is allowed, its use."""
    kind = kind_named(noun)
    row = version_of(kind, identifier)
    judgements = versions.judgements(row)
    looks = versions.looks_at(row)
    runs = versions.runs_of(row)
    powers = powers_of(request.user)
    context = {
        **frame_of(kind),
        **powers,
        "may_judge": powers["may_judge"] and row.actor_id != request.user.pk,
        "version": row,
        "fields": registry_fields.fields_of(row),
        "texts": registry_fields.texts_of(row),
        "judgements": judgements,
        "looks": looks,
        "rooms": versions.rooms_of(request.user, row),
        "changes": _changes(request.user, row),
        "runs": min(runs, versions.COUNTED),
        "more_runs": runs > versions.COUNTED,
        "others": [one for one in versions.listed(kind) if one.pk != row.pk],
        "mismatches": integrity.mismatches([row, *judgements, *looks]),
    }
    return render(request, "registry/version.html", context)


def _changes(user: User, row: Registered) -> list[Any]:
    """Where it was allowed and disallowed, as far as this person is a member there."""
    mine = set(Membership.objects.filter(user=user).values_list("workspace_id", flat=True))
    return [change for change in allowances.history(subject=row) if change.workspace_id in mine]


@signed_in
@require_GET
def compare(request: SignedIn, noun: str) -> HttpResponse:
    """Two versions of one kind side by side; long texts word by word."""
    kind = kind_named(noun)
    old, new = (_named(kind, request.GET.get(name, "")) for name in ("old", "new"))
    context = {
        **frame_of(kind),
        "old": old,
        "new": new,
        "fields": registry_fields.compared(old, new),
        "texts": registry_fields.compared_texts(old, new),
        "mismatches": integrity.mismatches([old, new]),
    }
    return render(request, "registry/compare.html", context)


def _named(kind: Kind, identifier: str) -> Registered:
    try:
        return version_of(kind, UUID(identifier))
    except ValueError as error:
        raise NotFound from error


ACTS = {"approve": Verdict.APPROVED, "retire": Verdict.RETIRED}
"""How addresses name the verdicts."""
