"""Who works on a run: a lease in Postgres, renewed while streaming, with a fencing token.

``RunState`` is owned by whoever holds its lease; every change here is one conditional UPDATE or
happens under its row lock. The fence is the attempt's number: a worker whose number is no longer
the fence has lost the run and stores nothing more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from reasoning.core.documents import Actor
from reasoning.core.texts import storable
from reasoning.core.token_ids import pack
from reasoning.models import (
    ActorKind,
    Attempt,
    PartialOutput,
    Run,
)
from reasoning.services import prepared
from reasoning.services.evidence import record
from reasoning.services.inserting import copy


@dataclass(frozen=True)
class Claim:
    """A worker's hold on a run. ``queued_ms`` is how long the run had waited for it; ``probe``:
    it was risked on an engine that had been full; ``others``: more runs were waiting."""

    run: Run
    attempt: Attempt
    queued_ms: int
    probe: bool = False
    others: bool = False


class Fragment(NamedTuple):
    """What one attempt has received since the last beat."""

    sequence: int
    text: str
    token_ids: Sequence[int]


class Beat(NamedTuple):
    """What the database says of one lease that is still held: whether it was renewed, and whether
    someone wants it stopped. Nothing was kept of one that was not renewed."""

    run_id: UUID
    fence: int
    renewed: bool
    cancel: bool
    halt: bool


_CLAIM = """
  WITH taken AS (
    UPDATE reasoning_runstate
       SET status = 'running', fence = fence + 1, worker = %s, base_url = %s, updated_at = now(),
           lease_until = now() + make_interval(secs => %s)
     WHERE run_id = %s AND status = 'queued' AND not_before <= now()
 RETURNING run_id)
UPDATE reasoning_questionstate state SET status = 'running', updated_at = now()
  FROM taken JOIN reasoning_run run ON run.id = taken.run_id
 WHERE state.question_id = run.question_id
RETURNING now()
"""


_RUN = prepared.Query(
    lambda pk: Run.objects.filter(pk=pk).select_related(
        "state", "question__workspace", "prompt_version", "sampling_profile", "deployment"
    ),
    UUID,
)


@transaction.atomic(savepoint=False)  # short: others wait for their turn to choose
def claim(
    *, run_id: UUID, worker: str, base_url: str = "", probe: bool = False, others: bool = False
) -> Claim | None:
    """Take a queued run that is due, and record the attempt; None when there is nothing to take.

    It is to be sent to ``base_url``, or to the deployment's first address.
    """
    taken = prepared.first(_CLAIM, [worker, base_url, settings.LEASE_SECONDS, run_id])
    if taken is None:
        return None
    (now,) = taken
    run = _RUN.get(run_id)
    attempt = Attempt(
        run=run,
        number=run.state.fence,
        question_id=run.question_id,
        base_url=base_url or run.deployment.base_url,
    )
    record(worker_actor(worker), attempt, at=now)
    waited = now - max(run.recorded_at, run.state.not_before)
    return Claim(run, attempt, int(waited.total_seconds() * 1000), probe, others)


def worker_actor(worker: str) -> Actor:
    """A worker process as the log records who acted."""
    return Actor(ActorKind.SYSTEM, None, worker)


def lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.LEASE_SECONDS)


_RENEW = """
  WITH mine AS (SELECT * FROM unnest(%s::uuid[], %s::int[]) AS mine (run_id, fence)),
       free AS MATERIALIZED (
         SELECT run_id FROM reasoning_runstate state JOIN mine USING (run_id, fence)
          WHERE state.status = 'running' FOR NO KEY UPDATE OF state SKIP LOCKED),
       renewed AS (
         UPDATE reasoning_runstate state
            SET lease_until = clock_timestamp() + make_interval(secs => %s)
           FROM free WHERE state.run_id = free.run_id
      RETURNING state.run_id)
SELECT state.run_id, state.fence, renewed.run_id IS NOT NULL,
       state.cancel_requested_at IS NOT NULL, EXISTS (
         SELECT FROM reasoning_halt halt
          WHERE coalesce(halt.workspace_id, state.workspace_id) = state.workspace_id
            AND coalesce(halt.deployment_id, state.deployment_id) = state.deployment_id)
  FROM reasoning_runstate state JOIN mine USING (run_id, fence)
  LEFT JOIN renewed ON renewed.run_id = state.run_id
 WHERE state.status = 'running'
"""


@contextmanager
def own_connection() -> Iterator[None]:
    """Give this thread a connection outside the pool, for as long as the block lasts.

    In the pool a beat would wait behind all who store, and after a restart of PostgreSQL until the
    pool tries again; and a lease does not wait.
    """
    own = connections.create_connection(DEFAULT_DB_ALIAS).copy()
    own.settings_dict["OPTIONS"].pop("pool", None)
    connections[DEFAULT_DB_ALIAS] = own
    try:
        yield
    finally:
        own.close()


@transaction.atomic
def renew(fragments: Mapping[tuple[UUID, int], tuple[Attempt, Fragment | None]]) -> list[Beat]:
    """Renew every lease of this process in one statement, and keep what has arrived since.

    Keys are (run, fence). Leases not in the answer are lost: their workers must stop. A row that
    somebody holds is passed over: most likely its trace is being stored, and those behind it would
    wait for that. One transaction, so that nothing is kept of an attempt that is being stored
    meanwhile.
    """
    if not fragments:
        return []
    with connection.cursor() as cursor:
        runs, fences = zip(*fragments, strict=True)
        cursor.execute(_RENEW, [list(runs), list(fences), settings.LEASE_SECONDS])
        held = [Beat(*row) for row in cursor.fetchall()]
    _keep(fragments[(beat.run_id, beat.fence)] for beat in held if beat.renewed)
    return held


def _keep(received: Iterable[tuple[Attempt, Fragment | None]]) -> None:
    """Insert all of it by one COPY: with hundreds of streams this is what a beat costs."""
    rows = [
        (attempt.pk, fragment.sequence, storable(fragment.text)[0], pack(fragment.token_ids))
        for attempt, fragment in received
        if fragment is not None
    ]
    if rows:
        copy(PartialOutput, *_KEPT, rows)


_KEPT = ("attempt_id", "sequence", "text", "token_ids"), ("uuid", "int4", "text", "bytea")
"""Columns and their types."""
