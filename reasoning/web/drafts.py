"""Drafts save themselves while one types, and what arrives after its session has ended is kept."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from reasoning.core.errors import AuditError, InvalidInput, gettext_noop
from reasoning.models import Drafted, User
from reasoning.services import drafts
from reasoning.web.requests import SignedIn, signed_in

PAGES = {
    "ask": Drafted.QUESTION,
    "annotate": Drafted.NOTE,
    "say-view": Drafted.VIEW,
    "sign": Drafted.DECISION,
    "sign-with-passkey": Drafted.DECISION,
    "recuse": Drafted.RECUSAL,
    "hand-over": Drafted.HAND_OVER,
    "withdraw": Drafted.WITHDRAWAL,
    "withdraw-with-passkey": Drafted.WITHDRAWAL,
}
"""What is written on which page, by its name."""


@signed_in
@require_POST
def keep(request: SignedIn) -> HttpResponse:
    """Keep what stands in a form. Its fields come under their own names."""
    drafted, subject = _named(request)
    drafts.keep(user=request.user, drafted=drafted, subject=subject, texts=typed(request))
    return HttpResponse(status=204)


def rescue(request: HttpRequest, user: User) -> bool:
    """Keep what a person sent who had been away for too long; whether there was anything.

    Called once the request has shown that it comes from a page of ours.
    """
    try:
        found = _filed(request)
        if found is None:
            return False
        drafted, subject = found
        drafts.keep(user=user, drafted=drafted, subject=subject, texts=typed(request))
    except AuditError:
        return False
    return bool(drafts.texts_of(user=user, drafted=drafted, subject=subject))


def _filed(request: HttpRequest) -> tuple[Drafted, UUID | None] | None:
    """What was being written, and about what; None where nothing is drafted."""
    match = request.resolver_match
    if request.method != "POST" or match is None:
        return None
    if match.url_name == "keep-draft":
        return _named(request)
    drafted = PAGES.get(match.url_name or "")
    if drafted is None:
        return None
    if drafted == Drafted.NOTE and request.POST.get("reply_to"):
        return Drafted.REPLY, _uuid(request.POST["reply_to"])
    return drafted, match.kwargs.get("identifier") or _uuid(request.POST.get("follows", ""))


def _named(request: HttpRequest) -> tuple[Drafted, UUID | None]:
    drafted = request.POST.get("drafted", "")
    if drafted not in Drafted.values:
        raise InvalidInput.of("drafted", "unknown", gettext_noop("There is no such draft."))
    return Drafted(drafted), _uuid(request.POST.get("subject", ""))


def typed(request: HttpRequest) -> dict[str, str]:
    """What stands in the form that was sent, by field. Browsers send line ends as CR LF."""
    return {name: text.replace("\r\n", "\n") for name, text in request.POST.dict().items()}


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError as error:
        sentence = gettext_noop("This is no identifier.")
        raise InvalidInput.of("subject", "malformed", sentence) from error
