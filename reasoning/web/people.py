"""Rooms of administrators: people, their roles, and what keeps them in or out."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from reasoning.core.errors import AuditError, InvalidInput, NotFound
from reasoning.models import Role, User, Workspace
from reasoning.services import access, codes, invitations, limits
from reasoning.services import people as service
from reasoning.services.addresses import address_of
from reasoning.web import changes
from reasoning.web.middleware import remember_refusal
from reasoning.web.people_forms import InviteForm, PasswordForm, ReasonForm, RoleForm
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form, sentence_of

ACTS: dict[str, Callable[..., Any]] = {
    "unlock": service.unlock,
    "deactivate": service.deactivate,
    "reactivate": service.reactivate,
    "reset-factors": service.reset_factors,
    "end-sessions": service.end_sessions,
}


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """Everybody in the workspaces that one administers; the locked first."""
    rooms = _rooms(request)
    found = service.administered_by(request.user).prefetch_related("memberships__workspace")
    shown: list[dict[str, Any]] = [
        {
            "user": user,
            "roles": [one for one in user.memberships.all() if one.workspace in rooms],
            "second_factor": codes.has_second_factor(user),
            "invited": not user.has_usable_password() and hasattr(user, "invitation"),
        }
        for user in found.select_related("invitation")
    ]
    shown.sort(key=lambda one: one["user"].locked_at is None)
    locked = [one["user"] for one in shown if one["user"].locked_at]
    return render(request, "people/index.html", {"people": shown, "locked": locked})


@signed_in
@require_http_methods(["GET", "POST"])
@never_cache
def invite(request: SignedIn) -> HttpResponse:
    """Invite somebody; the one-time link is shown this once."""
    rooms = _rooms(request)
    form = InviteForm(rooms, request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return _invite(request, form, 400 if request.POST else 200)
    values = form.cleaned_data
    workspace = next(room for room in rooms if room.slug == values.pop("workspace"))
    try:
        user, token = service.invite(by=request.user, workspace=workspace, **values)
    except InvalidInput as error:
        put_on_form(form, error)
        return _invite(request, form, error.status)
    return _invited(request, user, token)


def _invite(request: SignedIn, form: InviteForm, status: int) -> HttpResponse:
    return render(request, "people/invite.html", {"form": form}, status=status)


def _invited(request: SignedIn, user: User, token: str) -> HttpResponse:
    link = request.build_absolute_uri(reverse("accept-invitation", args=[token]))
    mailed = invitations.send(user=user, link=link)
    context = {"person": user, "link": link, "mailed": mailed}
    return render(request, "people/invited.html", context)


@signed_in
@require_GET
def detail(request: SignedIn, identifier: UUID) -> HttpResponse:
    """One person: roles, ways in, state, and everything that was changed."""
    return _detail(request, _person(request, identifier))


def _detail(request: SignedIn, user: User, refusal: str = "", status: int = 200) -> HttpResponse:
    rooms = _rooms(request)
    context = {
        "person": user,
        "roles": user.memberships.filter(workspace__in=rooms).select_related("workspace"),
        "second_factor": codes.has_second_factor(user),
        "form": RoleForm(rooms),
        "reason": ReasonForm(),
        "history": list(changes.lines(service.history(user).select_related("workspace"))),
        "refusal": refusal,
        "self": user.pk == request.user.pk,
    }
    return render(request, "people/detail.html", context, status=status)


@signed_in
@require_POST
@never_cache
def act(request: SignedIn, identifier: UUID) -> HttpResponse:
    """One of ACTS, a new link, or a role given or taken; each with a reason."""
    user = _person(request, identifier)
    try:
        return _act(request, user, request.POST.get("act", ""))
    except AuditError as error:
        remember_refusal(request, error)
        fields = [sentence_of(problem) for problem in error.fields]
        return _detail(request, user, " ".join(fields) or sentence_of(error), error.status)


def _act(request: SignedIn, user: User, wanted: str) -> HttpResponse:
    given: dict[str, Any] = {
        "by": request.user,
        "user": user,
        "reason": request.POST.get("reason", "").strip(),
    }
    if wanted == "invite-again":
        return _invited(request, user, service.invite_again(**given))
    if wanted in {"give-role", "take-role"}:
        role, workspace = request.POST.get("role", ""), request.POST.get("workspace", "")
        room = get_object_or_404(Workspace, slug=workspace)
        change = service.give_role if wanted == "give-role" else service.take_role
        change(**given, workspace=room, role=role)
    elif wanted in ACTS:
        ACTS[wanted](**given)
    else:
        raise NotFound
    messages.success(request, gettext("Done, and recorded."))
    return redirect("web:person", user.pk)


@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
@never_cache
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Come for an account: choose its password; the link is good once."""
    limits.require(limits.SIGN_IN, address_of(request))
    user = invitations.of_token(token)
    form = PasswordForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            invitations.accept(token=token, password=form.cleaned_data["password"])
        except InvalidInput as error:
            put_on_form(form, error)
        else:
            messages.success(request, gettext("Your account is ready. Sign in."))
            return redirect(f"{reverse('web:sign-in')}?as={user.get_username()}")
    if request.method == "POST":
        status = 400
    return render(request, "people/accept.html", {"form": form, "person": user}, status=status)


def _rooms(request: SignedIn) -> list[Workspace]:
    """The workspaces that one administers; nobody else has business here."""
    rooms = access.workspaces_of(request.user, Role.ADMINISTRATOR)
    if not rooms:
        raise NotFound
    return rooms


def _person(request: SignedIn, identifier: UUID) -> User:
    _rooms(request)
    return service.administered(request.user, identifier)
