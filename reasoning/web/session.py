"""Signing in and out, and how the pages look to this browser."""

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from reasoning.core.errors import AccountLocked
from reasoning.models import Action, Place, User
from reasoning.services import audit
from reasoning.web import demonstration, widgets
from reasoning.web.context_processors import THEMES
from reasoning.web.sentences import sentence_of

YEAR = 31_536_000


class SignInForm(AuthenticationForm):
    """User name and password; refuses locked people and service accounts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget = widgets.line(dir="ltr", autocomplete="username")
        self.fields["password"].widget = widgets.password()
        self.fields["username"].label = gettext("User name")

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if user.locked_at is not None:
            raise ValidationError(sentence_of(AccountLocked()), code="locked")
        if user.is_service:
            raise ValidationError(gettext("Service accounts use the API."), code="service")


class SignIn(LoginView):
    """The sign-in page; every success and failure is recorded."""

    authentication_form = SignInForm

    def get_initial(self) -> dict[str, Any]:
        return {"username": self.request.GET.get("as", "")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "demo_people": demonstration.people()}

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        user = form.get_user()
        audit.remember(
            action=Action.SIGNED_IN, place=Place.PAGE, user=user if isinstance(user, User) else None
        )
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        name = str(form.data.get("username", "")).replace("\x00", "")[:150]
        audit.remember(action=Action.SIGN_IN_FAILED, place=Place.PAGE, detail=name)
        return super().form_invalid(form)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    if isinstance(request.user, User):
        audit.remember(action=Action.SIGNED_OUT, place=Place.PAGE, user=request.user)
    logout(request)
    return redirect("web:sign-in")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or the system's theme in this browser, as static/js/theme.js does."""
    response = redirect(address_to_return_to(request))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=YEAR, samesite="Lax")
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


def address_to_return_to(request: HttpRequest) -> str:
    """Where the person came from, if that is here."""
    wanted = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return wanted if here else resolve_url("web:home")
