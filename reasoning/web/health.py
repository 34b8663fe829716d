"""The service's health, for administrators: what needs attention, and the figures beneath."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from reasoning.models import Role
from reasoning.services import access
from reasoning.services.condition import condition
from reasoning.services.troubles import Trouble, troubles
from reasoning.web.oversight import tabs_for
from reasoning.web.requests import SignedIn, signed_in

WAYS = {
    "check_failed": ("web:log", _("Log")),
    "record_damaged": ("web:log", _("Log")),
    "check_old": ("web:log", _("Log")),
    "no_deployment": ("web:registry-start", _("Registry")),
    "engine_away": ("web:stop", _("Stop switch")),
    "stopped": ("web:stop", _("Stop switch")),
    "accounts_locked": ("web:people", _("People")),
}
"""Where something can be done about a trouble, by its code: a page's name and title."""


@dataclass(frozen=True)
class Notice:
    """A trouble as it is shown."""

    sentence: SafeString
    remedy: SafeString
    grave: bool
    page: str
    title: str


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """Queue, engines, workers, log, witnesses and storage; no texts."""
    access.require_role_somewhere(request.user, Role.ADMINISTRATOR)
    rooms = access.workspaces_of(request.user, Role.ADMINISTRATOR)
    found = condition(user=request.user, rooms=rooms)
    context = {
        "part": "health",
        "tabs": tabs_for(request.user),
        "found": found,
        "notices": [_notice(trouble) for trouble in troubles(found)],
    }
    return render(request, "oversight/health.html", context)


def _notice(trouble: Trouble) -> Notice:
    page, title = WAYS.get(trouble.code, ("", ""))
    sentence, remedy = (_said(one, trouble.data) for one in (trouble.sentence, trouble.remedy))
    return Notice(sentence, remedy, trouble.grave, page, str(title))


def _said(sentence: str, data: dict[str, Any]) -> SafeString:
    """Names, addresses and commands keep their own direction within the sentence."""
    isolated = {name: format_html("<bdi>{}</bdi>", value) for name, value in data.items()}
    text = conditional_escape(gettext(sentence))
    return mark_safe(text % isolated if data else text)  # noqa: S308  escaped above, each part
