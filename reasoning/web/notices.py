"""What is new for a person, and how many are new since they last looked."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from reasoning.models import Meaning, QuestionStatus
from reasoning.services import notices as service
from reasoning.services.notices import Kind, Notice
from reasoning.web.questions import address_of_rest
from reasoning.web.requests import SignedIn, signed_in

LABELS = {
    Kind.ANSWERED: (_("answered, in review"), "in_review"),
    Kind.FAILED: (QuestionStatus.FAILED.label, "failed"),
    Kind.APPROVED: (Meaning.APPROVED.label, "approved"),
    Kind.APPROVED_ONCE: (_("approved, more approvals to come"), "in_review"),
    Kind.REJECTED: (Meaning.REJECTED.label, "rejected"),
    Kind.SENT_BACK: (Meaning.SENT_BACK.label, "sent_back"),
    Kind.WITHDRAWN: (_("decision withdrawn"), "withdrawn"),
    Kind.ASKED_AGAIN: (_("asked again"), "queued"),
    Kind.CANCELLED: (QuestionStatus.CANCELLED.label, "cancelled"),
    Kind.HANDED_OVER: (_("review handed over to you"), "review"),
    Kind.DECISION_WITHDRAWN: (_("your decision withdrawn"), "withdrawn"),
    Kind.DECIDED_ASKED_AGAIN: (_("asked again after your decision"), "queued"),
    Kind.REPLIED: (_("reply to your note"), "note"),
    Kind.RESOLVED: (_("your note resolved"), "finished"),
}


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """What happened that concerns this person. Opening it is looking; what was new then stays
    marked on the pages that follow."""
    cursor = request.GET.get("after", "")
    since = _seen(request.GET) if cursor else service.look(user=request.user)
    page = service.find(user=request.user, cursor=cursor)
    rest = QueryDict(mutable=True)
    rest["seen"] = since.isoformat()
    context = {
        "lines": [_line(notice, since) for notice in page.notices],
        "more": address_of_rest(rest, page.cursor),
    }
    return render(request, "notices.html", context)


def _seen(given: QueryDict) -> datetime:
    """When the person had looked before they opened the first page; now if the address is odd, so
    that nothing is marked."""
    try:
        found = parse_datetime(given.get("seen", ""))
    except ValueError:
        found = None
    return found if found and found.tzinfo else datetime.max.replace(tzinfo=UTC)


def _line(notice: Notice, since: datetime) -> dict[str, Any]:
    label, icon = LABELS[notice.kind]
    return {
        "notice": notice,
        "label": label,
        "icon": icon,
        "new": notice.moment > since,
        "address": _address(notice),
    }


def _address(notice: Notice) -> str:
    """Where to go on: to the review, to the notes, or else to the question."""
    if notice.kind == Kind.HANDED_OVER:
        return reverse("web:desk", args=[notice.trace_id])
    if notice.kind in (Kind.REPLIED, Kind.RESOLVED):
        return reverse("web:trace", args=[notice.trace_id]) + "#notes-title"
    return reverse("web:question", args=[notice.question.pk])
