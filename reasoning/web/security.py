"""One's own security: password, codes, passkeys, sessions, API tokens."""

import json
from typing import Any
from uuid import UUID

from allauth.account.views import PasswordChangeView, PasswordSetView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from reasoning.core import cose
from reasoning.models import Action, Place, User
from reasoning.services import api_tokens, audit, passkeys, sessions
from reasoning.web.account_forms import AppForm, ChangeForm, ChooseForm, PasskeyForm, TokenForm
from reasoning.web.passkeys import site_of, works_here
from reasoning.web.requests import SignedIn, signed_in

ALGORITHMS = {cose.ES256, cose.EDDSA, cose.RS256}

in_one = method_decorator(transaction.atomic)


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """Everything with which one signs in, and where one is signed in."""
    return _index(request, TokenForm())


def _index(request: SignedIn, form: TokenForm, token: str = "", status: int = 200) -> HttpResponse:
    found = Authenticator.objects.filter(user=request.user).order_by("created_at")
    kinds = {one.type: one for one in found}
    context = {
        "has_password": request.user.has_usable_password(),
        "app": kinds.get(Authenticator.Type.TOTP),
        "recovery": kinds.get(Authenticator.Type.RECOVERY_CODES),
        "passkeys": [one for one in found if one.type == Authenticator.Type.WEBAUTHN],
        "works_here": works_here(request),
        "sessions": sessions.of(request.user),
        "present": request.session.session_key,
        "tokens": api_tokens.held_by(request.user),
        "form": form,
        "token": token,
    }
    return render(request, "account/security.html", context, status=status)


# Sessions and tokens ----------------------------------------------------------------------------


@signed_in
@require_POST
def end_session(request: SignedIn, identifier: int) -> HttpResponse:
    """End one of one's sessions."""
    sessions.end(user=request.user, identifier=identifier)
    return redirect("mfa_index")


@signed_in
@require_POST
def end_others(request: SignedIn) -> HttpResponse:
    """End every session but this one."""
    sessions.end_others(user=request.user, present=request.session.session_key or "")
    messages.success(request, gettext("You are signed in here only."))
    return redirect("mfa_index")


@signed_in
@require_POST
@never_cache
def make_token(request: SignedIn) -> HttpResponse:
    """Make an API token, and show it this once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _index(request, form, status=400)
    token = api_tokens.make(user=request.user, name=form.cleaned_data["name"])
    return _index(request, TokenForm(), token=token)


@signed_in
@require_POST
def revoke_token(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Revoke one of one's API tokens."""
    api_tokens.revoke(user=request.user, identifier=identifier)
    return redirect("mfa_index")


# Passwords --------------------------------------------------------------------------------------


class _NewPassword:
    """A new password is recorded. It ends every other session: they hold the old one's hash."""

    @in_one
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        request: SignedIn = self.request  # type: ignore[attr-defined]
        audit.remember(action=Action.PASSWORD_CHANGED, place=Place.PAGE, user=request.user)
        messages.success(request, gettext("The password is changed."))
        return response


class ChangePassword(_NewPassword, PasswordChangeView):
    """The old password, and a new one."""

    form_class = ChangeForm
    template_name = "account/password.html"


class SetPassword(_NewPassword, PasswordSetView):
    """A first password, for whoever signs in otherwise."""

    form_class = ChooseForm
    template_name = "account/password.html"


# Codes and passkeys -----------------------------------------------------------------------------


class AddApp(ActivateTOTPView):
    """Set up an app for one-time codes."""

    form_class = AppForm

    @in_one
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        _remember(Action.FACTOR_ADDED, self.request, Authenticator.Type.TOTP)
        return response


class RemoveApp(DeactivateTOTPView):
    """Do without the app."""

    @in_one
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        _remember(Action.FACTOR_REMOVED, self.request, Authenticator.Type.TOTP)
        return response


class RecoveryCodes(ViewRecoveryCodesView):
    """The recovery codes that are not used up."""


class NewRecoveryCodes(GenerateRecoveryCodesView):
    """New recovery codes; the old ones are good no more."""

    @in_one
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        _remember(Action.FACTOR_ADDED, self.request, Authenticator.Type.RECOVERY_CODES)
        return response


class AddPasskey(AddWebAuthnView):
    """Register a passkey: for signing in, and for signing decisions."""

    form_class = PasskeyForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        options = json.loads(json.dumps(auth.begin_registration(_user(self.request), True)))
        wanted = options["publicKey"]["pubKeyCredParams"]
        options["publicKey"]["pubKeyCredParams"] = [
            one for one in wanted if one["alg"] in ALGORITHMS
        ]
        return {
            **context,
            "form": kwargs.get("form") or self.get_form(),
            "options": json.dumps(options),
            "works_here": works_here(self.request),
        }

    @in_one
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        user = _user(self.request)
        added = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).last()
        assert added is not None
        passkeys.register(user=user, authenticator=added, rp_id=site_of(self.request))
        _remember(Action.FACTOR_ADDED, self.request, Authenticator.Type.WEBAUTHN)
        return response


class RemovePasskey(RemoveWebAuthnView):
    """Remove a passkey; what was signed with it stays valid."""

    template_name = "mfa/webauthn/remove.html"
    success_url = reverse_lazy("mfa_index")

    @in_one
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        _remember(Action.FACTOR_REMOVED, self.request, Authenticator.Type.WEBAUTHN)
        return response


def _remember(action: Action, request: HttpRequest, code: str) -> None:
    audit.remember(action=action, place=Place.PAGE, user=_user(request), code=code)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
