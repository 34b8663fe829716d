"""Answers that a reviewer is not to see yet: where a workspace asks for their own view first.

They are withheld from the independent reviewers of the workspace from the time when the question is
asked until it is decided, or they have said what they think (``services.preliminary``).
``access.readable_trace`` gives no such trace out; what shows texts of traces by another way, or
speaks of them, asks here.
"""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from reasoning.core.errors import AnswerWithheld
from reasoning.models import Question, QuestionStatus, Role, User, Workspace

OPEN = (QuestionStatus.QUEUED, QuestionStatus.RUNNING, QuestionStatus.IN_REVIEW)


def withheld_from(user: User) -> QuerySet[Question]:
    """The questions whose answers this person is not to see yet."""
    return _withheld(user, Workspace.objects.filter(**_reviewed_by(user)).distinct())


def awaited(*, user: User, question: Question) -> Question | None:
    """The question on which this person's view is wanted before they may see an answer to this one:
    itself, or an earlier one of the conversation, which is shown with it. None: they may see it."""
    earlier: Question | None = question
    while earlier is not None:
        if _withheld(user, [earlier.workspace]).filter(pk=earlier.pk).exists():
            return earlier
        earlier = earlier.follows
    return None


def require_revealed(user: User, question: Question) -> None:
    """Raise AnswerWithheld while the person is not to see the question's answers."""
    if awaited(user=user, question=question) is not None:
        raise AnswerWithheld


def require_all_revealed(user: User, questions: Collection[UUID]) -> None:
    """The same for many questions, with the conversations that they carry."""
    withheld, ids = withheld_from(user), set(questions)
    while ids:
        if withheld.filter(pk__in=ids).exists():
            raise AnswerWithheld
        earlier = Question.objects.filter(pk__in=ids, follows__isnull=False)
        ids = set(earlier.values_list("follows_id", flat=True))


def _withheld(user: User, rooms: Iterable[Workspace]) -> QuerySet[Question]:
    """Open questions of those of these rooms that ask for views, on which this person may decide
    and has said nothing."""
    asking = [room for room in rooms if _asks_for_views(room)]
    if not asking:
        return Question.objects.none()
    mine = Workspace.objects.filter(**_reviewed_by(user))
    return (
        Question.objects.filter(workspace__in=mine, state__status__in=OPEN)
        .filter(workspace__in=asking)
        .exclude(actor_id=user.pk)
        .exclude(runs__actor_id=user.pk)
        .exclude(recusals__actor_id=user.pk)
        .exclude(preliminary_views__actor_id=user.pk)
    )


def _reviewed_by(user: User) -> dict[str, Any]:
    return {"memberships__user": user, "memberships__role": Role.REVIEWER}


def _asks_for_views(workspace: Workspace) -> bool:
    newest = workspace.policies.order_by("-number").values_list("preliminary_view", flat=True)
    return bool(newest.first())
