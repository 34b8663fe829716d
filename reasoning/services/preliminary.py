"""The reviewer's own view first: recorded before the answer is shown (see ``withholding``)."""

from django.db import transaction

from reasoning.core.errors import Conflict
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import PreliminaryView, Question, QuestionState, QuestionStatus, Trace, User
from reasoning.services import reviewers, withholding
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record

VIEW_LIMIT = 10_000


def view_of(*, user: User, question: Question) -> PreliminaryView | None:
    """What this person said before they saw an answer; None when they were not asked, or have not
    said it."""
    return PreliminaryView.objects.filter(question=question, actor_id=user.pk).first()


@transaction.atomic
def say(*, user: User, trace: Trace, view: str) -> PreliminaryView:
    """Record a reviewer's view of the question; the answer is shown from now on.

    Raises Refused for who may not decide, and Conflict when there is nothing to say it about: the
    question is not under review, or its answer was not hidden from them.
    """
    question = trace.run.question
    state = QuestionState.objects.select_for_update().get(pk=question.pk)
    reviewers.require_eligible(user, trace)
    require_text("view", view, limit=VIEW_LIMIT)
    under_review = state.status == QuestionStatus.IN_REVIEW and state.trace_id == trace.pk
    if not under_review or withholding.awaited(user=user, question=question) != question:
        raise Conflict(_("Your view of this question is not asked for now."))
    row = PreliminaryView(trace=trace, question=question, view=view)
    record(actor_of(user), row)
    return row
