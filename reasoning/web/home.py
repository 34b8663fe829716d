"""The first page."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from reasoning.models import (
    READING_ROLES,
    LogHead,
    Question,
    QuestionState,
    QuestionStatus,
    Trace,
    User,
)
from reasoning.models.question import QuestionQuerySet
from reasoning.services import access, withholding
from reasoning.services.counting import Count, count_up_to
from reasoning.services.review import latest_trace_id
from reasoning.web import demonstration
from reasoning.web.records import LogState, log_state
from reasoning.web.requests import SignedIn, signed_in

DECIDED = (QuestionStatus.APPROVED, QuestionStatus.REJECTED, QuestionStatus.SENT_BACK)
ANSWERED = (QuestionStatus.IN_REVIEW, *DECIDED)


@signed_in
def home(request: SignedIn) -> HttpResponse:
    """What this is, one question with its trace, where to go from here, and counts."""
    visible = Question.objects.visible_to(request.user, READING_ROLES)
    specimen = _specimen(visible)
    trace = _latest_trace(request.user, specimen) if specimen else None
    entry: LogState | None = log_state(trace.pk) if trace else None
    return render(
        request,
        "home.html",
        {
            "counts": _counts(request.user),
            "specimen": specimen,
            "trace": trace,
            "entry": entry,
            "reviewer": _demonstration_reviewer(request.user),
        },
    )


def _specimen(visible: QuestionQuerySet) -> Question | None:
    """In a demonstration the first question answered, which stays; elsewhere the newest."""
    order = ("recorded_at", "id") if settings.DEMONSTRATION else ("-recorded_at", "-id")
    rows = visible.select_related("workspace", "state").order_by(*order)
    return rows.filter(state__status__in=ANSWERED).first() or rows.first()


def _latest_trace(user: User, question: Question) -> Trace | None:
    """None too while the answer is withheld from this person."""
    if withholding.awaited(user=user, question=question):
        return None
    latest = latest_trace_id(question)
    return Trace.objects.get(pk=latest) if latest else None


def _counts(user: User) -> list[dict[str, object]]:
    """Bounded, but for the log, which knows its size."""
    states = QuestionState.objects.filter(workspace__in=access.workspaces_of(user))
    in_review = states.filter(status=QuestionStatus.IN_REVIEW)
    size = LogHead.objects.values_list("size", flat=True).first() or 0
    return [
        {"label": gettext("questions"), "count": count_up_to(states)},
        {"label": gettext("in review"), "count": count_up_to(in_review)},
        {"label": gettext("decided"), "count": count_up_to(states.filter(status__in=DECIDED))},
        {"label": gettext("log entries"), "count": Count(size)},
    ]


def _demonstration_reviewer(user: User) -> str:
    """Whom to sign in as to review what this person asked; nobody outside a demonstration."""
    names = [person.username for person in demonstration.people()]
    return next(
        (name for name in names if name.startswith("reviewer") and name != user.username), ""
    )
