"""Lists of questions: filters, search and keyset pages, newest first.

What is on a page is found in QuestionState, one short stretch of an index for each of the user's
workspaces, or by the words that searches look in; the questions themselves are read for one page
only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Left

from reasoning.models import (
    Question,
    QuestionState,
    RecordKind,
    Recusal,
    User,
    Workspace,
)
from reasoning.services import access, identifiers, keyset, searching
from reasoning.services.facets import Facets

PAGE_SIZE = 50
EXCERPT = 300
"""Characters of a text that lists show."""


@dataclass(frozen=True)
class Filters:
    """What to list. Empty values do not filter. ``search`` looks for words as ``searching`` does,
    and for cases that begin so."""

    workspace: str = ""
    status: str = ""
    language: str = ""
    case_reference: str = ""
    search: str = ""
    submitted_by: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True)
class Page:
    """One page, and where the next begins (empty at the end); ``looked_back_to`` as searches say
    it (``searching.Results``)."""

    questions: list[Question]
    cursor: str
    looked_back_to: datetime | None = None


def find_questions(
    *, user: User, filters: Filters, cursor: str = "", size: int = PAGE_SIZE, whole: bool = True
) -> Page:
    """The questions the user may read, newest first.

    Each has ``state`` and ``workspace`` at hand, and ``excerpt``, the beginning of its text; the
    text itself only when ``whole``. Raises InvalidInput for a cursor that this did not give out.
    """
    after = keyset.parsed(cursor) if cursor else None
    border = None
    if filters.search.strip():
        found, border = _matching(user, filters, after, size + 1)
    else:
        found = _listed(user, filters, after, size + 1)
    last = found[size - 1] if len(found) > size else border
    more = keyset.cursor_of(*last) if last else ""
    ids = [question for _moment, question in found[:size]]
    return Page(_loaded(ids, whole), more, border[0] if border else None)


Place = tuple[datetime, UUID]
"""When a question was asked, and its id: where it stands in a list."""

EVERY = Q()
NEWEST = ("-asked_at", "-question_id")


def first(*, user: User, statuses: Iterable[str], oldest: bool = False) -> UUID | None:
    """The newest (or oldest) question with one of these statuses that the user may read."""
    rooms = access.workspaces_of(user)
    each = [_in_room(room, user, Filters(status=one)) for room in rooms for one in statuses]
    order = ("asked_at", "question_id") if oldest else NEWEST
    parts = [rows.order_by(*order)[:1] for rows in each]
    found = keyset.united(parts, *order).first() if parts else None
    return found[1] if found else None


def _listed(
    user: User, filters: Filters, after: Place | None, most: int, which: Q = EVERY
) -> list[Place]:
    """At most ``most`` in each room: each is the beginning of an index."""
    rooms = access.workspaces_of(user)
    rooms = [room for room in rooms if filters.workspace in ("", room.slug)]
    parts = [_rest(_in_room(room, user, filters).filter(which), after)[:most] for room in rooms]
    return list(keyset.united(parts, *NEWEST)[:most]) if parts else []


def _in_room(room: Workspace, user: User, filters: Filters) -> "QuerySet[QuestionState, Place]":
    exact: dict[str, Any] = {
        "status": filters.status,
        "language": filters.language,
        "question__case_reference": filters.case_reference,
        "asked_by": filters.submitted_by,
        "asked_at__gte": filters.created_after,
        "asked_at__lt": filters.created_before,
    }
    narrowed = {name: value for name, value in exact.items() if value}
    recused = Recusal.objects.filter(question=OuterRef("question"), actor_id=user.pk)
    rows = QuestionState.objects.filter(~Exists(recused), workspace=room, **narrowed)
    return rows.order_by(*NEWEST).values_list("asked_at", "question_id")


def _rest(
    rows: "QuerySet[QuestionState, Place]", after: Place | None
) -> "QuerySet[QuestionState, Place]":
    if after is None:
        return rows
    moment, identifier = after
    rows = rows.filter(asked_at__lte=moment)
    return rows.exclude(asked_at=moment, question_id__gte=identifier)


def _matching(
    user: User, filters: Filters, after: Place | None, most: int
) -> tuple[list[Place], Place | None]:
    """Questions with these words, and those of cases that begin so; and the last place where was
    looked, if that was before the end and before there were enough."""
    cursor = keyset.cursor_of(*after) if after else ""
    results = searching.find(user=user, facets=_facets(filters), cursor=cursor, size=most)
    places = {(one.recorded_at, one.question_id) for one in results.found}
    if named := identifiers.of_cases(typed=filters.search):
        places |= set(_listed(user, filters, after, most, Q(pk__in=named)))
    border = keyset.parsed(results.cursor) if results.looked_back_to else None
    found = sorted((one for one in places if not border or one >= border), reverse=True)[:most]
    return found, border if len(found) < most else None


def _facets(filters: Filters) -> Facets:
    return Facets(
        words=filters.search,
        workspace=filters.workspace,
        kind=RecordKind.QUESTION,
        language=filters.language,
        person=filters.submitted_by,
        status=filters.status,
        case_reference=filters.case_reference,
        after=filters.created_after,
        before=filters.created_before,
    )


def _loaded(ids: list[UUID], whole: bool) -> list[Question]:
    """These questions, in their order, with all that a page says of them."""
    rows = Question.objects.filter(pk__in=ids) if ids else Question.objects.none()
    found = rows if whole else rows.defer("text", "metadata")
    return list(
        found.select_related("workspace", "state")
        .annotate(excerpt=Left("text", EXCERPT))
        .order_by("-recorded_at", "-id")
    )
