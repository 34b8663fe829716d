"""Holding a stored trace against its engine again: asking for it, and carrying it out once.

The wish is evidence, and so is what came of it. Between the two lies a job in Postgres: a worker
takes it by a conditional UPDATE, renews its lease while the engine works, and stores only while the
lease is its own; a worker that died is followed by another when the lease has run out.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import F, Q, QuerySet

from reasoning.core.errors import AuditError, Conflict, EngineError, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.inference.requests import EngineKind
from reasoning.inference.scoring import SCORING_ENGINES
from reasoning.models import (
    ComparisonJob,
    ComparisonKind,
    ComparisonRequest,
    ComparisonStatus,
    Halt,
    Replay,
    Rescore,
    Role,
    Run,
    Trace,
    User,
)
from reasoning.services import access, clock, replaying, rescoring
from reasoning.services.audit import actor_of
from reasoning.services.comparison_words import sentence_of
from reasoning.services.evidence import record
from reasoning.services.execution import worker_name
from reasoning.services.leases import lease_end, worker_actor
from reasoning.services.traces import pause_after

log = logging.getLogger(__name__)

T = TypeVar("T")
ASKING_ROLES = {Role.ANALYST, Role.REVIEWER}
DUE_AFTER = timedelta(seconds=5)
"""How long the broker may sit on a job before it is told again: a message too many does nothing."""

_stopping = threading.Event()
"""Set once when this process is told to stop; never cleared."""


class CannotCompare(Conflict):
    """The trace holds nothing to compare, or its engine has no way to do it."""

    code = "cannot_compare"


class _NotOurs(Exception):
    """The job's lease is lost, or was given back: nothing is stored."""


# Asking -----------------------------------------------------------------------------------------


@transaction.atomic
def ask(*, user: User, trace: Trace, what: ComparisonKind) -> ComparisonRequest:
    """Record the wish, and queue the work. Tell the broker after the commit.

    For analysts and reviewers of the question's workspace (Refused). Raises CannotCompare where
    there is nothing to compare or no way to, and Conflict while the same is under way.
    """
    if not access.roles_of(user, trace.run.question.workspace_id) & ASKING_ROLES:
        raise Refused(_("This needs the role of an analyst or a reviewer in this workspace."))
    require_comparable(trace, what)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"comparison:{trace.pk}"])
    if _open(trace, what):
        raise Conflict(_("The same is under way for this trace already."))
    request = ComparisonRequest(trace=trace, question_id=trace.question_id, what=what)
    record(actor_of(user), request)
    ComparisonJob.objects.create(
        request=request,
        status=ComparisonStatus.WAITING,
        not_before=request.recorded_at,
        updated_at=request.recorded_at,
    )
    return request


def of_trace(trace: Trace) -> list[ComparisonRequest]:
    """The trace's comparisons, oldest first, each with its ``outcome`` and a ``sentence``."""
    found = list(
        trace.comparisons.select_related("job", "replay", "rescore").order_by("recorded_at", "pk")
    )
    for wish in found:
        wish.outcome = getattr(wish, wish.what, None)
        wish.sentence = sentence_of(wish.outcome) if wish.outcome else ""
    return found


def last_trace(run: Run) -> Trace:
    """The trace of the run's last attempt. Raises CannotCompare while there is none."""
    last = Trace.objects.filter(run=run).order_by("-attempt__number").first()
    if last is None:
        raise CannotCompare(_("This run has no trace yet."))
    return last


def require_comparable(trace: Trace, what: ComparisonKind) -> None:
    """Raise CannotCompare, with the reason, when this cannot be done with this trace."""
    ids = what == ComparisonKind.RESCORE or trace.fidelity == "raw_ids"
    if what == ComparisonKind.RESCORE and trace.run.deployment.engine not in SCORING_ENGINES:
        raise CannotCompare(_("This engine cannot score a given text; vLLM can."))
    if not (trace.output_token_ids if ids else trace.raw_text):
        raise CannotCompare(
            _("The exact output of this trace is not there to compare with: %(why)s."),
            why=trace.fidelity if trace.raw_text is not None else "erased",
        )
    if not trace.prompt_token_ids and EngineKind(trace.run.deployment.engine).takes_ids:
        raise CannotCompare(_("The exact prompt of this trace is not there any more."))


def _open(trace: Trace, what: ComparisonKind) -> bool:
    jobs = ComparisonJob.objects.filter(request__trace=trace, request__what=what)
    return jobs.exclude(status=ComparisonStatus.DONE).exists()


# Carrying it out --------------------------------------------------------------------------------


def due() -> list[UUID]:
    """Jobs that wait, and jobs whose worker is gone."""
    now = clock.now()
    waiting = Q(status=ComparisonStatus.WAITING, not_before__lt=now, updated_at__lt=now - DUE_AFTER)
    lost = Q(status=ComparisonStatus.RUNNING, lease_until__lt=now)
    found = list(ComparisonJob.objects.filter(waiting | lost).values_list("pk", flat=True))
    ComparisonJob.objects.filter(pk__in=found).update(updated_at=now)
    return found


def carry_out(*, request_id: UUID) -> Replay | Rescore | None:
    """Do one comparison if it is there to take; what was recorded, or None.

    Trouble that may pass puts the job back; any other is recorded as what came of it.
    """
    job = _claim(request_id)
    if job is None:
        return None
    do: Callable[..., Replay | Rescore] = _WORK[ComparisonKind(job.request.what)]
    try:
        try:
            row = do(job.request, lambda work: _held(job, work))
        except EngineError as error:
            if error.retryable and job.attempts < settings.MAX_ATTEMPTS:
                _put_back(job, pause_after(job.attempts))
                return None
            row = _FAILED[ComparisonKind(job.request.what)](job.request, error)
        except AuditError as error:
            row = _FAILED[ComparisonKind(job.request.what)](job.request, error)
        return _store(job, row)
    except _NotOurs:
        return None


def give_back() -> None:
    """This process is told to stop: its jobs go back to the queue within a beat."""
    _stopping.set()


_WORK: dict[ComparisonKind, Callable[..., Replay | Rescore]] = {
    ComparisonKind.REPLAY: replaying.replay,
    ComparisonKind.RESCORE: rescoring.rescore,
}
_FAILED: dict[ComparisonKind, Callable[..., Replay | Rescore]] = {
    ComparisonKind.REPLAY: replaying.failed,
    ComparisonKind.RESCORE: rescoring.failed,
}


def _claim(request_id: UUID) -> ComparisonJob | None:
    """Take a job by a conditional UPDATE; None when somebody else has it, it is done, or work of
    its kind was stopped."""
    job = _jobs().filter(pk=request_id).first()
    if job is None or _halted(job):
        return None
    now = clock.now()
    free = Q(status=ComparisonStatus.WAITING, not_before__lte=now)
    free |= Q(status=ComparisonStatus.RUNNING, lease_until__lt=now)
    taken = ComparisonJob.objects.filter(free, pk=request_id, attempts=job.attempts).update(
        status=ComparisonStatus.RUNNING,
        attempts=F("attempts") + 1,
        lease_until=lease_end(now),
        updated_at=now,
    )
    job.attempts += 1
    return job if taken else None


def _jobs() -> QuerySet[ComparisonJob]:
    trace, run = "request__trace", "request__trace__run"
    return ComparisonJob.objects.select_related(
        f"{trace}__attempt",
        f"{run}__question__workspace",
        f"{run}__deployment",
        f"{run}__prompt_version",
        f"{run}__sampling_profile",
    )


def _halted(job: ComparisonJob) -> bool:
    """Whether an administrator has stopped work there (``services.halts``)."""
    run = job.request.trace.run
    return Halt.objects.filter(
        Q(workspace=None) | Q(workspace=run.question.workspace_id),
        Q(deployment=None) | Q(deployment=run.deployment_id),
    ).exists()


def _held(job: ComparisonJob, work: "Future[T]") -> T:
    """The result of work on the engine's loop, while the lease is renewed. No connection is held.

    Raises _NotOurs when the lease is lost or this process stops; the engine is let go then.
    """
    connection.close()
    while True:
        try:
            return work.result(timeout=settings.HEARTBEAT_SECONDS)
        except TimeoutError:
            if work.done():
                return work.result()
        if not _renewed(job):
            work.cancel()
            raise _NotOurs


def _renewed(job: ComparisonJob) -> bool:
    """Whether to go on: the lease is still ours, and nobody wants it stopped (then the job is put
    back). A database that is away costs nothing yet."""
    try:
        if _stopping.is_set() or _halted(job):
            _put_back(job, 0)
            return False
        return bool(_ours(job).update(lease_until=lease_end(clock.now())))
    except (DatabaseError, InterfaceError) as error:
        log.warning("comparison %s: %s", job.pk, type(error).__name__)
        return True
    finally:
        connection.close()


def _ours(job: ComparisonJob) -> "QuerySet[ComparisonJob]":
    return ComparisonJob.objects.filter(
        pk=job.pk, status=ComparisonStatus.RUNNING, attempts=job.attempts
    )


def _put_back(job: ComparisonJob, seconds: float) -> None:
    now = clock.now()
    _ours(job).update(
        status=ComparisonStatus.WAITING,
        lease_until=None,
        not_before=now + timedelta(seconds=seconds),
        updated_at=now,
    )


@transaction.atomic
def _store(job: ComparisonJob, row: Replay | Rescore) -> Replay | Rescore:
    """Record what came of it, if the lease is still ours."""
    now = clock.now()
    if not _ours(job).update(status=ComparisonStatus.DONE, lease_until=None, updated_at=now):
        raise _NotOurs
    record(worker_actor(worker_name()), row, at=now)
    return row
