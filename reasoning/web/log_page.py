"""The log for people: where it stands, how its last checks went, and checking it now."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from reasoning import tasks
from reasoning.core.errors import Conflict, Refused, gettext_noop
from reasoning.models import Place
from reasoning.services import figures, log_checks, log_health
from reasoning.web.oversight import tabs_for
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import sentence_of


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """Checkpoint, witnesses, time stamps, lag and checks. Hashes only, for administrators too."""
    if not figures.rooms_of(request.user):
        raise Refused(gettext_noop("This needs the role of an auditor or an administrator."))
    checks = log_checks.listed()
    context = {
        "part": "log",
        "tabs": tabs_for(request.user),
        "health": log_health.health(),
        "checks": checks,
        "last": next((check for check in checks if check.result), None),
    }
    return render(request, "oversight/log.html", context)


@signed_in
@require_POST
def check(request: SignedIn) -> HttpResponse:
    """Have the whole log checked by a worker."""
    try:
        asked = log_checks.ask(user=request.user, place=Place.PAGE)
    except Conflict as error:
        messages.info(request, sentence_of(error))
    else:
        tasks.dispatch_check(asked.pk)
        messages.success(request, gettext("The log is being checked. Come back for the result."))
    return redirect("web:log")
