"""Lists of questions: filters, search and keyset pages, newest first."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Left

from reasoning.models import READING_ROLES, Question, Trace, User
from reasoning.models.question import QuestionQuerySet
from reasoning.services import decisions, keyset

PAGE_SIZE = 50
EXCERPT = 300
"""Characters of a text that lists show."""


@dataclass(frozen=True)
class Filters:
    """What to list. Empty values do not filter."""

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
    """One page, and where the next begins (empty at the end)."""

    questions: list[Question]
    cursor: str


def find_questions(
    *, user: User, filters: Filters, cursor: str = "", size: int = PAGE_SIZE, whole: bool = True
) -> Page:
    """The questions the user may read, newest first.

    Each has ``latest_trace_id``, ``state``, ``workspace`` and ``latest_decision`` at hand, and
    ``excerpt``, the beginning of its text; the text itself only when ``whole``. Raises InvalidInput
    for a cursor that this did not give out.
    """
    rows = Question.objects.visible_to(user, READING_ROLES)
    rows = rows if whole else rows.defer("text", "metadata")
    return _page(_filtered(rows, filters), cursor, size)


def _filtered(rows: QuestionQuerySet, filters: Filters) -> QuestionQuerySet:
    exact = {
        "workspace__slug": filters.workspace,
        "state__status": filters.status,
        "language": filters.language,
        "case_reference": filters.case_reference,
        "actor_id": filters.submitted_by,
        "recorded_at__gte": filters.created_after,
        "recorded_at__lt": filters.created_before,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if filters.search:
        rows = rows.filter(
            Q(text__icontains=filters.search) | Q(case_reference__icontains=filters.search)
        )
    return rows


def _page(rows: QuestionQuerySet, cursor: str, size: int) -> Page:
    if cursor:
        moment, identifier = keyset.parsed(cursor)
        rows = rows.filter(recorded_at__lte=moment)
        rows = rows.exclude(recorded_at=moment, id__gte=identifier)
    latest = Trace.objects.filter(run__question=OuterRef("pk")).order_by(
        "-run__number", "-attempt__number"
    )
    found = list(
        rows.select_related("workspace", "state")
        .prefetch_related(Prefetch("runs__traces", Trace.objects.only("id", "run_id")))
        .annotate(
            latest_trace_id=Subquery(latest.values("pk")[:1]),
            submitted_by_name=F("actor_name"),
            excerpt=Left("text", EXCERPT),
        )
        .order_by("-recorded_at", "-id")[: size + 1]
    )
    _attach_decisions(found)
    more = len(found) > size
    last = found[size - 1] if more else None
    return Page(found[:size], keyset.cursor_of(last.recorded_at, last.pk) if last else "")


def _attach_decisions(questions: list[Question]) -> None:
    """``latest_decision`` on each, in one query."""
    latest = decisions.latest_of([question.pk for question in questions])
    for question in questions:
        question.latest_decision = latest.get(question.pk)  # type: ignore[attr-defined]
