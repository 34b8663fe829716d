"""The signing ceremony, and the receipt."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from reasoning.core.errors import (
    AccountLocked,
    AuditError,
    CannotBeApproved,
    InvalidInput,
    NotFound,
)
from reasoning.models import Decision, Meaning, Severity, Trace, User
from reasoning.services import access, claims, passkeys, queue
from reasoning.services import review as service
from reasoning.templatetags.reading import message
from reasoning.web.forms import SignForm
from reasoning.web.middleware import remember_refusal
from reasoning.web.passkeys import site_of, works_here
from reasoning.web.records import log_state
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form, sentence_of
from reasoning.web.traces import evidence_context, remember_view

SAYS = {
    Meaning.APPROVED: _("The answer may be used as it stands."),
    Meaning.REJECTED: _("The answer must not be used."),
    Meaning.SENT_BACK: _("Whoever asked must do something first."),
}


@dataclass(frozen=True)
class Choice:
    """One thing a signature can mean here. ``barred`` says why it cannot be chosen."""

    value: str
    label: str
    says: str
    statement: str
    barred: str


@sensitive_post_parameters("password")
@signed_in
@require_http_methods(["GET", "POST"])
def sign(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Show everything that would be signed; a POST with fresh credentials signs it."""
    trace = access.readable_trace(request.user, identifier)
    if request.method == "GET":
        claims.claim(user=request.user, trace=trace)
        remember_view(request, trace)
        return ceremony(request, trace, SignForm(with_code=service.code_is_required(trace)))
    form = SignForm(request.POST, with_code=service.code_is_required(trace))
    if not form.is_valid():
        return ceremony(request, trace, form, status=400)
    try:
        decision = _sign(request, trace, form.cleaned_data)
    except InvalidInput as error:
        put_on_form(form, error)
        return ceremony(request, trace, form, status=error.status)
    except AuditError as error:
        remember_refusal(request, error, trace.run.question)
        return ceremony(request, trace, form, error=error, status=error.status)
    return redirect("web:receipt", decision.pk)


def _sign(request: SignedIn, trace: Trace, values: dict[str, Any]) -> Decision:
    return service.sign(
        user=request.user,
        trace=trace,
        meaning=values["meaning"],
        rationale=values["rationale"],
        password=values["password"],
        code=values.get("code", ""),
        document_sha256_shown=request.POST.get("document_sha256", ""),
    )


def ceremony(
    request: SignedIn,
    trace: Trace,
    form: SignForm,
    *,
    error: AuditError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with all that would be signed."""
    digest = log_state(trace.pk).document_sha256
    context = {
        **evidence_context(trace, request.user),
        "document_sha256": digest,
        "meanings": _choices(request.user, trace, digest),
        "form": form,
        "refusal": sentence_of(error) if error else "",
        "locked": isinstance(error, AccountLocked),
        "passkeys": passkeys.held_by(request.user, site_of(request)) if works_here(request) else [],
    }
    return render(request, "review/sign.html", context, status=status)


def _choices(user: User, trace: Trace, digest: str) -> list[Choice]:
    """The three meanings in a fixed order, equally open but where approval is impossible."""
    return [
        Choice(
            value=meaning.value,
            label=str(meaning.label),
            says=str(SAYS[meaning]),
            statement=service.statement_for(
                user=user, trace=trace, meaning=meaning, document_sha256=digest
            ),
            barred=_bar(trace) if meaning == Meaning.APPROVED else "",
        )
        for meaning in Meaning
    ]


def _bar(trace: Trace) -> str:
    """Why the trace cannot be approved, as the service will say it; empty when it can be."""
    blocking = trace.findings.filter(severity=Severity.BLOCKING).first()
    if blocking:
        return sentence_of(CannotBeApproved(reason=message(blocking)))
    return (
        "" if trace.complete else sentence_of(CannotBeApproved(reason=trace.get_ending_display()))
    )


@signed_in
@require_GET
def receipt(request: SignedIn, identifier: UUID) -> HttpResponse:
    """What was signed, by whom, bound to what."""
    decision = Decision.objects.filter(pk=identifier).first()
    if decision is None:
        raise NotFound
    trace = access.readable_trace(request.user, decision.trace_id)
    context = {
        **evidence_context(trace, request.user),
        "decision": decision,
        "log": log_state(decision.pk),
        "waiting_here": _waiting(request),
    }
    return render(request, "review/receipt.html", context)


def _waiting(request: SignedIn) -> int:
    """How many reviews this person could take now, up to a hundred."""
    return queue.count(user=request.user, wanted=queue.Wanted(), limit=99).value
