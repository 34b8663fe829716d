"""Signing a decision with a passkey: what is signed is fixed, then the browser asks for the key."""

import base64
import binascii
import json
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from reasoning.core.errors import AuditError, Conflict, WrongCredentials
from reasoning.core.passkeys import Assertion
from reasoning.models import Drafted, Meaning, Trace
from reasoning.services import access, drafts, passkeys, review
from reasoning.services.passkeys import Frozen
from reasoning.services.wishes import Wish
from reasoning.templatetags.reading import answer_name
from reasoning.web.forms import SignForm, WithdrawForm
from reasoning.web.passkeys import site_of
from reasoning.web.receipts import not_withdrawn, readable_decision, unfinished_withdrawal
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.signing import policy_for, refused, unfinished
from reasoning.web.traces import evidence_context

KEPT = "frozen_decision"
TIMEOUT_MILLISECONDS = 120_000


@signed_in
@require_POST
def begin(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Fix what will be signed, and show it with the button that asks for the passkey."""
    trace = access.readable_trace(request.user, identifier)
    form = SignForm(policy_for(trace), request.POST)
    if not form.is_valid():
        return unfinished(request, trace, form)
    try:
        wish = form.wish(request.POST.get("document_sha256", ""))
        return _begun(request, trace, wish, form.cleaned_data["passkey"])
    except AuditError as error:
        return refused(request, trace, form, error)


@signed_in
@require_POST
def begin_withdrawal(request: SignedIn, identifier: UUID) -> HttpResponse:
    """The same for a withdrawal."""
    decision = readable_decision(request, identifier)
    form = WithdrawForm(policy_for(decision.trace), request.POST)
    if not form.is_valid():
        return unfinished_withdrawal(request, decision, form)
    try:
        shown = request.POST.get("document_sha256", "")
        wish = review.withdrawal_of(decision, reason=form.cleaned_data["rationale"], shown=shown)
        return _begun(request, decision.trace, wish, form.cleaned_data["passkey"])
    except AuditError as error:
        return not_withdrawn(request, decision, form, error)


def _begun(request: SignedIn, trace: Trace, wish: Wish, passkey_id: UUID) -> HttpResponse:
    frozen = passkeys.freeze(
        user=request.user, trace=trace, wish=wish, passkey_id=passkey_id, rp_id=site_of(request)
    )
    request.session[KEPT] = frozen.as_dict()
    return _show(request, trace, frozen)


def _show(request: SignedIn, trace: Trace, frozen: Frozen) -> HttpResponse:
    challenge = passkeys.challenge(user=request.user, trace=trace, frozen=frozen)
    held = passkeys.held_by(request.user, site_of(request))
    key = next(one for one in held if str(one.pk) == frozen.passkey)
    options = {
        "challenge": _encoded(challenge),
        "rpId": key.rp_id,
        "allowCredentials": [{"type": "public-key", "id": _encoded(bytes(key.credential_id))}],
        "userVerification": "required",
        "timeout": TIMEOUT_MILLISECONDS,
    }
    wish, checklist = frozen.wish, policy_for(trace).checklist
    context = {
        **evidence_context(trace, request.user),
        "wish": wish,
        "meaning": Meaning(wish.meaning).label,
        "statement": review.statement_of(request.user, trace, wish),
        "answered": [
            {"statement": statement, "answer": answer_name(answer)}
            for statement, answer in zip(checklist, wish.answers, strict=False)
        ],
        "challenge": challenge.hex(),
        "passkey": key,
        "options": json.dumps({"publicKey": options}),
        "back": _back(trace, wish),
    }
    return render(request, "review/sign_with_passkey.html", context)


def _back(trace: Trace, wish: Wish) -> str:
    """The page on which this was begun."""
    if wish.withdraws:
        return reverse("web:withdraw", args=[wish.withdraws])
    return reverse("web:sign", args=[trace.pk])


@signed_in
@require_POST
def finish(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Sign what was fixed, with what the passkey gave."""
    trace = access.readable_trace(request.user, identifier)
    kept = request.session.pop(KEPT, None)
    if not kept or kept["trace"] != str(trace.pk):
        raise Conflict(gettext_noop("This signature was begun elsewhere. Begin again."))
    frozen = Frozen.of_dict(kept)
    try:
        decision = passkeys.sign(
            user=request.user,
            trace=trace,
            frozen=frozen,
            assertion=_assertion(request.POST.get("credential", "")),
            rp_id=site_of(request),
        )
    except AuditError as error:
        return _not_signed(request, trace, frozen, error)
    withdraws = frozen.wish.withdraws
    drafted = Drafted.WITHDRAWAL if withdraws else Drafted.DECISION
    subject = UUID(withdraws) if withdraws else trace.pk
    drafts.forget(user=request.user, drafted=drafted, subject=subject)
    return redirect("web:receipt", decision.pk)


def _not_signed(request: SignedIn, trace: Trace, frozen: Frozen, error: AuditError) -> HttpResponse:
    """The page on which it was begun, filled in as it was."""
    wish = frozen.wish
    values = {"rationale": wish.rationale, "passkey": frozen.passkey}
    if wish.withdraws:
        decision = readable_decision(request, UUID(wish.withdraws))
        form = WithdrawForm(policy_for(trace), values)
        return not_withdrawn(request, decision, form, error)
    said = {"meaning": wish.meaning, "asked_anew": wish.asked_anew}
    stated = {"no_conflict": "on"} if wish.no_conflict else {}
    answers = {f"answer_{number}": answer for number, answer in enumerate(wish.answers, 1)}
    return refused(
        request, trace, SignForm(policy_for(trace), values | said | stated | answers), error
    )


def _assertion(credential: str) -> Assertion:
    """What the browser sent, as bytes; WrongCredentials when it is none of a passkey's."""
    try:
        response = json.loads(credential)["response"]
        names = ("authenticatorData", "clientDataJSON", "signature")
        return Assertion(*(_decoded(response[name]) for name in names))
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        sentence = gettext_noop("The passkey's signature was not accepted. Nothing was signed.")
        raise WrongCredentials(sentence) from error


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
