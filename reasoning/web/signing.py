"""The signing ceremony."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from reasoning.core.errors import (
    AccountLocked,
    AuditError,
    CannotBeApproved,
    InvalidInput,
)
from reasoning.models import VERDICTS, Drafted, Meaning, Severity, Trace, User
from reasoning.services import (
    access,
    claims,
    decisions,
    drafts,
    passkeys,
    policies,
    preliminary,
)
from reasoning.services import review as service
from reasoning.services.policies import Policy
from reasoning.services.statements import Statement, statement_for
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
    Meaning.SENT_BACK: _("The question is to be asked anew, as you write it."),
}


@dataclass(frozen=True)
class Choice:
    """One thing a signature can mean here. ``barred`` says why it cannot be chosen."""

    value: str
    label: str
    says: str
    statement: Statement
    barred: str


@sensitive_post_parameters("password", "code")
@signed_in
@require_http_methods(["GET", "POST"])
def sign(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Show everything that would be signed; a POST with fresh credentials signs it."""
    trace = access.readable_trace(request.user, identifier)
    policy = policy_for(trace)
    if request.method == "GET":
        claims.claim(user=request.user, trace=trace)
        remember_view(request, trace)
        kept = drafts.texts_of(user=request.user, drafted=Drafted.DECISION, subject=trace.pk)
        return ceremony(request, trace, SignForm(policy, initial=kept))
    form = SignForm(policy, request.POST)
    if not form.is_valid():
        return unfinished(request, trace, form)
    try:
        decision = service.sign_with_password(
            user=request.user,
            trace=trace,
            wish=form.wish(request.POST.get("document_sha256", "")),
            password=form.cleaned_data["password"],
            code=form.cleaned_data.get("code", ""),
        )
    except AuditError as error:
        return refused(request, trace, form, error)
    drafts.forget(user=request.user, drafted=Drafted.DECISION, subject=trace.pk)
    return redirect("web:receipt", decision.pk)


def policy_for(trace: Trace) -> Policy:
    """The policy that a decision on this trace is signed under."""
    return policies.policy_of(trace.run.question.workspace)


def refused(request: SignedIn, trace: Trace, form: SignForm, error: AuditError) -> HttpResponse:
    """The ceremony again with what stood in the way; the attempt is remembered."""
    remember_refusal(request, error, trace.run.question)
    if isinstance(error, InvalidInput):
        put_on_form(form, error)
        return ceremony(request, trace, form, status=error.status)
    return ceremony(request, trace, form, error=error, status=error.status)


def unfinished(request: SignedIn, trace: Trace, form: SignForm) -> HttpResponse:
    """The ceremony again with what is missing at its field; the attempt is remembered."""
    remember_refusal(request, InvalidInput(), trace.run.question)
    return ceremony(request, trace, form, status=400)


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
        **signing_context(request, error),
        "document_sha256": digest,
        "meanings": _choices(request.user, trace, digest),
        "form": form,
        "checklist": [form[name] for name in form.checklist],
        "progress": decisions.progress_of(trace),
        "view": preliminary.view_of(user=request.user, question=trace.run.question),
    }
    return render(request, "review/sign.html", context, status=status)


def signing_context(request: SignedIn, error: AuditError | None) -> dict[str, Any]:
    """What a page that asks for credentials shows besides: a refusal, and passkeys."""
    return {
        "refusal": sentence_of(error) if error else "",
        "locked": isinstance(error, AccountLocked),
        "passkeys": passkeys.held_by(request.user, site_of(request)) if works_here(request) else [],
    }


def _choices(user: User, trace: Trace, digest: str) -> list[Choice]:
    """The three meanings in a fixed order, equally open but where approval is impossible."""
    return [
        Choice(
            value=meaning.value,
            label=str(meaning.label),
            says=str(SAYS[meaning]),
            statement=statement_for(user=user, trace=trace, meaning=meaning, digest=digest),
            barred=_bar(trace) if meaning == Meaning.APPROVED else "",
        )
        for meaning in VERDICTS
    ]


def _bar(trace: Trace) -> str:
    """Why the trace cannot be approved, as the service will say it; empty when it can be."""
    blocking = trace.findings.filter(severity=Severity.BLOCKING).first()
    if blocking:
        return sentence_of(CannotBeApproved(reason=message(blocking)))
    return (
        "" if trace.complete else sentence_of(CannotBeApproved(reason=trace.get_ending_display()))
    )
