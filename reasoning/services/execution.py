"""Answering a run: claim, render, stream, store. No database connection is held while thinking."""

import logging
import os
import socket
import threading
import time
from asyncio import CancelledError
from collections.abc import Callable
from concurrent.futures import CancelledError as FutureCancelled
from functools import partial

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from reasoning.core.errors import (
    AuditError,
    EngineDisconnected,
    EngineError,
    EngineRefused,
    EngineTimeout,
)
from reasoning.inference import client
from reasoning.inference.loop import run as on_loop
from reasoning.inference.requests import Cut, Generation
from reasoning.inference.transcript import Transcript
from reasoning.models import Ending
from reasoning.services import follow_ups, live, standing, traces, watching
from reasoning.services.engines import Prepared, prepare, require_usable
from reasoning.services.flights import Flight, Stop, deck
from reasoning.services.leases import Claim
from reasoning.services.traces import Outcome, Stored

log = logging.getLogger(__name__)

_storing = threading.BoundedSemaphore(4)
"""Storing is computing for the most part, which is done in turns, here and beside: more at once
would be ready no sooner, and keep streams and leases waiting. Some, so that commits go together."""
STORE_PAUSES = (0.5, 1, 2, 4, 8, 8, 8)
"""Seconds between tries to store when the database is away: what was thought must not be lost."""


def answer(claim: Claim, aloft: Callable[[], object] = lambda: None) -> Ending | None:
    """Answer a run that was claimed; how its attempt ended, or None if another has it by now.

    Engine trouble becomes a stored trace and, where it may help, another attempt later
    (``traces.store`` decides); it is never raised. ``aloft`` is called once the lease is being
    renewed: what may have to wait for a broker that is away must not cost the run its lease.
    """
    flight = deck.take_off(claim)
    try:
        aloft()
        outcome = _attempt(flight)
        deck.send([flight])  # the lease is renewed until all is stored: that can take seconds
        return _store(flight, outcome)
    finally:
        deck.land(flight)


def worker_name() -> str:
    """This process, for the record."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _attempt(flight: Flight) -> Outcome:
    claim = flight.claim
    prepared: Prepared | None = None
    transcript: Transcript | None = None
    try:
        require_usable(claim.run)
        earlier = follow_ups.carried_by(claim.run)
        connection.close()
        prepared = prepare(
            claim.run,
            request_id=str(claim.attempt.pk),
            earlier=earlier,
            base_url=claim.attempt.base_url,
            seconds=_time_left(claim),
            watched=claim.run.pk in watching.watched(),
        )
        standing.require_as_approved(claim.run.deployment, claim.attempt.base_url)
        transcript = Transcript(prepared.request, flight.pieces)
        generation = on_loop(_fly(flight, prepared, transcript)).result()
        standing.hear(claim.run.deployment, claim.attempt.base_url, generation.fingerprint)
        return Outcome(claim, Ending.FINISHED, prepared, generation)
    except EngineError as error:
        return Outcome(claim, _ending(error), prepared, error.partial, error)
    except AuditError as error:
        return Outcome(claim, Ending.REFUSED, prepared, None, error)
    except (CancelledError, FutureCancelled):
        received = transcript.generation(Cut.CANCELLED) if transcript else None
        return Outcome(claim, _stopped(flight), prepared, received)


def _time_left(claim: Claim) -> float:
    """Seconds for this answer: its own limit, or what is left of the run's deadline."""
    left = (claim.run.state.deadline - claim.attempt.recorded_at).total_seconds()
    return min(settings.ANSWER_SECONDS, max(left, 1.0))


async def _fly(flight: Flight, prepared: Prepared, transcript: Transcript) -> Generation:
    flight.board()
    return await client.generate(
        prepared.address,
        prepared.request,
        transcript=transcript,
        hurried=partial(deck.is_watched, flight),
    )


def _ending(error: EngineError) -> Ending:
    if isinstance(error, EngineRefused):
        return Ending.REFUSED
    if isinstance(error, EngineTimeout):
        return Ending.TIMED_OUT
    return Ending.DISCONNECTED if isinstance(error, EngineDisconnected) else Ending.ENGINE_ERROR


def _stopped(flight: Flight) -> Ending:
    return _STOPPED[flight.stopped or Stop.LEASE_LOST]


_STOPPED = {
    Stop.CANCELLED: Ending.CANCELLED,
    Stop.HALTED: Ending.HALTED,
    Stop.LEASE_LOST: Ending.WORKER_LOST,
    Stop.WORKER_STOPPING: Ending.WORKER_LOST,
}


def _store(flight: Flight, outcome: Outcome) -> Ending | None:
    """Store, waiting out a database restart. A lease lost meanwhile means another has the run."""
    for pause in (*STORE_PAUSES, None):
        try:
            with _storing:
                stored = _stored(outcome, flight)
            break
        except (OperationalError, InterfaceError) as error:
            if pause is None:
                raise
            log.warning("storing a trace: %s; trying again", type(error).__name__)
            time.sleep(pause)
    if stored is None:
        log.warning("run %s: lease lost, nothing stored", flight.key[0])
        return None
    live.tell(flight.key[0], *stored.events)
    return outcome.ending


def _stored(outcome: Outcome, flight: Flight) -> Stored | None:
    """Store, and give the connection back at once: whoever holds one while waiting for a turn to
    choose the next run keeps it from the one whose turn it is."""
    try:
        return traces.store(outcome, flight.arrived())
    finally:
        connection.close()
