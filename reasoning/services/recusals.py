"""Keeping out: a reviewer with a conflict of interest says so, and others decide."""

from django.db import transaction

from reasoning.core.errors import Conflict
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import (
    Decision,
    QuestionState,
    QuestionStatus,
    Recusal,
    ReviewClaim,
    Trace,
    User,
)
from reasoning.services import reviewers
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record

REASON_LIMIT = 2_000


@transaction.atomic
def recuse(*, user: User, trace: Trace, reason: str) -> Recusal:
    """Record a reviewer's conflict of interest; their claim ends, and the question's record, with
    all its versions, is no longer theirs to read or decide on.

    Raises Refused for who could not decide anyway, and Conflict when the question is not under
    review, or they have signed it.
    """
    question = trace.run.question
    state = QuestionState.objects.select_for_update().get(pk=question.pk)
    reviewers.require_independent(user, question)
    require_text("reason", reason, limit=REASON_LIMIT)
    if state.status != QuestionStatus.IN_REVIEW:
        raise Conflict(_("This question is not waiting for a decision."))
    if Decision.objects.standing().filter(trace=trace, actor_id=user.pk).exists():
        raise Conflict(_("You have signed this. Withdraw your signature instead."))
    row = Recusal(trace=trace, question=question, reason=reason)
    record(actor_of(user), row)
    ReviewClaim.objects.filter(trace__question_id=question.pk, reviewer=user).delete()
    return row
