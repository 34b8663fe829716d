"""Stopping a run."""

from django.db import transaction

from reasoning.core.errors import Conflict
from reasoning.core.errors import gettext_noop as _
from reasoning.models import (
    Action,
    Place,
    QuestionState,
    QuestionStatus,
    Role,
    Run,
    RunState,
    RunStatus,
    User,
)
from reasoning.services import access, audit, clock, live


@transaction.atomic
def cancel(*, user: User, run: Run, place: Place) -> RunStatus:
    """Stop a run: at once while it waits, within a beat while it thinks (what came is kept).

    Raises Refused without the analyst's role, Conflict when the run is already over.
    """
    access.require_role(user, run.question.workspace_id, Role.ANALYST)
    state = RunState.objects.select_for_update().get(pk=run.pk)
    if state.status not in {RunStatus.QUEUED, RunStatus.RUNNING}:
        raise Conflict(_("This run is already over."))
    now = clock.now()
    state.cancel_requested_at = state.updated_at = now
    question = QuestionState.objects.filter(pk=run.question_id)
    question.update(news_at=now if user.pk != run.question.actor_id else None)
    if state.status == RunStatus.QUEUED:
        state.status = RunStatus.CANCELLED
        question.update(status=QuestionStatus.CANCELLED, updated_at=now)
        event = live.Event("done", {"status": RunStatus.CANCELLED, "trace_id": None})
        transaction.on_commit(lambda: live.tell(run.pk, event))
    state.save()
    audit.remember(
        action=Action.CANCELLED, place=place, user=user, question=run.question, subject_id=run.pk
    )
    return RunStatus(state.status)
