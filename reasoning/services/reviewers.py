"""Who may decide on a question: a reviewer of its workspace who is independent of it.

Four eyes: whoever asked, for the question or for a run of it, never decides. Neither does who has
a conflict of interest, nor, where the workspace asks for training, who has no record of it.
"""

from collections.abc import Iterable
from uuid import UUID

from reasoning.core.errors import AlreadySigned, Recused, SubmitterCannotDecide, TrainingMissing
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Decision, Question, Recusal, Role, Run, Trace, User, Workspace
from reasoning.services import access, policies, training


def require_independent(user: User, question: Question) -> None:
    """Raise Refused for all but independent reviewers of the question's workspace."""
    access.require_role(user, question.workspace_id, Role.REVIEWER)
    if question.actor_id == user.pk:
        raise SubmitterCannotDecide
    if Run.objects.filter(question=question, actor_id=user.pk).exists():
        raise SubmitterCannotDecide(
            _("You asked for a run of this question; an independent reviewer must decide.")
        )
    if Recusal.objects.filter(question=question, actor_id=user.pk).exists():
        raise Recused


def require_eligible(user: User, trace: Trace) -> None:
    """Raise Refused for all who may not sign a decision on this trace, whatever its state."""
    question = trace.run.question
    require_independent(user, question)
    wanted = policies.policy_of(question.workspace).training
    if wanted and not training.is_current(user=user, workspace=question.workspace):
        raise TrainingMissing
    if Decision.objects.standing().filter(trace=trace, actor_id=user.pk).exists():
        raise AlreadySigned


def of_workspaces(rooms: Iterable[Workspace]) -> list[User]:
    """Everybody who reviews in one of these workspaces, by name."""
    found = User.objects.filter(
        memberships__workspace__in=list(rooms), memberships__role=Role.REVIEWER
    )
    return list(found.distinct().order_by("display_name", "username"))


def dependent(question: Question) -> set[UUID]:
    """Who cannot decide on the question though they may be reviewers."""
    askers = Run.objects.filter(question=question).values_list("actor_id", flat=True)
    recused = Recusal.objects.filter(question=question).values_list("actor_id", flat=True)
    return {one for one in (question.actor_id, *askers, *recused) if one}
