"""Help: what a checkpoint is, and what the words mean."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from reasoning.services import checkpoints
from reasoning.web.requests import SignedIn, signed_in


@signed_in
@require_GET
def guide(request: SignedIn) -> HttpResponse:
    """One page, for everybody."""
    return render(request, "guide.html", {"checkpoint": checkpoints.newest()})
