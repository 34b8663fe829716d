"""Errors raised on purpose become pages, and refusals are remembered."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from reasoning.core.errors import (
    AuditError,
    TooManyRequests,
)
from reasoning.models import Place, Question, User
from reasoning.services import audit
from reasoning.services.database_trouble import trouble_of
from reasoning.web.sentences import sentence_of

log = logging.getLogger(__name__)

TEMPLATES = {403: "403.html", 404: "404.html"}


class RenderAuditErrors:
    """Turns an AuditError that a view let pass into a page with the error's status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            # Evidence must not stay in the cache of a shared machine.
            response["Cache-Control"] = "private, no-store"
        response["Permissions-Policy"] = settings.PERMISSIONS_POLICY
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The page for an AuditError, and for a database that is away or full; None (Django's own
        500) for everything else."""
        if trouble := trouble_of(error):
            log.error("%s %s: %s", request.method, request.path, trouble.code)
            return _page(None, trouble)  # with the request, more would be asked of the database
        if not isinstance(error, AuditError):
            return None
        if isinstance(error, audit.REFUSALS):
            remember_refusal(request, error)
        response = _page(request, error)
        if isinstance(error, TooManyRequests):
            response["Retry-After"] = str(error.data["seconds"])
        return response


def _page(request: HttpRequest | None, error: AuditError) -> HttpResponse:
    context = {
        "title": gettext(error.title),
        "reason": sentence_of(error),
        "fields": [sentence_of(problem) for problem in error.fields],
    }
    template = TEMPLATES.get(error.status, "problem.html")
    return render(request, template, context, status=error.status)


def remember_refusal(
    request: HttpRequest, error: AuditError, question: Question | None = None
) -> None:
    """Record that this person was refused, and on what."""
    user = request.user if isinstance(request.user, User) else None
    match = request.resolver_match
    subject_id = match.kwargs.get("identifier") if match else None
    audit.remember_refusal(
        error, place=Place.PAGE, user=user, question=question, subject_id=subject_id
    )
