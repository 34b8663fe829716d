"""What people keep for themselves: views of the queue, searches, how pages look and hear keys."""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from reasoning.core.errors import Conflict, FieldError, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import Layout, Preference, SavedView, User, ViewedPage

NAME_LIMIT = 60
QUERY_LIMIT = 1000
MOST_VIEWS = 30


@transaction.atomic
def save_view(
    *, user: User, name: str, query: str, page: ViewedPage = ViewedPage.QUEUE
) -> SavedView:
    """Keep the query part of a page's address under a name; a name used before is replaced."""
    require_text("name", name, limit=NAME_LIMIT)
    if len(query) > QUERY_LIMIT:
        raise InvalidInput.of("query", "too_long", _("This address is too long to be kept."))
    User.objects.select_for_update().get(pk=user.pk)
    if SavedView.objects.filter(user=user, page=page).exclude(name=name).count() >= MOST_VIEWS:
        raise Conflict(_("%(limit)s views are kept. Remove one first."), limit=MOST_VIEWS)
    view, _created = SavedView.objects.update_or_create(
        user=user, page=page, name=name, defaults={"query": query}
    )
    return view


@transaction.atomic
def remove_view(*, user: User, identifier: UUID) -> None:
    """Remove one of the user's own views; another's is left alone."""
    SavedView.objects.filter(user=user, pk=identifier).delete()


def views_of(user: User, page: ViewedPage = ViewedPage.QUEUE) -> list[SavedView]:
    """The user's views of a page by name."""
    return list(SavedView.objects.filter(user=user, page=page).order_by("name"))


@transaction.atomic
def prefer(
    *,
    user: User,
    single_keys: bool | None = None,
    layout: str | None = None,
    language: str | None = None,
) -> Preference:
    """Change what is given and leave the rest. ``language`` is a code of settings.LANGUAGES."""
    if layout is not None and layout not in Layout.values:
        raise InvalidInput(fields=[FieldError("layout", "unknown", _("Choose one of the two."))])
    if language is not None and language not in dict(settings.LANGUAGES):
        raise InvalidInput.of("language", "unknown", _("There is no interface in this language."))
    chosen = {"single_keys": single_keys, "layout": layout, "language": language}
    changed = {name: value for name, value in chosen.items() if value is not None}
    preference, _created = Preference.objects.update_or_create(user=user, defaults=changed)
    return preference


def preference_of(user: User) -> Preference:
    """What the user has chosen, or the defaults."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


def language_of(user: User) -> str:
    """The language that the user has chosen and that is still offered, or ""."""
    chosen = preference_of(user).language
    return chosen if chosen in dict(settings.LANGUAGES) else ""
