"""Receipts of signed decisions, and withdrawing them."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from reasoning.core.errors import AuditError, InvalidInput, NotFound, NotInLogYet
from reasoning.models import Decision, Drafted, Entry
from reasoning.services import access, decisions, drafts, proofs, queue, review, reviewers
from reasoning.services.review import statement_of
from reasoning.web.forms import WithdrawForm
from reasoning.web.middleware import remember_refusal
from reasoning.web.records import log_state
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form
from reasoning.web.signing import policy_for, signing_context
from reasoning.web.traces import evidence_context

PROOF = "text/plain; charset=utf-8"


@signed_in
@require_GET
def receipt(request: SignedIn, identifier: UUID) -> HttpResponse:
    """What was signed, by whom, bound to what, and the proof that it is in the log."""
    decision = readable_decision(request, identifier)
    trace = decision.trace
    context = {
        **evidence_context(trace, request.user),
        "decision": decision,
        "withdrawal": getattr(decision, "withdrawal", None),
        "withdrawable": Decision.objects.standing().filter(pk=decision.pk).exists(),
        "progress": decisions.progress_of(trace),
        "log": log_state(decision.pk),
        "proof": _proof(decision),
        "waiting_here": _waiting(request),
    }
    return render(request, "review/receipt.html", context)


@signed_in
@require_GET
def proof(request: SignedIn, identifier: UUID) -> HttpResponse:
    """The proof of a decision's inclusion in the log, as a ``.tlog-proof`` file."""
    decision = readable_decision(request, identifier)
    found = proofs.proof_of(Entry.objects.get(subject_id=decision.pk)).encode()
    name = f'attachment; filename="{decision.pk}.tlog-proof"'
    return HttpResponse(found, content_type=PROOF, headers={"Content-Disposition": name})


@sensitive_post_parameters("password", "code")
@signed_in
@require_http_methods(["GET", "POST"])
def withdraw(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Take a decision back: a new signed act. The decision stays on record."""
    decision = readable_decision(request, identifier)
    policy = policy_for(decision.trace)
    if request.method == "GET":
        reviewers.require_independent(request.user, decision.trace.run.question)
        user, drafted = request.user, Drafted.WITHDRAWAL
        kept = drafts.texts_of(user=user, drafted=drafted, subject=decision.pk)
        return withdrawal(request, decision, WithdrawForm(policy, initial=kept))
    form = WithdrawForm(policy, request.POST)
    if not form.is_valid():
        return unfinished_withdrawal(request, decision, form)
    try:
        signed = review.withdraw(
            user=request.user,
            decision=decision,
            reason=form.cleaned_data["rationale"],
            password=form.cleaned_data["password"],
            code=form.cleaned_data.get("code", ""),
            shown=request.POST.get("document_sha256", ""),
        )
    except AuditError as error:
        return not_withdrawn(request, decision, form, error)
    drafts.forget(user=request.user, drafted=Drafted.WITHDRAWAL, subject=decision.pk)
    return redirect("web:receipt", signed.pk)


def not_withdrawn(
    request: SignedIn, decision: Decision, form: WithdrawForm, error: AuditError
) -> HttpResponse:
    """The page again with what stood in the way; the attempt is remembered."""
    remember_refusal(request, error, decision.trace.run.question)
    if isinstance(error, InvalidInput):
        put_on_form(form, error)
        return withdrawal(request, decision, form, status=error.status)
    return withdrawal(request, decision, form, error=error, status=error.status)


def unfinished_withdrawal(
    request: SignedIn, decision: Decision, form: WithdrawForm
) -> HttpResponse:
    """The page again with what is missing at its field; the attempt is remembered."""
    remember_refusal(request, InvalidInput(), decision.trace.run.question)
    return withdrawal(request, decision, form, status=400)


def withdrawal(
    request: SignedIn,
    decision: Decision,
    form: WithdrawForm,
    *,
    error: AuditError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page on which a decision is withdrawn."""
    trace = decision.trace
    digest = log_state(trace.pk).document_sha256
    wish = review.withdrawal_of(decision, reason="", shown=digest)
    context = {
        **signing_context(request, error),
        "trace": trace,
        "question": trace.run.question,
        "decision": decision,
        "document_sha256": digest,
        "statement": statement_of(request.user, trace, wish),
        "form": form,
    }
    return render(request, "review/withdraw.html", context, status=status)


def readable_decision(request: SignedIn, identifier: UUID) -> Decision:
    """A decision whose trace this person may read, with the trace; NotFound otherwise."""
    decision = Decision.objects.filter(pk=identifier).first()
    if decision is None:
        raise NotFound
    decision.trace = access.readable_trace(request.user, decision.trace_id)
    return decision


def _proof(decision: Decision) -> str:
    """The proof of inclusion as text; empty while there is none."""
    entry = Entry.objects.filter(subject_id=decision.pk).first()
    try:
        return proofs.proof_of(entry).encode().decode() if entry else ""
    except NotInLogYet:
        return ""


def _waiting(request: SignedIn) -> int:
    """How many reviews this person could take now, up to a hundred."""
    return queue.count(user=request.user, wanted=queue.Wanted(), limit=99).value
