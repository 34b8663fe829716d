"""What happened that concerns a person and that others did, newest first.

It is read from evidence. Who asked a question is told the newest that happened to it
(``QuestionState.news_at``): one line for each question, which rises with the next happening. Who
reviews is told of reviews handed to them, of what became of the decisions they signed last, and of
replies to the notes they wrote last; so that this costs the same after years of work.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Left

from reasoning.models import READING_ROLES, Preference, Question, User
from reasoning.services import clock, keyset
from reasoning.services.listing import EXCERPT

PAGE_SIZE = 50
LAST = 200
"""So many of a person's notes and decisions are looked after."""
NEVER = datetime.fromtimestamp(0, UTC)
_FIRST = (datetime.fromisoformat("9999-01-01T00:00:00+00:00"), UUID(int=2**128 - 1))


class Kind(StrEnum):
    """What happened: first to a question of one's own, then to reviews, decisions and notes."""

    ANSWERED = "answered"
    FAILED = "failed"
    APPROVED = "approved"
    APPROVED_ONCE = "approved_once"
    REJECTED = "rejected"
    SENT_BACK = "sent_back"
    WITHDRAWN = "withdrawn"
    ASKED_AGAIN = "asked_again"
    CANCELLED = "cancelled"
    HANDED_OVER = "handed_over"
    DECISION_WITHDRAWN = "decision_withdrawn"
    DECIDED_ASKED_AGAIN = "decided_asked_again"
    REPLIED = "replied"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Notice:
    """One happening: when, what, by whom ("" for the service), to which question.

    ``trace_id`` is the trace that it is about, where it is about one. The question is without its
    texts; ``excerpt`` begins it.
    """

    moment: datetime
    kind: Kind
    actor_name: str
    trace_id: UUID | None
    question: Question
    excerpt: str


@dataclass(frozen=True)
class Page:
    """One page, and where the next begins (empty at the end)."""

    notices: list[Notice]
    cursor: str


_HAPPENED = f"""
WITH signed AS MATERIALIZED (
  SELECT id, question_id, recorded_at FROM reasoning_decision
   WHERE actor_id = %(person)s AND withdraws_id IS NULL
   ORDER BY recorded_at DESC, id DESC LIMIT {LAST}),
noted AS MATERIALIZED (
  SELECT id FROM reasoning_annotation WHERE actor_id = %(person)s
   ORDER BY recorded_at DESC, id DESC LIMIT {LAST}),
room AS MATERIALIZED (
  SELECT workspace_id, role FROM reasoning_membership
   WHERE user_id = %(person)s AND role = ANY(%(roles)s)),
asked AS (
  SELECT news_at, question_id, NULL, question_id, NULL::uuid, NULL
    FROM reasoning_questionstate
   WHERE asked_by = %(person)s AND workspace_id = ANY(ARRAY(SELECT workspace_id FROM room))
     AND news_at > %(since)s AND (news_at, question_id) < (%(moment)s, %(id)s)
   ORDER BY news_at DESC, question_id DESC LIMIT %(most)s),
others (moment, id, kind, question_id, trace_id, actor_name) AS (
  SELECT given.recorded_at, given.id, 'handed_over', given.question_id, claim.trace_id,
         given.actor_name
    FROM reasoning_reviewclaim AS claim JOIN reasoning_trace AS trace ON trace.id = claim.trace_id
    JOIN reasoning_questionstate AS state ON state.question_id = trace.question_id
   CROSS JOIN LATERAL (
     SELECT * FROM reasoning_auditevent AS act
      WHERE act.question_id = trace.question_id AND act.actor_id = claim.handed_by_id
        AND act.action = 'handed_over' AND act.subject_id = claim.trace_id
      ORDER BY act.recorded_at DESC LIMIT 1) AS given
   WHERE claim.reviewer_id = %(person)s AND claim.expires_at > now()
     AND state.workspace_id = ANY(ARRAY(SELECT workspace_id FROM room WHERE role = 'reviewer'))
  UNION ALL
  SELECT taken.recorded_at, taken.id, 'decision_withdrawn', taken.question_id, taken.trace_id,
         taken.actor_name
    FROM signed JOIN reasoning_decision AS taken ON taken.withdraws_id = signed.id
   WHERE taken.actor_id <> %(person)s
  UNION ALL
  SELECT run.recorded_at, run.id, 'decided_asked_again', run.question_id, NULL, run.actor_name
    FROM (SELECT question_id, min(recorded_at) AS at FROM signed GROUP BY question_id) AS decided
    JOIN reasoning_run AS run ON run.question_id = decided.question_id
   WHERE run.recorded_at > decided.at AND run.actor_id <> %(person)s
  UNION ALL
  SELECT reply.recorded_at, reply.id, CASE WHEN reply.resolves THEN 'resolved' ELSE 'replied' END,
         reply.question_id, reply.trace_id, reply.actor_name
    FROM noted JOIN reasoning_annotation AS reply ON reply.reply_to_id = noted.id
   WHERE reply.actor_id <> %(person)s),
notice (moment, id, kind, question_id, trace_id, actor_name) AS MATERIALIZED (
  TABLE asked UNION ALL
  SELECT others.* FROM others JOIN reasoning_questionstate AS state USING (question_id)
   WHERE others.moment > %(since)s AND (others.moment, others.id) < (%(moment)s, %(id)s)
     AND state.workspace_id = ANY(ARRAY(SELECT workspace_id FROM room))
     AND NOT EXISTS (SELECT FROM reasoning_recusal AS recusal
                      WHERE recusal.question_id = others.question_id
                        AND recusal.actor_id = %(person)s)
  ORDER BY 1 DESC, 2 DESC LIMIT %(most)s)
"""  # noqa: S608  nothing in these comes from outside
_COUNT = f"{_HAPPENED}SELECT count(*) FROM notice"  # noqa: S608
# What became of an own question at a moment is what was recorded of it at that moment.
_PAGE = f"""{_HAPPENED}
SELECT notice.moment, notice.id, notice.question_id, notice.trace_id,
       coalesce(notice.kind,
                CASE WHEN decision.meaning = 'approved' AND state.status = 'in_review'
                     THEN 'approved_once' ELSE decision.meaning END,
                CASE WHEN run.id IS NOT NULL THEN 'asked_again'
                     WHEN act.id IS NOT NULL THEN 'cancelled'
                     WHEN state.status = 'failed' THEN 'failed' ELSE 'answered' END),
       coalesce(notice.actor_name, decision.actor_name, run.actor_name, act.actor_name, '')
  FROM notice JOIN reasoning_questionstate AS state USING (question_id)
  LEFT JOIN reasoning_decision AS decision ON notice.kind IS NULL
   AND decision.question_id = notice.question_id AND decision.recorded_at = notice.moment
  LEFT JOIN reasoning_run AS run ON notice.kind IS NULL
   AND run.question_id = notice.question_id AND run.recorded_at = notice.moment AND run.number > 1
  LEFT JOIN reasoning_auditevent AS act ON notice.kind IS NULL AND act.action = 'cancelled'
   AND act.question_id = notice.question_id AND act.recorded_at = notice.moment
 ORDER BY notice.moment DESC, notice.id DESC
"""  # noqa: S608


def find(*, user: User, cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """What concerns the user, newest first. Raises InvalidInput for a cursor of another list."""
    before = keyset.parsed(cursor) if cursor else _FIRST
    found = _asked(_PAGE, user, since=NEVER, before=before, most=size + 1)
    last = found[size - 1] if len(found) > size else None
    return Page(_loaded(found[:size]), keyset.cursor_of(last[0], last[1]) if last else "")


def count_new(*, user: User, since: datetime, limit: int) -> int:
    """How many happened since a time; no more than ``limit`` are counted."""
    [(count,)] = _asked(_COUNT, user, since=since, before=_FIRST, most=limit)
    return int(count)


@transaction.atomic
def look(*, user: User) -> datetime:
    """Keep that the user looks at their notices now; returns when they had looked before."""
    preference, _created = Preference.objects.select_for_update().get_or_create(user=user)
    before = preference.notices_seen_at
    preference.notices_seen_at = clock.now()
    preference.save(update_fields=["notices_seen_at"])
    return before or NEVER


def _asked(
    statement: str, user: User, *, since: datetime, before: tuple[datetime, UUID], most: int
) -> list[tuple[Any, ...]]:
    moment, identifier = before
    values: dict[str, Any] = {"person": user.pk, "roles": list(READING_ROLES), "since": since}
    with connection.cursor() as cursor:
        cursor.execute(statement, {**values, "moment": moment, "id": identifier, "most": most})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _loaded(rows: list[tuple[Any, ...]]) -> list[Notice]:
    """Notices with their questions, in their order."""
    questions = {question.pk: question for question in _questions({row[2] for row in rows})}
    return [
        Notice(moment, Kind(kind), name, trace, questions[question], questions[question].excerpt)
        for moment, _id, question, trace, kind, name in rows
    ]


def _questions(ids: set[UUID]) -> "QuerySet[Any]":
    shown = ("case_reference", "language", "workspace__name", "workspace__slug")
    rows = Question.objects.filter(pk__in=ids).select_related("workspace").only(*shown)
    return rows.annotate(excerpt=Left("text", EXCERPT))
