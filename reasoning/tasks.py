"""Celery's side: a message in, one service call. Postgres is the truth, the broker a hint.

A message about a run says only that there is work: which run is next, Postgres says
(``services.scheduling``), so that messages may be lost, repeated, late or in any order. Each worker
that has found work wakes another if more waits, and one that has finished looks again; the reaper
wakes the first where nobody is awake.
"""

import gc
import logging
import threading
import time
from functools import partial
from typing import Any
from uuid import UUID

from celery import current_app, shared_task
from celery.signals import heartbeat_sent, worker_init, worker_ready, worker_shutting_down
from django.db import DatabaseError, InterfaceError, connection, transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from reasoning import beside, memory
from reasoning.core.loading import load_models
from reasoning.services import (
    bundles,
    comparisons,
    execution,
    heartbeats,
    log_checks,
    scheduling,
    standing,
)
from reasoning.services.flights import Stop, deck
from reasoning.services.heartbeats import Kind
from reasoning.services.redis import redis_client

log = logging.getLogger(__name__)

STOPPING_GRACE_SECONDS = 2
PLENTY = 1000
"""Messages in the broker. More of them would wake nobody else."""

GARBAGE = 20_000
"""Objects made and still there after which garbage is looked for: hundreds of runs begin and end
at any time, so that what is new is seldom garbage."""

_stopping = threading.Event()
"""Set once this worker was told to stop: it takes no run any more."""


@shared_task(name="reasoning.answer_run", ignore_result=True)
def answer_run(_run_id: str = "") -> None:
    """There is work: answer the run that is next, and on, until something else waits."""
    worker = execution.worker_name()
    while not _stopping.is_set() and (claim := scheduling.take_next(worker=worker)):
        execution.answer(claim, aloft=wake if claim.others else _nobody_to_wake)
        if _waiting():
            return


@shared_task(name="reasoning.build_export", ignore_result=True)
def build_export(export_id: str) -> None:
    """Put one bundle together, if that is still to be done."""
    bundles.build(job_id=UUID(export_id))


@shared_task(name="reasoning.compare", ignore_result=True)
def compare(request_id: str) -> None:
    """Replay or re-score one trace, if that is still to be done."""
    comparisons.carry_out(request_id=UUID(request_id))


@shared_task(name="reasoning.check_log", ignore_result=True)
def check_log(asked_id: str) -> None:
    """Check the whole log, if that is still to be done."""
    log_checks.carry_out(UUID(asked_id))


def dispatch_check(asked_id: UUID) -> None:
    """Tell the broker after the commit. If it is away, the check can be asked for again."""
    transaction.on_commit(partial(_send, check_log, asked_id))


def dispatch_comparison(request_id: UUID) -> None:
    """Tell the broker after the commit. If it is away the reaper tells it later."""
    transaction.on_commit(partial(_send, compare, request_id))


def dispatch_export(export_id: UUID) -> None:
    """Tell the broker after the commit. If it is away the reaper tells it later."""
    transaction.on_commit(partial(_send, build_export, export_id))


def dispatch(run_id: UUID) -> None:
    """Tell the broker after the commit. If it is away the reaper tells it later."""
    transaction.on_commit(partial(_send_unless_plenty, run_id))


def _nobody_to_wake() -> None:
    """Nothing else waited: whatever comes brings a message of its own."""


def wake() -> None:
    """Wake one worker, unless a message that will do so waits already."""
    if _waiting() == 0:
        _send(answer_run, "")


def _send_unless_plenty(run_id: UUID) -> None:
    if (_waiting() or 0) < PLENTY:
        _send(answer_run, run_id)


def _send(task: Any, identifier: UUID | str) -> None:
    try:
        task.delay(str(identifier))
    except OperationalError as error:
        reason = type(error).__name__
        log.warning("%s: the broker is away (%s); the reaper will send it", identifier, reason)


def broker_answers() -> bool:
    """Whether the broker can be asked."""
    return _waiting() is not None


def _waiting() -> int | None:
    """Messages in the queue that no worker has taken; None when the broker is away."""
    try:
        waiting: Any = redis_client().llen(current_app.conf.task_default_queue)
        return int(waiting)
    except RedisError:
        return None


@worker_init.connect
def get_ready(**_kwargs: object) -> None:
    """Before a run is taken: the models take seconds to load, in the process beside this one."""
    memory.spare()
    beside.start(load_models)
    memory.settle()
    gc.set_threshold(GARBAGE)


@heartbeat_sent.connect
def be_heard(**_kwargs: object) -> None:
    """Every two seconds, from the worker's own timer."""
    heartbeats.beat(Kind.WORKER, execution.worker_name())


@worker_ready.connect
def look_at_engines(**_kwargs: object) -> None:
    """Find out at once whether the engines are the approved ones; runs are taken meanwhile."""
    threading.Thread(target=_look, name="look-at-engines", daemon=True).start()


def _look() -> None:
    try:
        standing.look_at_all()
    except (DatabaseError, InterfaceError) as error:
        log.warning("looking at the engines: %s", type(error).__name__)
    finally:
        connection.close()


@worker_shutting_down.connect
def give_runs_back(**_kwargs: object) -> None:
    """Celery waits for running tasks in a threads pool: end them, keeping what has arrived."""
    _stopping.set()
    threading.Thread(target=_stop_soon, name="give-runs-back", daemon=True).start()


def _stop_soon() -> None:
    time.sleep(STOPPING_GRACE_SECONDS)
    deck.stop_all(Stop.WORKER_STOPPING)
    comparisons.give_back()
