"""Administering people: invitations, roles, deactivation, locks, second factors, sessions.

Administrators of a workspace give and take its roles. What concerns the account as a whole is for
those who administer every workspace that the person belongs to. Nobody administers themselves. Each
act has a reason and is kept as a change: old, new, who, why.
"""

from uuid import UUID

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from reasoning.core.errors import Conflict, FieldError, InvalidInput, NotFound, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text, text_problem
from reasoning.models import ApiToken, Change, Membership, Role, User, Workspace
from reasoning.services import access, audit, clock, credentials, invitations, sessions

REASON_LIMIT = 2_000
NAME_LIMIT = 150


def administered_by(by: User) -> QuerySet[User]:
    """The people of the workspaces that somebody administers, by name."""
    rooms = access.workspaces_of(by, Role.ADMINISTRATOR)
    members = Membership.objects.filter(workspace__in=rooms).values("user")
    return User.objects.filter(pk__in=members, is_service=False).order_by("display_name", "pk")


def administered(by: User, identifier: UUID) -> User:
    """One of them; NotFound for anybody else."""
    user = administered_by(by).filter(pk=identifier).first()
    if user is None:
        raise NotFound
    return user


def history(user: User) -> QuerySet[Change]:
    """What was changed about a person, the newest first."""
    return Change.objects.filter(subject_id=user.pk).order_by("-recorded_at", "-id")


# Accounts and roles -----------------------------------------------------------------------------


@transaction.atomic
def invite(
    *,
    by: User | None,
    username: str,
    display_name: str,
    email: str,
    workspace: Workspace,
    role: str,
    reason: str,
) -> tuple[User, str]:
    """A new account with one role, and the token of its one-time link. ``by`` None: the system.

    Raises InvalidInput naming every wrong field; user names are never used twice.
    """
    if by is not None:
        access.require_role(by, workspace, Role.ADMINISTRATOR)
    require_text("reason", reason, limit=REASON_LIMIT)
    problems = [*_name_problems(username, display_name), *_email_problems(email)]
    if role not in Role.values:
        problems.append(FieldError("role", "unknown", _("There is no such role.")))
    if problems:
        raise InvalidInput(fields=problems)
    user = User(username=username, display_name=display_name, email=email)
    user.set_unusable_password()
    user.save()
    audit.remember_change(
        user=by, subject=user, field="account", old="", new=username, reason=reason
    )
    _give(by, user, workspace, role, reason)
    return user, invitations.renew(user)


@transaction.atomic
def invite_again(*, by: User, user: User, reason: str) -> str:
    """A new link for somebody who has not come yet, or forgot the password; ends their sessions."""
    _require_over(by, user, reason)
    if not user.is_active:
        raise Conflict(_("This account is deactivated."))
    user.set_unusable_password()
    user.save(update_fields=["password"])
    sessions.end_all(user)
    audit.remember_change(user=by, subject=user, field="password", old="set", new="", reason=reason)
    return invitations.renew(user)


@transaction.atomic
def give_role(*, by: User, user: User, workspace: Workspace, role: str, reason: str) -> None:
    """Give a role in a workspace."""
    _require_roles(by, user, workspace, role, reason)
    if role in access.roles_of(user, workspace):
        raise Conflict(_("This person has the role already."))
    _give(by, user, workspace, role, reason)


@transaction.atomic
def take_role(*, by: User, user: User, workspace: Workspace, role: str, reason: str) -> None:
    """Take a role in a workspace away."""
    _require_roles(by, user, workspace, role, reason)
    taken, _kinds = Membership.objects.filter(user=user, workspace=workspace, role=role).delete()
    if not taken:
        raise Conflict(_("This person does not have the role."))
    audit.remember_change(
        user=by,
        subject=user,
        field="role",
        old=role,
        new="",
        reason=reason,
        workspace=workspace,
    )


def _give(by: User | None, user: User, workspace: Workspace, role: str, reason: str) -> None:
    Membership.objects.create(user=user, workspace=workspace, role=role)
    audit.remember_change(
        user=by,
        subject=user,
        field="role",
        old="",
        new=role,
        reason=reason,
        workspace=workspace,
    )


@transaction.atomic
def deactivate(*, by: User, user: User, reason: str) -> None:
    """Keep somebody out: no signing in, no signing, no tokens. What they signed stays."""
    _require_over(by, user, reason)
    _set_active(by, user, False, reason)
    sessions.end_all(user)
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=clock.now())


@transaction.atomic
def reactivate(*, by: User, user: User, reason: str) -> None:
    """Let somebody in again; tokens are to be made anew."""
    _require_over(by, user, reason)
    _set_active(by, user, True, reason)


def _set_active(by: User, user: User, active: bool, reason: str) -> None:
    current = User.objects.select_for_update().get(pk=user.pk)
    if current.is_active == active:
        raise Conflict(_("It is so already."))
    User.objects.filter(pk=user.pk).update(is_active=active)
    old, new = ("deactivated", "active") if active else ("active", "deactivated")
    audit.remember_change(user=by, subject=user, field="state", old=old, new=new, reason=reason)


# Ways in ----------------------------------------------------------------------------------------


@transaction.atomic
def unlock(*, by: User, user: User, reason: str) -> None:
    """End the lock after too many wrong passwords."""
    _require_over(by, user, reason)
    current = User.objects.select_for_update().get(pk=user.pk)
    if current.locked_at is None:
        raise Conflict(_("This account is not locked."))
    credentials.unlock(by=by, user=current, reason=reason)


@transaction.atomic
def reset_factors(*, by: User, user: User, reason: str) -> None:
    """Remove somebody's app, recovery codes and passkeys, and end their sessions."""
    _require_over(by, user, reason)
    factors = Authenticator.objects.filter(user=user)
    old = ", ".join(sorted(factors.values_list("type", flat=True)))
    if not old:
        raise Conflict(_("This person has no second factor."))
    factors.delete()
    sessions.end_all(user)
    audit.remember_change(
        user=by, subject=user, field="second_factor", old=old, new="", reason=reason
    )


@transaction.atomic
def end_sessions(*, by: User, user: User, reason: str) -> None:
    """End every session of somebody."""
    _require_over(by, user, reason)
    ended = sessions.end_all(user)
    audit.remember_change(
        user=by, subject=user, field="sessions", old=str(ended), new="0", reason=reason
    )


# Who may ----------------------------------------------------------------------------------------


def _require_roles(by: User, user: User, workspace: Workspace, role: str, reason: str) -> None:
    access.require_role(by, workspace, Role.ADMINISTRATOR)
    _require_another(by, user, reason)
    if role not in Role.values:
        raise InvalidInput.of("role", "unknown", _("There is no such role."))


def _require_over(by: User, user: User, reason: str) -> None:
    """Administrator of every workspace that the person belongs to, and not that person."""
    _require_another(by, user, reason)
    mine = {room.pk for room in access.workspaces_of(by, Role.ADMINISTRATOR)}
    theirs = set(user.memberships.values_list("workspace", flat=True))
    if not theirs & mine:
        raise NotFound
    if not theirs <= mine:
        raise Refused(_("This person also works elsewhere; their administrator must do this."))


def _require_another(by: User, user: User, reason: str) -> None:
    if by.pk == user.pk:
        raise Refused(_("Another administrator must do this to your account."))
    require_text("reason", reason, limit=REASON_LIMIT)


def _name_problems(username: str, display_name: str) -> list[FieldError]:
    problems = [text_problem("display_name", display_name, limit=NAME_LIMIT)]
    try:
        User.username_validator(username)
    except ValidationError:
        sentence = _("Letters, digits and @ . + - _ only.")
        problems.append(FieldError("username", "characters", sentence))
    problems.append(text_problem("username", username, limit=NAME_LIMIT))
    if User.objects.filter(username__iexact=username).exists():
        sentence = _("This user name was given before. Names are not used twice.")
        problems.append(FieldError("username", "taken", sentence))
    return [problem for problem in problems if problem]


def _email_problems(email: str) -> list[FieldError]:
    try:
        if email:
            validate_email(email)
    except ValidationError:
        return [FieldError("email", "malformed", _("This is not an e-mail address."))]
    return []
