"""Signing a decision with a passkey: what is signed is fixed, then the browser asks for the key."""

import base64
import binascii
import json
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_POST

from reasoning.core.errors import AuditError, Conflict, InvalidInput, WrongCredentials
from reasoning.core.passkeys import Assertion
from reasoning.models import Meaning, Trace
from reasoning.services import access, passkeys, review
from reasoning.services.passkeys import Frozen
from reasoning.web.forms import PasskeySignForm
from reasoning.web.middleware import remember_refusal
from reasoning.web.passkeys import site_of
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form
from reasoning.web.signing import ceremony
from reasoning.web.traces import evidence_context

KEPT = "frozen_decision"
TIMEOUT_MILLISECONDS = 120_000


@signed_in
@require_POST
def begin(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Fix what will be signed, and show it with the button that asks for the passkey."""
    trace = access.readable_trace(request.user, identifier)
    form = PasskeySignForm(request.POST)
    if not form.is_valid():
        return ceremony(request, trace, form, status=400)
    try:
        frozen = _freeze(request, trace, form.cleaned_data)
    except InvalidInput as error:
        put_on_form(form, error)
        return ceremony(request, trace, form, status=error.status)
    except AuditError as error:
        remember_refusal(request, error, trace.run.question)
        return ceremony(request, trace, form, error=error, status=error.status)
    request.session[KEPT] = frozen.as_dict()
    return _show(request, trace, frozen)


def _freeze(request: SignedIn, trace: Trace, values: dict[str, Any]) -> Frozen:
    return passkeys.freeze(
        user=request.user,
        trace=trace,
        meaning=values["meaning"],
        rationale=values["rationale"],
        document_sha256_shown=request.POST.get("document_sha256", ""),
        passkey_id=values["passkey"],
        rp_id=site_of(request),
    )


def _show(request: SignedIn, trace: Trace, frozen: Frozen) -> HttpResponse:
    challenge = passkeys.challenge(user=request.user, trace=trace, frozen=frozen)
    key = next(
        one
        for one in passkeys.held_by(request.user, site_of(request))
        if str(one.pk) == frozen.passkey
    )
    options = {
        "challenge": _encoded(challenge),
        "rpId": key.rp_id,
        "allowCredentials": [{"type": "public-key", "id": _encoded(bytes(key.credential_id))}],
        "userVerification": "required",
        "timeout": TIMEOUT_MILLISECONDS,
    }
    context = {
        **evidence_context(trace, request.user),
        "frozen": frozen,
        "meaning": Meaning(frozen.meaning).label,
        "statement": review.statement_for(
            user=request.user,
            trace=trace,
            meaning=frozen.meaning,
            document_sha256=frozen.shown,
        ),
        "challenge": challenge.hex(),
        "passkey": key,
        "options": json.dumps({"publicKey": options}),
    }
    return render(request, "review/sign_with_passkey.html", context)


@signed_in
@require_POST
def finish(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Sign what was fixed, with what the passkey gave."""
    trace = access.readable_trace(request.user, identifier)
    kept = request.session.pop(KEPT, None)
    if not kept or kept["trace"] != str(trace.pk):
        raise Conflict(gettext_noop("This signature was begun elsewhere. Begin again."))
    try:
        decision = passkeys.sign(
            user=request.user,
            trace=trace,
            frozen=Frozen(**kept),
            assertion=_assertion(request.POST.get("credential", "")),
            rp_id=site_of(request),
        )
    except AuditError as error:
        remember_refusal(request, error, trace.run.question)
        values = {"meaning": kept["meaning"], "rationale": kept["rationale"]}
        form = PasskeySignForm({**values, "passkey": kept["passkey"]})
        return ceremony(request, trace, form, error=error, status=error.status)
    return redirect("web:receipt", decision.pk)


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
