"""Sessions end: after a while without a request, and after a working day in any case."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from reasoning.models import Action, Place, User
from reasoning.services import audit
from reasoning.web import drafts

SEEN, BEGAN = "seen_at", "began_at"
PRECISION = 0.05
"""The share of the idle time by which a request may go unnoted: not each writes its session."""


class EndIdleSessions:
    """Signs out whoever did nothing for IDLE_MINUTES, or came SESSION_HOURS ago."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User) and request.session.session_key:
            self._look(request, request.user)
        return self.get_response(request)

    def _look(self, request: HttpRequest, user: User) -> None:
        now, idle = time.time(), settings.IDLE_MINUTES * 60
        session = request.session
        seen, began = session.get(SEEN, now), session.setdefault(BEGAN, now)
        if now - seen > idle or now - began > settings.SESSION_COOKIE_AGE:
            request.was_away = user  # type: ignore[attr-defined]
            _end(request, user)
        elif SEEN not in session or now - seen > idle * PRECISION:
            session[SEEN] = now
            UserSession.objects.filter(session_key=session.session_key).update(
                last_seen_at=timezone.now()
            )

    def process_view(self, request: HttpRequest, *_: object) -> None:
        """What they had written is kept, now that the form's token has been checked."""
        user = getattr(request, "was_away", None)
        if user is not None and drafts.rescue(request, user):
            messages.info(
                request, gettext("What you had written is kept, and comes back with its page.")
            )


def _end(request: HttpRequest, user: User) -> None:
    audit.remember(action=Action.SIGNED_OUT, place=Place.SYSTEM, user=user, detail="idle")
    logout(request)
    messages.info(request, gettext("You were away for a while. Please sign in again."))
