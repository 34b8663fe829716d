"""Which run is next. The queue is in Postgres: a message from the broker says that there is work.

A worker that is free takes the run that should be next, whatever woke it: of the highest priority;
then of the workspace with the fewest runs in flight for its weight, and of those the one served
longest ago; then the oldest. Stopped work, limits and closed gates are passed over.

Limits and fairness are about how many *other* rows are running, which no lock on the row that is
taken protects: with SKIP LOCKED two workers could each see one place left, and both take it. So
choosing is serialised by one advisory lock, held for the few milliseconds of a claim. The lock is
taken by a statement of its own, so that the next one sees everything the last holder committed.

Choosing reads, for each lane (priority, workspace, deployment) that has runs waiting, the first row
of an index, and the rows of runs in flight: its cost does not grow with the length of the queue.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from reasoning.core.errors import EngineError, EngineRefused, EngineUnavailable
from reasoning.inference.health import require_health
from reasoning.inference.loop import run as on_loop
from reasoning.models import Deployment, Run, RunState, RunStatus, Workspace
from reasoning.services import gates, leases, prepared
from reasoning.services.engine_address import address_of
from reasoning.services.inserting import insert
from reasoning.services.leases import Claim

LOCK = 0x4D41_4655  # any number that no other lock of this database has

_one_of_this_process = threading.Lock()
"""Others of this process would wait in the database, each with a connection of the small pool."""
_looking: set[int] = set()
"""The threads of this process that look for a run."""

HALTED = """
EXISTS (SELECT FROM reasoning_halt halt
         WHERE coalesce(halt.workspace_id, {0}.workspace_id) = {0}.workspace_id
           AND coalesce(halt.deployment_id, {0}.deployment_id) = {0}.deployment_id)
"""
STREAMS = """
SELECT workspace_id, deployment_id, base_url, count(*) AS n FROM reasoning_runstate
 WHERE status = 'running' GROUP BY 1, 2, 3
"""
# Addresses of {0} that may be sent a run now: first one that is due for a probe, then the one with
# the fewest streams. A gate that nobody has tried for long counts as open.
PLACES = f"""
SELECT url.address AS base_url, here.n,
       gate.room <= here.n AS is_probe, coalesce(gate.trouble, '') AS trouble
  FROM unnest(array_prepend({{0}}.base_url, {{0}}.replicas)) WITH ORDINALITY url (address, rank)
  LEFT JOIN reasoning_gate gate ON gate.base_url = url.address
   AND gate.closed_until > now() - make_interval(secs => {gates.FORGOTTEN_SECONDS})
 CROSS JOIN LATERAL (
   SELECT coalesce(sum(n), 0) AS n FROM stream WHERE stream.base_url = url.address) here
 WHERE gate.base_url IS NULL OR here.n < gate.room OR gate.closed_until <= now()
 ORDER BY coalesce(gate.room <= here.n, false) DESC, here.n, url.rank
"""  # noqa: S608  nothing in these comes from outside
# The lanes that have runs waiting, each found by one step through an index.
LANES = """
lane AS (
  (SELECT priority, workspace_id, deployment_id FROM reasoning_runstate WHERE status = 'queued'
    ORDER BY priority DESC, workspace_id DESC, deployment_id DESC LIMIT 1)
  UNION ALL
  SELECT following.* FROM lane CROSS JOIN LATERAL (
    SELECT priority, workspace_id, deployment_id FROM reasoning_runstate
     WHERE status = 'queued' AND (priority, workspace_id, deployment_id)
                               < (lane.priority, lane.workspace_id, lane.deployment_id)
     ORDER BY priority DESC, workspace_id DESC, deployment_id DESC LIMIT 1) following
)
"""
_NEXT = f"""
WITH RECURSIVE {LANES},
stream AS MATERIALIZED ({STREAMS}),
room AS (SELECT workspace_id, sum(n) AS n FROM stream GROUP BY 1),
busy AS (SELECT deployment_id, sum(n) AS n FROM stream GROUP BY 1)
SELECT head.run_id, lane.workspace_id, lane.deployment_id,
       place.base_url, coalesce(place.is_probe, false), place.trouble,
       (SELECT count(*) > 1 FROM (
         SELECT FROM reasoning_runstate WHERE status = 'queued' LIMIT 2) queued)
  FROM lane
  JOIN reasoning_workspace workspace ON workspace.id = lane.workspace_id
  JOIN reasoning_deployment deployment ON deployment.id = lane.deployment_id
  LEFT JOIN reasoning_streamlimit own ON own.deployment_id = lane.deployment_id
  LEFT JOIN room ON room.workspace_id = lane.workspace_id
  LEFT JOIN busy ON busy.deployment_id = lane.deployment_id
 CROSS JOIN LATERAL (
   SELECT run_id, queued_at FROM reasoning_runstate state
    WHERE state.status = 'queued' AND state.priority = lane.priority
      AND state.workspace_id = lane.workspace_id AND state.deployment_id = lane.deployment_id
      AND state.not_before <= now() AND state.deadline > now()
    ORDER BY state.queued_at LIMIT 1) head
 CROSS JOIN LATERAL ({PLACES.format("deployment")} LIMIT 1) place
 WHERE (room.n >= nullif(coalesce(workspace.run_limit, %(runs)s), 0)) IS NOT TRUE
   AND (busy.n >= nullif(coalesce(own.streams, %(streams)s), 0)) IS NOT TRUE
   AND NOT {HALTED.format("lane")}
 ORDER BY lane.priority DESC, coalesce(room.n, 0) / workspace.weight::float8,
          workspace.served_at NULLS FIRST, head.queued_at, head.run_id
 LIMIT 1
"""  # noqa: S608


@dataclass(frozen=True)
class Choice:
    """The run that should be next, and where to. ``is_probe``: more than the engine has shown to
    hold; ``trouble`` says why it was closed. ``others``: it is not the only one that waits."""

    run_id: UUID
    workspace_id: UUID
    deployment_id: UUID
    base_url: str
    is_probe: bool
    trouble: str
    others: bool

    @property
    def needs_knock(self) -> bool:
        """The engine was away: it is asked whether it is there before a run is risked."""
        return self.is_probe and self.trouble == EngineUnavailable.code


def enqueue(run: Run, *, workspace: Workspace, priority: int, due: datetime) -> None:
    """Put a run into the queue, not to be taken before ``due``."""
    state = RunState(
        run=run,
        workspace=workspace,
        deployment_id=run.deployment_id,
        status=RunStatus.QUEUED,
        priority=priority,
        queued_at=due,
        not_before=due,
        deadline=due + timedelta(seconds=settings.RUN_DEADLINE_SECONDS),
        updated_at=run.recorded_at,
    )
    insert([state])


def take_next(*, worker: str) -> Claim | None:
    """Claim the run that should be next; None when nothing may be taken now."""
    _looking.add(threading.get_ident())
    try:
        while True:
            with _one_of_this_process:
                choice, claim = _take(worker)
            if choice is None or claim:
                return claim
            if choice.needs_knock:
                _knock(choice)
    finally:
        _looking.discard(threading.get_ident())


def anything() -> bool:
    """Whether a run could be taken now. Takes no lock."""
    return _choose() is not None


@transaction.atomic
def _take(worker: str) -> tuple[Choice | None, Claim | None]:
    """Choose under the lock, and claim; no claim when the engine must be knocked at first, or the
    run was cancelled this very moment."""
    lock()
    choice = _choose()
    if choice is None:
        return None, None
    if choice.is_probe:
        gates.take_probe(choice.base_url)
    if choice.needs_knock:
        return choice, None
    claim = leases.claim(
        run_id=choice.run_id,
        worker=worker,
        base_url=choice.base_url,
        probe=choice.is_probe,
        others=choice.others and len(_looking) == 1,
    )
    _served(choice.workspace_id)
    return choice, claim


def lock() -> None:
    """Keep every worker from choosing until this transaction is over."""
    prepared.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _choose() -> Choice | None:
    limits = {"runs": settings.RUNS_PER_WORKSPACE, "streams": settings.STREAMS_PER_DEPLOYMENT}
    row = prepared.first(_NEXT, limits)
    return Choice(*row) if row else None


def _served(workspace_id: UUID) -> None:
    prepared.execute(
        "UPDATE reasoning_workspace SET served_at = now() WHERE id = %s", [workspace_id]
    )


def _knock(choice: Choice) -> None:
    """Ask the engine that was away whether it is there; its gate opens, or stays shut for longer.
    No connection is held meanwhile."""
    deployment = Deployment.objects.get(pk=choice.deployment_id)
    connection.close()
    try:
        on_loop(require_health(address_of(deployment, choice.base_url))).result()
    except EngineRefused:  # it answers, if only that it has no such page
        gates.open_again(choice.base_url)
    except EngineError:
        with transaction.atomic():
            gates.shut(base_url=choice.base_url, error=EngineUnavailable(), probe=True)
    else:
        gates.open_again(choice.base_url)
