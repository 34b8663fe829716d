"""What the reaper does: runs whose worker is gone go back to the queue, with what had arrived; runs
that nobody could answer by their deadline are given up."""

from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from reasoning.core.token_ids import unpack
from reasoning.models import (
    Action,
    Attempt,
    Ending,
    Place,
    QuestionState,
    QuestionStatus,
    Run,
    RunState,
    RunStatus,
)
from reasoning.services import audit, clock, leases, live, traces
from reasoning.services.leases import Claim
from reasoning.services.scheduling import HALTED
from reasoning.services.traces import Arrived, Outcome, Stored

LOST_AT_ONCE = 8
EXPIRED_AT_ONCE = 200


def recover_lost() -> list[Stored]:
    """Turn attempts whose lease has run out, a few at most, into labelled traces, and requeue their
    runs."""
    now = clock.now()
    if now < _renewable_until():
        return []
    lost = RunState.objects.filter(status=RunStatus.RUNNING, lease_until__lt=now)
    lost = lost.order_by("lease_until")
    recovered = [
        _recover(run_id, fence)
        for run_id, fence in lost.values_list("run_id", "fence")[:LOST_AT_ONCE]
    ]
    for stored in recovered:
        if stored:
            live.tell(stored.trace.run_id, *stored.events)
    return [stored for stored in recovered if stored]


def _renewable_until() -> datetime:
    """Until when no lease counts as lost: nobody could renew one while PostgreSQL was away, so all
    are given the time of a lease once it is back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        (started,) = cursor.fetchone()
    return leases.lease_end(started)


@transaction.atomic
def _recover(run_id: UUID, fence: int) -> Stored | None:
    """One lost attempt; None when its worker came back or another reaper was first."""
    state = (
        RunState.objects.select_for_update(skip_locked=True)
        .filter(pk=run_id, fence=fence, status=RunStatus.RUNNING, lease_until__lt=clock.now())
        .first()
    )
    if state is None:
        return None
    run = Run.objects.select_related("question", "deployment").get(pk=run_id)
    attempt = Attempt.objects.get(run=run, number=fence)
    outcome = Outcome(Claim(run, attempt, queued_ms=0), Ending.WORKER_LOST, None, None)
    return traces.store(outcome, _kept(attempt))


def _kept(attempt: Attempt) -> Arrived:
    rows = list(attempt.partial_output.order_by("sequence"))
    ids = [number for row in rows for number in unpack(bytes(row.token_ids))]
    return Arrived("".join(row.text for row in rows), tuple(ids))


# Halted runs wait for as long as it takes; resuming moves their deadlines.
_EXPIRED = f"""
SELECT run_id FROM reasoning_runstate state
 WHERE status = 'queued' AND deadline < now() AND NOT {HALTED.format("state")}
 ORDER BY deadline LIMIT {EXPIRED_AT_ONCE} FOR UPDATE SKIP LOCKED
"""  # noqa: S608  nothing in these comes from outside


@transaction.atomic
def give_up() -> list[UUID]:
    """Fail the queued runs whose deadline has passed, and remember each."""
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRED)
        expired = [run_id for (run_id,) in cursor.fetchall()]
    for run in Run.objects.filter(pk__in=expired).select_related("question"):
        _give_up(run)
    return expired


def _give_up(run: Run) -> None:
    now = clock.now()
    RunState.objects.filter(pk=run.pk).update(status=RunStatus.FAILED, updated_at=now)
    QuestionState.objects.filter(pk=run.question_id).update(
        status=QuestionStatus.FAILED, updated_at=now, news_at=now
    )
    audit.remember(
        action=Action.GAVE_UP, place=Place.SYSTEM, question=run.question, subject_id=run.pk
    )
    event = live.Event("done", {"status": RunStatus.FAILED, "trace_id": None})
    transaction.on_commit(lambda: live.tell(run.pk, event))
