"""In which language the pages speak: the person's, else the cookie's, else the browser's."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.views.decorators.http import require_POST

from reasoning.core.languages import LANGUAGES
from reasoning.models import User
from reasoning.services import personal
from reasoning.web.look import YEAR, address_to_return_to


class SpeakTheirLanguage:
    """A person's own choice goes before what Django's LocaleMiddleware took from the browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User) and (chosen := personal.language_of(request.user)):
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        return self.get_response(request)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Change the language: with the person, for every device, and in this browser for visitors."""
    chosen = request.POST.get("language", "")
    if isinstance(request.user, User):
        personal.prefer(user=request.user, language=chosen)
    response = redirect(address_to_return_to(request))
    if chosen in dict(settings.LANGUAGES):
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, max_age=YEAR, samesite="Lax")
    return response


def offered() -> list[tuple[str, str]]:
    """Codes and names of the interface's languages, each in itself; empty when there is but one."""
    codes = [code for code, _name in settings.LANGUAGES]
    return [(code, LANGUAGES[code].native) for code in codes] if len(codes) > 1 else []
