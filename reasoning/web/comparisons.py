"""Asking for a replay or a re-score from a trace's page."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from reasoning import tasks
from reasoning.core.errors import Conflict
from reasoning.models import ComparisonKind
from reasoning.services import access, comparisons
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import sentence_of


@signed_in
@require_POST
def replay(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Queue a replay."""
    return _ask(request, identifier, ComparisonKind.REPLAY)


@signed_in
@require_POST
def rescore(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Queue a re-score."""
    return _ask(request, identifier, ComparisonKind.RESCORE)


def _ask(request: SignedIn, identifier: UUID, what: ComparisonKind) -> HttpResponse:
    """Where there is nothing to compare the page says why."""
    trace = access.readable_trace(request.user, identifier)
    try:
        wish = comparisons.ask(user=request.user, trace=trace, what=what)
    except Conflict as error:
        messages.info(request, sentence_of(error))
    else:
        tasks.dispatch_comparison(wish.pk)
        messages.success(request, gettext("Asked for. Open this page again in a while."))
    return redirect("web:trace", trace.pk)
