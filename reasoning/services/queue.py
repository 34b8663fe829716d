"""The review queue: what waits for a decision, oldest first.

It is read from QuestionState's partial index, one short stretch of it for each of the reviewer's
workspaces; of the evidence only what one page shows is loaded, and no long text.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Left

from reasoning.core.errors import Conflict
from reasoning.models import (
    Decision,
    Finding,
    Question,
    QuestionState,
    QuestionStatus,
    Recusal,
    ReviewClaim,
    Role,
    Run,
    Severity,
    Trace,
    User,
    Workspace,
)
from reasoning.services import access, claims, clock, counting, keyset
from reasoning.services.listing import EXCERPT

PAGE_SIZE = 50
UNCLAIMED, MINE, ALL = "unclaimed", "mine", "all"
SCOPES = (UNCLAIMED, MINE, ALL)
NO_FINDING = "none"
TRIES = 5


@dataclass(frozen=True)
class Wanted:
    """Which part of the queue. Empty values do not filter.

    ``finding`` is a severity (that or a graver one), the code of a finding, or ``none``;
    ``assignee`` is the key of who holds the trace.
    """

    scope: str = UNCLAIMED
    workspace: str = ""
    language: str = ""
    finding: str = ""
    assignee: UUID | None = None
    case_reference: str = ""
    asked_after: datetime | None = None
    asked_before: datetime | None = None


@dataclass(frozen=True)
class Waiting:
    """One question in the queue: its trace, and who holds it.

    ``reopened``: a decision on the trace was withdrawn. ``excerpt`` begins the question; question
    and trace are without their texts.
    """

    question: Question
    excerpt: str
    trace: Trace
    findings: list[Finding]
    claim: ReviewClaim | None
    mine: bool
    own: bool
    reopened: bool


@dataclass(frozen=True)
class Page:
    """One page, and where the next begins (empty at the end)."""

    reviews: list[Waiting]
    cursor: str


def find(*, user: User, wanted: Wanted, cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """What waits for a decision, oldest first. Raises InvalidInput for a cursor of another list."""
    found = _found(user, wanted, cursor, size + 1)
    shown = found[:size]
    more = keyset.cursor_of(shown[-1][1], shown[-1][0]) if len(found) > size else ""
    return Page(_loaded(user, [question for question, _moment in shown]), more)


def counts(*, user: User, wanted: Wanted) -> dict[str, counting.Count]:
    """How many wait in each scope with the same filters; none is counted beyond a thousand."""
    return {scope: count(user=user, wanted=replace(wanted, scope=scope)) for scope in SCOPES}


def count(*, user: User, wanted: Wanted, limit: int = counting.LIMIT) -> counting.Count:
    """How many wait in this part of the queue."""
    return counting.count_up_to(_waiting_in(_rooms(user, wanted), user, wanted), limit)


def take_next(*, user: User, wanted: Wanted) -> Trace | None:
    """Claim the oldest unclaimed trace that this user may decide on; None when there is none.

    Somebody else may be quicker; then the next one is taken.
    """
    unclaimed = replace(wanted, scope=UNCLAIMED, assignee=None)
    for question, _moment in _found(user, unclaimed, "", TRIES):
        trace = access.trace_to_review(user, _trace_id(question))
        try:
            claims.claim(user=user, trace=trace)
        except Conflict:
            continue
        return trace
    return None


def _trace_id(question: UUID) -> UUID:
    """Of what waits for a decision there always is a trace."""
    return Trace.objects.values_list("pk", flat=True).get(
        pk__in=QuestionState.objects.filter(pk=question).values("trace_id")
    )


def _found(user: User, wanted: Wanted, cursor: str, size: int) -> list[tuple[UUID, datetime]]:
    rows = _united(user, wanted, cursor, size)
    return list(rows[:size]) if rows is not None else []


def _united(user: User, wanted: Wanted, cursor: str, size: int) -> "QuerySet[Any, Any] | None":
    """Question and time of at most ``size`` in each room: each is the beginning of an index."""
    parts = [_in_room(room, user, wanted, cursor)[:size] for room in _rooms(user, wanted)]
    return keyset.united(parts, "asked_at", "question_id") if parts else None


def _rooms(user: User, wanted: Wanted) -> list[Workspace]:
    rooms = access.workspaces_of(user, Role.REVIEWER)
    return [room for room in rooms if wanted.workspace in ("", room.slug)]


def _in_room(room: Workspace, user: User, wanted: Wanted, cursor: str) -> "QuerySet[Any, Any]":
    rows = _waiting_in([room], user, wanted)
    if cursor:
        moment, identifier = keyset.parsed(cursor)
        rows = rows.filter(asked_at__gte=moment)
        rows = rows.exclude(asked_at=moment, question_id__lte=identifier)
    return rows.order_by("asked_at", "question_id").values_list("question_id", "asked_at")


def _waiting_in(
    rooms: list[Workspace], user: User, wanted: Wanted
) -> "QuerySet[QuestionState, QuestionState]":
    return QuestionState.objects.filter(
        ~Exists(Recusal.objects.filter(question=OuterRef("question"), actor_id=user.pk)),
        _scope(user, wanted.scope),
        _held_by(wanted.assignee),
        _finding(wanted.finding),
        status=QuestionStatus.IN_REVIEW,
        workspace__in=rooms,
        **_exactly(wanted),
    )


def _exactly(wanted: Wanted) -> dict[str, Any]:
    values = {
        "language": wanted.language,
        "question__case_reference": wanted.case_reference,
        "asked_at__gte": wanted.asked_after,
        "asked_at__lt": wanted.asked_before,
    }
    return {name: value for name, value in values.items() if value}


def _live() -> "QuerySet[ReviewClaim]":
    return ReviewClaim.objects.filter(trace=OuterRef("trace"), expires_at__gt=clock.now())


def _held_by(assignee: UUID | None) -> Q:
    return Q(Exists(_live().filter(reviewer=assignee))) if assignee else Q()


def _scope(user: User, scope: str) -> Q:
    live = _live()
    if scope == MINE:
        return Q(Exists(live.filter(reviewer=user)))
    if scope == UNCLAIMED:
        asked = Run.objects.filter(question=OuterRef("question"), actor_id=user.pk)
        signed = Decision.objects.standing().filter(trace=OuterRef("trace"), actor_id=user.pk)
        mine = Q(asked_by=user.pk) | _any_of(asked) | _any_of(signed)
        return ~mine & ~Q(Exists(live))
    return Q()


def _any_of(rows: "QuerySet[Any, Any]") -> Q:
    """Looked up for each row. For ``Exists`` PostgreSQL may read all runs there are beforehand."""
    one = rows.annotate(found=Value(True)).values("found")[:1]
    return Q(Coalesce(Subquery(one), Value(False)))


def _finding(finding: str) -> Q:
    if not finding:
        return Q()
    if finding == NO_FINDING:
        return Q(gravest__in=["", Severity.INFO])
    if finding in Severity.values:
        return Q(gravest__in=Severity.values[Severity.values.index(finding) :])
    return Q(findings__contains=[finding])


# What a page shows ------------------------------------------------------------------------------


def _loaded(user: User, questions: list[UUID]) -> list[Waiting]:
    """The reviews of these questions, in their order, in six queries."""
    traces = _traces(questions)
    rows = (
        Question.objects.filter(pk__in=questions)
        .select_related("workspace")
        .only(
            "recorded_at", "actor_id", "actor_name", "case_reference", "language", "workspace__name"
        )
        .annotate(excerpt=Left("text", EXCERPT))
    )
    by_id = {row.pk: row for row in rows}
    now = clock.now()
    return [
        _waiting(user, by_id[question], traces[question], now)
        for question in questions
        if question in traces
    ]


def _traces(questions: Iterable[UUID]) -> dict[UUID, Trace]:
    newest = QuestionState.objects.filter(pk__in=questions).values("trace_id")
    traces = (
        Trace.objects.filter(pk__in=newest)
        .only("question_id", "ending", "recorded_at")
        .prefetch_related(
            Prefetch("findings", Finding.objects.only("trace_id", "code", "severity")),
            Prefetch("decisions", Decision.objects.only("trace_id", "withdraws_id")),
            Prefetch("claim", ReviewClaim.objects.select_related("reviewer", "handed_by")),
        )
    )
    return {trace.question_id: trace for trace in traces}


def _waiting(user: User, question: Any, trace: Trace, now: datetime) -> Waiting:
    claim: ReviewClaim | None = getattr(trace, "claim", None)
    live = claim if claim and claim.expires_at > now else None
    order = list(reversed(Severity.values))
    return Waiting(
        question=question,
        excerpt=question.excerpt or "",
        trace=trace,
        findings=sorted(
            trace.findings.all(), key=lambda one: (order.index(one.severity), one.code)
        ),
        claim=live,
        mine=bool(live and live.reviewer_id == user.pk),
        own=question.actor_id == user.pk,
        reopened=any(one.withdraws_id for one in trace.decisions.all()),
    )
