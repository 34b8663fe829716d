"""Who reviews what: taking a trace for a while, prolonging, giving back, handing over.

A claim is taken in a transaction that holds the question's state, so that two people never have the
same trace. Reading needs none.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from reasoning.core.errors import Conflict, InvalidInput, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import (
    Action,
    Decision,
    Place,
    Question,
    QuestionState,
    QuestionStatus,
    ReviewClaim,
    Role,
    Trace,
    User,
)
from reasoning.services import audit, clock, reviewers

REASON_LIMIT = 1000
HANDED_OVER_FOR = timedelta(hours=24)
"""How long a trace waits for the person it was handed to, who may not be here now."""


@transaction.atomic
def claim(*, user: User, trace: Trace) -> ReviewClaim:
    """Hold a trace for review for a while; again by the same reviewer prolongs it.

    Raises Refused (whoever may not decide here), and Conflict when the question is decided,
    another reviewer holds it, or there is a newer trace.
    """
    reviewers.require_eligible(user, trace)
    held = _held(trace)
    now = clock.now()
    if held and held.reviewer_id == user.pk:
        return _prolong(held, now + _while())
    if held and held.expires_at > now:
        raise Conflict(_("%(name)s is reviewing this now."), name=held.reviewer.get_full_name())
    mine, _created = ReviewClaim.objects.update_or_create(
        trace=trace,
        defaults={"reviewer": user, "expires_at": now + _while(), "handed_by": None, "reason": ""},
    )
    _remember(Action.CLAIMED, user, trace)
    return mine


@transaction.atomic
def release(*, user: User, trace: Trace) -> None:
    """Give a claimed trace back to the queue; nothing happens to what another holds."""
    given, _each = ReviewClaim.objects.filter(trace=trace, reviewer=user).delete()
    if given:
        _remember(Action.RELEASED, user, trace)


@transaction.atomic
def hand_over(*, user: User, trace: Trace, to: User | None, reason: str) -> ReviewClaim:
    """Pass a trace that this reviewer holds on to a named one, and record why.

    Raises Conflict when the user does not hold it, InvalidInput for a person who cannot decide it.
    """
    require_text("reason", reason, limit=REASON_LIMIT)
    held = _held(trace)
    if held is None or held.reviewer_id != user.pk or held.expires_at <= clock.now():
        raise Conflict(_("Only who is reviewing this can hand it over."))
    if to is None or to not in successors(user=user, question=trace.run.question):
        raise InvalidInput.of("to", "unknown", _("Choose a reviewer of this workspace."))
    held.reviewer, held.handed_by, held.reason = to, user, reason
    held.expires_at = clock.now() + HANDED_OVER_FOR
    held.save()
    _remember(Action.HANDED_OVER, user, trace, detail=f"{to.get_full_name()}: {reason}")
    return held


def successors(*, user: User, question: Question) -> list[User]:
    """To whom this user may hand the question's review over, by name."""
    eligible = User.objects.filter(
        memberships__workspace=question.workspace_id,
        memberships__role=Role.REVIEWER,
        is_active=True,
        is_service=False,
        locked_at=None,
    )
    signed = Decision.objects.standing().filter(trace=question.state.trace_id)
    out = {user.pk, *reviewers.dependent(question), *signed.values_list("actor_id", flat=True)}
    others = eligible.exclude(pk__in=[one for one in out if one])
    return list(others.distinct().order_by("display_name", "username"))


def holder(trace: Trace) -> ReviewClaim | None:
    """The claim on the trace that has not run out."""
    live = ReviewClaim.objects.filter(trace=trace, expires_at__gt=clock.now())
    return live.select_related("reviewer", "handed_by").first()


def obstacle(*, user: User, trace: Trace) -> Refused | Conflict | None:
    """Why this user cannot take the trace just now; None when nothing stands in the way."""
    try:
        reviewers.require_eligible(user, trace)
        _require_decidable(trace, trace.run.question.state)
    except (Refused, Conflict) as error:
        return error
    held = holder(trace)
    if held and held.reviewer_id != user.pk:
        return Conflict(_("%(name)s is reviewing this now."), name=held.reviewer.get_full_name())
    return None


def _held(trace: Trace) -> ReviewClaim | None:
    """The claim, live or not, once nobody else can change it any more."""
    state = QuestionState.objects.select_for_update().get(pk=trace.question_id)
    _require_decidable(trace, state)
    return ReviewClaim.objects.select_related("reviewer").filter(trace=trace).first()


def _require_decidable(trace: Trace, state: QuestionState) -> None:
    if state.status != QuestionStatus.IN_REVIEW:
        raise Conflict(_("This question is not waiting for a decision."))
    if state.trace_id != trace.pk:
        raise Conflict(_("There is a newer trace for this question. Decide on that one."))


def _while() -> timedelta:
    return timedelta(minutes=settings.REVIEW_CLAIM_MINUTES)


def _prolong(held: ReviewClaim, until: datetime) -> ReviewClaim:
    held.expires_at = max(held.expires_at, until)
    held.save(update_fields=["expires_at"])
    return held


def _remember(action: Action, user: User, trace: Trace, *, detail: str = "") -> None:
    audit.remember(
        action=action,
        place=Place.PAGE,
        user=user,
        question=trace.run.question,
        subject_id=trace.pk,
        detail=detail,
    )
