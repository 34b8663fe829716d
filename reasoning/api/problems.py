"""The one renderer of errors: ``application/problem+json`` (RFC 9457) with a stable ``code``.

Every error becomes ``{type, title, status, detail, code, errors: [{field, code, message}]}``, in
the reader's language. An unexpected error says nothing of what went wrong, and its log line names
places in the code, never values: they may quote a question or a trace.
"""

import logging
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import APIException, UnsupportedMediaType, ValidationError

from reasoning.core.errors import (
    AuditError,
    FieldError,
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    Refused,
    TooManyRequests,
)
from reasoning.models import Place
from reasoning.services.audit import REFUSALS, remember_refusal
from reasoning.services.database_trouble import trouble_of

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_HEADERS = {UnsupportedMediaType: "Content-Type", IdempotencyConflict: "Idempotency-Key"}
"""Errors about one header of the request: they name it like a field."""


@dataclass(frozen=True)
class Problem:
    """An error as it is shown, and the headers that go with it."""

    code: str
    status: int
    title: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The members of RFC 9457, and ours."""
        return {
            "type": f"{reverse('api:errors')}#{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "errors": self.errors,
        }


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """REST framework's hook: remember what is a refusal, and show the problem."""
    request, view = context["request"], context["view"]
    if isinstance(error, Http404):
        error = NotFound()
    remember(error, view)
    response = respond(error, request)
    response.exception = True  # type: ignore[attr-defined]
    return response


def respond(error: Exception, request: HttpRequest) -> JsonResponse:
    """The error as a response; usable from every kind of view."""
    problem = problem_of(error)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR or trouble_of(error):
        _log(error, request)
    return JsonResponse(
        problem.body(), status=problem.status, headers=problem.headers, content_type=MEDIA_TYPE
    )


def remember(error: Exception, view: Any) -> None:
    """Store a refusal: who, what, and which question it was about where that is known."""
    if isinstance(error, REFUSALS) and view.request.user.is_authenticated:
        remember_refusal(
            error,
            place=Place.API,
            user=view.request.user,
            question=getattr(view, "question", None),
            subject_id=view.kwargs.get("pk"),
        )


@csrf_exempt
def nothing_here(request: HttpRequest, *_args: Any, **_kwargs: Any) -> JsonResponse:
    """Every address below /api/ that is none."""
    return respond(NotFound(), request)


def problem_of(error: Exception) -> Problem:
    """Any error as a problem. What nobody foresaw says no more than that it happened."""
    if isinstance(error, ValidationError):
        error = InvalidInput(fields=list(_field_errors(error.detail)))
    if isinstance(error, APIException):
        return _of_framework(error)
    if isinstance(error, Http404):
        error = NotFound()
    if isinstance(error, PermissionDenied):
        error = Refused()
    if isinstance(error, SuspiciousOperation):
        error = InvalidInput.of("body", "malformed", "The request could not be read.")
    return _of_ours(error if isinstance(error, AuditError) else trouble_of(error) or AuditError())


def _of_ours(error: AuditError) -> Problem:
    errors = [
        {"field": one.field, "code": one.code, "message": shown(one.sentence, one.data)}
        for one in error.fields
    ]
    detail = shown(error.sentence, error.data)
    return Problem(
        code=error.code,
        status=error.status,
        title=gettext(error.title),
        detail=detail,
        errors=errors or _about_header(error, error.code, detail),
        headers=_retry_after(error),
    )


def _retry_after(error: AuditError) -> dict[str, str]:
    """When it is worth trying again, where the error knows."""
    return {"Retry-After": str(error.data["seconds"])} if isinstance(error, TooManyRequests) else {}


def _of_framework(error: APIException) -> Problem:
    code, detail = str(error.get_codes()), str(error.detail)
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return Problem(
        code=code,
        status=error.status_code,
        title=HTTPStatus(error.status_code).phrase,
        detail=detail,
        errors=_about_header(error, code, detail),
        headers=headers,
    )


def _about_header(error: Exception, code: str, detail: str) -> list[dict[str, str]]:
    header = _HEADERS.get(type(error))
    return [{"field": header, "code": code, "message": detail}] if header else []


def shown(sentence: str, data: Mapping[str, Any]) -> str:
    """A sentence in the reader's language, filled in."""
    return gettext(sentence) % data if data else gettext(sentence)


def _field_errors(detail: Any, path: str = "") -> Iterator[FieldError]:
    """A validation error's nested details, flat: ``questions.3.text``; ``body`` for the whole."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _field_errors(inner, f"{path}.{own}".strip("."))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _field_errors(inner, path)
    else:
        yield FieldError(path or "body", detail.code, str(detail))


def _log(error: Exception, request: HttpRequest) -> None:
    places = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s %s: %s\n%s", request.method, request.path, type(error).__name__, places)
