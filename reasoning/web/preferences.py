"""How a person likes the pages."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from reasoning.services import personal
from reasoning.web.look import address_to_return_to
from reasoning.web.requests import SignedIn, signed_in


@signed_in
@require_POST
def prefer(request: SignedIn) -> HttpResponse:
    """Change whether single keys act, or how the desk is laid out; then go back."""
    keys = request.POST.get("single_keys")
    personal.prefer(
        user=request.user,
        single_keys={"on": True, "off": False}.get(keys or ""),
        layout=request.POST.get("layout"),
    )
    return redirect(address_to_return_to(request))
