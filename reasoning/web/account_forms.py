"""Forms of signing in: django-allauth's, in our dress, with one count of failures behind them."""

from collections.abc import Callable
from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, SetPasswordForm
from allauth.account.forms import ReauthenticateForm as PasswordAgainForm
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as CodeAgainForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reasoning.core.errors import AccountLocked
from reasoning.models import User
from reasoning.services import codes, credentials
from reasoning.web import widgets
from reasoning.web.sentences import sentence_of


class SignInForm(LoginForm):
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widgets.dress(self)
        self.fields["login"].label = gettext("User name")
        self.fields["login"].widget.attrs["dir"] = "ltr"
        self.fields["password"].help_text = ""


class _CountedCode:
    """A one-time code whose failures count as those of passwords do."""

    fields: dict[str, forms.Field]
    cleaned_data: dict[str, Any]
    user: User
    authenticator: Authenticator | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = widgets.code()
        self.fields["code"].label = gettext("Code")
        self.fields["code"].help_text = gettext(
            "From your app, or one of your recovery codes. Each is good once."
        )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]

        def right(current: User) -> bool:
            self.authenticator = codes.accept(current, code, recovery=True)
            return self.authenticator is not None

        if not counted(self.user, right):
            raise ValidationError(gettext("The code is wrong."), code="wrong")
        return code


class CodeForm(_CountedCode, AuthenticateForm):
    """The second step of signing in."""


class ConfirmCodeForm(_CountedCode, CodeAgainForm):
    """A code again, before something that matters."""


class ConfirmPasswordForm(PasswordAgainForm):
    """The password again, before something that matters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widgets.dress(self)
        self.fields["password"].help_text = ""


class ChangeForm(ChangePasswordForm):
    """The old password, and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widgets.dress(self)
        self.fields["oldpassword"].help_text = ""

    def clean_oldpassword(self) -> str:
        given: str = self.cleaned_data["oldpassword"]
        if not counted(self.user, lambda current: current.check_password(given)):
            raise ValidationError(gettext("The password is wrong."), code="wrong")
        return given


class ChooseForm(SetPasswordForm):
    """A first password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widgets.dress(self)


class AppForm(ActivateTOTPForm):
    """The first code of an app, which proves that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = widgets.code()
        self.fields["code"].label = gettext("Code that the app shows")


class PasskeyForm(AddWebAuthnForm):
    """A new passkey: what the browser made, and what to call it. It always verifies its user."""

    passwordless = None  # type: ignore[assignment]  # how Django takes an inherited field away
    name = forms.CharField(label=_("Name of this passkey"), max_length=100, widget=widgets.line())

    def clean(self) -> dict[str, Any]:
        return super().clean() | {"passwordless": True}


class TokenForm(forms.Form):
    """What a new API token is for."""

    name = forms.CharField(label=_("What it is for"), max_length=100, widget=widgets.line())


def counted(user: Any, check: Callable[[User], bool]) -> bool:
    """Whether the check passes; a form's error when the account is locked."""
    try:
        return credentials.attempt(user=user, check=check)
    except AccountLocked as error:
        raise ValidationError(sentence_of(error), code="locked") from error
