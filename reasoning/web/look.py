"""How the pages look to this browser."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from reasoning.web.context_processors import THEMES

YEAR = 31_536_000


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
