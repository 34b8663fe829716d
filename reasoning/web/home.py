"""The first page."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from reasoning.models import (
    LogHead,
    Question,
    QuestionState,
    QuestionStatus,
    Trace,
    User,
    Workspace,
)
from reasoning.services import access, listing, withholding
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
    specimen = _specimen(request.user)
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
            "reviewer": demonstration.reviewer(request.user),
        },
    )


def _specimen(user: User) -> Question | None:
    """In a demonstration the first question answered, which stays; elsewhere the newest. Where none
    is answered, any."""
    rest = [status for status in QuestionStatus if status not in ANSWERED]
    for statuses in (ANSWERED, rest):
        found = listing.first(user=user, statuses=statuses, oldest=settings.DEMONSTRATION)
        if found:
            return Question.objects.select_related("workspace", "state").get(pk=found)
    return None


def _latest_trace(user: User, question: Question) -> Trace | None:
    """None too while the answer is withheld from this person."""
    if withholding.awaited(user=user, question=question):
        return None
    latest = latest_trace_id(question)
    return Trace.objects.get(pk=latest) if latest else None


def _counts(user: User) -> list[dict[str, object]]:
    """Bounded, but for the log, which knows its size; that alone for those who read no evidence."""
    size = LogHead.objects.values_list("size", flat=True).first() or 0
    log = {"label": gettext("log entries"), "count": Count(size)}
    rooms = access.workspaces_of(user)
    return [*_questions(rooms), log] if rooms else [log]


def _questions(rooms: list[Workspace]) -> list[dict[str, object]]:
    states = QuestionState.objects.filter(workspace__in=rooms)
    in_review = states.filter(status=QuestionStatus.IN_REVIEW)
    return [
        {"label": gettext("questions"), "count": count_up_to(states)},
        {"label": gettext("in review"), "count": count_up_to(in_review)},
        {"label": gettext("decided"), "count": count_up_to(states.filter(status__in=DECIDED))},
    ]
