"""Signing in, step by step, and out: django-allauth's flows on our pages."""

import json
from typing import Any

from allauth.account.internal.flows.logout import logout
from allauth.account.views import LoginView
from allauth.account.views import ReauthenticateView as PasswordAgainView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.webauthn.internal import auth
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from reasoning.models import Action, Place, User
from reasoning.services import audit, limits
from reasoning.services.addresses import address_of
from reasoning.web import demonstration
from reasoning.web.account_forms import (
    CodeForm,
    ConfirmCodeForm,
    ConfirmPasswordForm,
    SignInForm,
)
from reasoning.web.passkeys import works_here

NAME_LIMIT = 150


class _Limited:
    """Posts from one address are counted (``limits.SIGN_IN``)."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            limits.require(limits.SIGN_IN, address_of(request))
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return response


class SignIn(_Limited, LoginView):
    """Name and password, or a passkey, or single sign-on. Failures are recorded."""

    form_class = SignInForm

    def get_initial(self) -> dict[str, Any]:
        return {"login": self.request.GET.get("as", "")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "demo_people": demonstration.people(),
            "single_sign_on": settings.OIDC["name"] if settings.OIDC else "",
            "passkeys": works_here(self.request),
        }

    def form_invalid(self, form: Any) -> HttpResponse:
        name = str(form.data.get("login", "")).replace("\x00", "")[:NAME_LIMIT]
        audit.remember(action=Action.SIGN_IN_FAILED, place=Place.PAGE, detail=name)
        response: HttpResponse = super().form_invalid(form)
        return response


class Code(_Limited, AuthenticateView):
    """The second step: a code, or a passkey."""

    form_class = CodeForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        options = context.get("js_data", {}).get("request_options")
        return {**context, "options": _json(options), "passkeys": works_here(self.request)}

    def form_invalid(self, form: Any) -> HttpResponse:
        user = self.stage.login.user
        audit.remember(action=Action.SIGN_IN_FAILED, place=Place.PAGE, user=user, code="code")
        response: HttpResponse = super().form_invalid(form)
        return response


class Passkey(_Limited, LoginWebAuthnView):
    """Signing in with a passkey alone: it verifies its user by itself."""


class ConfirmPassword(_Limited, PasswordAgainView):
    """The password again."""

    form_class = ConfirmPasswordForm
    template_name = "account/reauthenticate.html"


class ConfirmCode(_Limited, CodeAgainView):
    """A code again."""

    form_class = ConfirmCodeForm
    template_name = "account/reauthenticate.html"


class ConfirmPasskey(_Limited, ReauthenticateWebAuthnView):
    """A passkey again."""

    template_name = "account/reauthenticate.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "options": _json(context["js_data"]["request_options"])}


@require_GET
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What a browser needs to sign in with a passkey: a fresh challenge."""
    return HttpResponse(_json(auth.begin_authentication()), content_type="application/json")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    if isinstance(request.user, User):
        audit.remember(action=Action.SIGNED_OUT, place=Place.PAGE, user=request.user)
    logout(request, show_message=False)
    return redirect("web:sign-in")


def _json(options: Any) -> str:
    return json.dumps(options) if options else ""
