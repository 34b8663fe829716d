"""Counts for charts, kept as evidence is recorded, so that a chart never reads a million rows."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection, transaction

from reasoning.core.reading_pace import FASTEST_TOKENS_PER_SECOND
from reasoning.models import Decision, Evidence, FindingTally, ReviewTally, Trace
from reasoning.services import prepared

SHARDS = 16

REVIEWS = """
SELECT decision.id, decision.trace_id, decision.question_id, decision.actor_id, decision.meaning,
       decision.recorded_at, state.workspace_id, state.language, taken.seconds,
       coalesce(trace.thinking_tokens + trace.summary_tokens, octet_length(trace.raw_text) / 4, 0)
         AS tokens
  FROM reasoning_decision AS decision
  JOIN reasoning_trace AS trace ON trace.id = decision.trace_id AND decision.withdraws_id IS NULL
  JOIN reasoning_questionstate AS state ON state.question_id = decision.question_id
  LEFT JOIN LATERAL (
    SELECT extract(epoch FROM decision.recorded_at - event.recorded_at)::float8 AS seconds
      FROM reasoning_auditevent AS event
     WHERE event.question_id = decision.question_id AND event.actor_id = decision.actor_id
       AND event.subject_id = decision.trace_id AND event.action = 'claimed'
       AND event.recorded_at <= decision.recorded_at
     ORDER BY event.recorded_at DESC LIMIT 1) AS taken ON true
"""
"""Decisions with how long the review took: from the last time the signer took it, to signing. It is
not known where nobody took it, or where it was handed over. ``tokens`` are those to be read. To
withdraw a decision is no review."""

_ADD_REVIEWS = f"""
INSERT INTO reasoning_reviewtally AS tally
  (span, day, workspace_id, reviewer, language, meaning, pace, fast, decisions, seconds)
SELECT span, CASE span WHEN 'month' THEN date_trunc('month', day)::date ELSE day END, workspace_id,
       CASE span WHEN 'total' THEN '00000000-0000-0000-0000-000000000000' ELSE actor_id END,
       CASE span WHEN 'total' THEN '' ELSE language END, meaning,
       CASE WHEN span = 'total' OR seconds IS NULL THEN 'unknown' WHEN seconds < 60 THEN 'minute'
            WHEN seconds < 300 THEN 'five' WHEN seconds < 900 THEN 'quarter'
            WHEN seconds < 3600 THEN 'hour' ELSE 'longer' END,
       span <> 'total' AND coalesce(seconds * %(fastest)s < tokens, false),
       count(*), coalesce(sum(seconds), 0)::bigint
  FROM (SELECT *, (recorded_at AT TIME ZONE 'UTC')::date AS day
          FROM ({REVIEWS} WHERE {{which}}) AS rows) AS reviews
 CROSS JOIN (VALUES ('day'), ('month'), ('total')) AS spans (span)
 WHERE actor_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
ON CONFLICT (workspace_id, span, day, reviewer, language, meaning, pace, fast) DO UPDATE
  SET decisions = tally.decisions + excluded.decisions, seconds = tally.seconds + excluded.seconds
"""  # noqa: S608
_ADD_FINDINGS = """
INSERT INTO reasoning_findingtally AS tally
  (span, day, workspace_id, language, prompt_version_id, code, shard, traces)
SELECT span, date_trunc(span, trace.recorded_at AT TIME ZONE 'UTC')::date, state.workspace_id,
       state.language, run.prompt_version_id, found.code, pg_backend_pid() %% %(shards)s, count(*)
  FROM reasoning_trace AS trace
  JOIN reasoning_run AS run ON run.id = trace.run_id
  JOIN reasoning_questionstate AS state ON state.question_id = trace.question_id
  CROSS JOIN LATERAL (
    SELECT '' AS code UNION SELECT finding.code FROM reasoning_finding AS finding
     WHERE finding.trace_id = trace.id AND finding.severity <> 'info') AS found
  CROSS JOIN (VALUES ('day'), ('month')) AS spans (span)
 WHERE {which}
 GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT (workspace_id, span, day, language, prompt_version_id, code, shard) DO UPDATE
  SET traces = tally.traces + excluded.traces
"""
_STATEMENTS: dict[type[Evidence], str] = {Decision: _ADD_REVIEWS, Trace: _ADD_FINDINGS}
_THESE = {
    model: statement.format(which=f"{model._meta.model_name}.id = ANY(%(ids)s)")
    for model, statement in _STATEMENTS.items()
}
_EVERYTHING = [statement.format(which="true") for statement in _STATEMENTS.values()]


def add(model: type[Evidence], ids: Collection[UUID]) -> None:
    """Count rows that were just stored, with all that was stored together with them."""
    if model in _THESE:
        _count(_THESE[model], ids)


@transaction.atomic
def rebuild() -> None:
    """Count everything anew, in one transaction; what is recorded meanwhile waits for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE reasoning_reviewtally, reasoning_findingtally IN SHARE ROW EXCLUSIVE MODE"
        )
    ReviewTally.objects.all().delete()
    FindingTally.objects.all().delete()
    for statement in _EVERYTHING:
        _count(statement)


def _count(statement: str, ids: Collection[UUID] = ()) -> None:
    values = {"ids": list(ids), "fastest": FASTEST_TOKENS_PER_SECOND, "shards": SHARDS}
    prepared.execute(statement, values)
