"""Where django-allauth asks how things are done here: nobody signs up, and every way in is counted,
locked and recorded alike.
"""

import base64
import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from reasoning.core.errors import AccountLocked, AuditError, Refused
from reasoning.models import Action, Place, User
from reasoning.services import audit, credentials, single_sign_on
from reasoning.services.addresses import address_of
from reasoning.web.sentences import sentence_of


def display(user: User) -> str:
    """How people are called."""
    return user.get_full_name()


class Accounts(DefaultAccountAdapter):
    """Passwords, and what is common to every way of signing in."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("The user name or the password is wrong."),
        "incorrect_password": _("The password is wrong."),
        "enter_current_password": _("The password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account; administrators invite."""
        return False

    def authenticate(self, request: HttpRequest, **given: Any) -> User | None:
        """Whose name and password these are; counts and locks (``credentials``)."""
        try:
            return credentials.sign_in(
                username=given.get("username", ""), password=given["password"]
            )
        except AccountLocked as error:
            raise ValidationError(sentence_of(error), code="locked") from error

    def pre_login(self, request: HttpRequest, user: Any, **given: Any) -> HttpResponse | None:
        """Keep out whoever may not sign in, however they proved who they are."""
        try:
            if user.is_service:
                raise Refused(gettext_noop("Service accounts use the API."))
            credentials.require_open(user)
        except AuditError as error:
            audit.remember_refusal(error, place=Place.PAGE, user=user)
            messages.error(request, sentence_of(error))
            return redirect("web:sign-in")
        return None

    def post_login(self, request: HttpRequest, user: Any, **given: Any) -> HttpResponse:
        """Record that somebody signed in, and how."""
        methods = request.session.get("account_authentication_methods", [])
        how = ", ".join(str(one.get("type", one.get("method"))) for one in methods)
        audit.remember(action=Action.SIGNED_IN, place=Place.PAGE, user=user, code=how[:60])
        response: HttpResponse = super().post_login(request, user, **given)
        return response

    def add_message(self, request: HttpRequest, level: int, *_args: Any, **given: Any) -> None:
        """Errors alone: our own pages say what went well."""
        if message := given.get("message"):
            messages.add_message(request, level, message)

    def get_client_ip(self, request: HttpRequest) -> str:
        """What a person's list of sessions shows."""
        return address_of(request)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the security page."""
        return reverse("mfa_index")


class Factors(DefaultMFAAdapter):
    """Codes and passkeys. Secrets of codes are kept encrypted with a key made of SECRET_KEY."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This is not the right code, or not the right key."),
    }

    def encrypt(self, text: str) -> str:
        """What is stored of a secret."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret."""
        return _fernet().decrypt(encrypted_text.encode()).decode()

    def _get_user_identifier(self, user: Any) -> str:
        name: str = user.get_username()
        return name

    def _get_site_name(self) -> str:
        return "Magistral Audit"


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = [hashlib.sha256(f"one-time codes\0{key!s}".encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class SingleSignOn(DefaultSocialAccountAdapter):
    """OpenID Connect: for people who have an account here, and for nobody else."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Nobody makes an account by coming from elsewhere."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Link the provider's word to the person whose verified address it gives."""
        if sociallogin.is_existing or request.user.is_authenticated:
            return
        addresses = [one.email for one in sociallogin.email_addresses if one.verified]
        user = single_sign_on.person_with(addresses)
        if user is None:
            error = Refused(gettext_noop("Nobody here has this account. Ask an administrator."))
            audit.remember_refusal(error, place=Place.PAGE, user=None)
            messages.error(request, sentence_of(error))
            raise ImmediateHttpResponse(redirect("web:sign-in"))
        sociallogin.connect(request, user)
        audit.remember(action=Action.FACTOR_ADDED, place=Place.PAGE, user=user, code="oidc")

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, *_args: Any, **_about: Any
    ) -> None:
        """Say that the provider did not let them in, on the page they came from."""
        messages.error(request, gettext("Single sign-on did not work. Try again."))
        raise ImmediateHttpResponse(redirect("web:sign-in"))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """Back to the security page."""
        return reverse("mfa_index")
