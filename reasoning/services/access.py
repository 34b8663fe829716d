"""Who may see and do what. Everything not allowed looks as if it were not there."""

from uuid import UUID

from reasoning.core.errors import NotFound, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.models import READING_ROLES, Membership, Question, Role, Run, Trace, User, Workspace
from reasoning.services import withholding
from reasoning.services.prepared import Query


def roles_of(user: User, workspace: Workspace | UUID) -> set[str]:
    """The user's roles in one workspace."""
    return set(
        Membership.objects.filter(user=user, workspace=workspace).values_list("role", flat=True)
    )


def workspaces_of(user: User, *roles: Role) -> list[Workspace]:
    """The workspaces in which the user has one of the roles (none named: any that reads)."""
    return list(
        Workspace.objects.filter(
            memberships__user=user, memberships__role__in=roles or READING_ROLES
        )
        .distinct()
        .order_by("name")
    )


def rooms_of(user: User) -> list[Workspace]:
    """The workspaces in which the user has any role at all."""
    return list(Workspace.objects.filter(memberships__user=user).distinct().order_by("name"))


def readable_question(user: User, identifier: UUID) -> Question:
    """The question, when the user may read it; NotFound otherwise."""
    question = (
        Question.objects.select_related("workspace", "state")
        .visible_to(user, READING_ROLES)
        .filter(pk=identifier)
        .first()
    )
    if question is None:
        raise NotFound
    return question


def readable_run(user: User, identifier: UUID) -> Run:
    """The run, when the user may read its question."""
    run = Run.objects.select_related("state", "question").filter(pk=identifier).first()
    if run is None:
        raise NotFound
    run.question = readable_question(user, run.question_id)
    return run


def readable_trace(user: User, identifier: UUID) -> Trace:
    """The trace with its run, when the user may read it: AnswerWithheld from a reviewer who is to
    say first what they think."""
    trace = trace_to_review(user, identifier)
    withholding.require_revealed(user, trace.run.question)
    return trace


def trace_to_review(user: User, identifier: UUID) -> Trace:
    """The trace with its run, when the user may read its question. Its texts may still be withheld
    from them: this is for acts of reviewing, which show none."""
    trace = (
        Trace.objects.select_related(
            "attempt",
            "run__question",
            "run__state",
            "run__prompt_version",
            "run__sampling_profile",
            "run__deployment",
        )
        .filter(pk=identifier)
        .first()
    )
    if trace is None:
        raise NotFound
    trace.run.question = readable_question(user, trace.question_id)
    return trace


def require_role(user: User, workspace: Workspace | UUID, role: Role) -> None:
    """Raise Refused when the user lacks the role in the workspace."""
    room = workspace.pk if isinstance(workspace, Workspace) else workspace
    if not _HOLDS.exists(user.pk, room, role.value):
        raise Refused(_("This needs the role “%(role)s” in this workspace."), role=role.value)


_HOLDS = Query(
    lambda user, workspace, role: Membership.objects.filter(
        user=user, workspace=workspace, role=role
    ),
    *(UUID, UUID, str),
)


def require_role_somewhere(user: User, role: Role) -> None:
    """Raise Refused when the user has the role in no workspace: for what all workspaces share."""
    if not Membership.objects.filter(user=user, role=role).exists():
        raise Refused(_("This needs the role “%(role)s”."), role=role.value)


def workspace_for(user: User, slug: str, *roles: Role) -> Workspace:
    """The workspace, when the user has one of the roles in it; NotFound otherwise."""
    held = {"memberships__user": user, "memberships__role__in": roles}
    found = Workspace.objects.filter(slug=slug, **held).first()
    if found is None:
        raise NotFound
    return found
