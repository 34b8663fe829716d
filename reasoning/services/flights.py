"""The attempts in the air in this process, and the one thread that keeps them alive.

A ``Flight`` belongs to the thread that answers its run; its buffers are filled on the engine loop
and emptied by the pulse, under the flight's lock. The pulse sends what arrived to watchers,
renews every lease in one statement, keeps partial text, and stops flights whose lease is lost or
that someone cancelled.
"""

import asyncio
import logging
import threading
import time
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from reasoning.core.think import StreamSplitter, ThinkForm
from reasoning.inference.requests import Chunk
from reasoning.services import gates, leases, live
from reasoning.services.leases import Beat, Claim, Fragment
from reasoning.services.traces import Arrived

log = logging.getLogger(__name__)

LIVE_SECONDS = 0.1


class Stop(StrEnum):
    """Why a flight was told to stop."""

    CANCELLED = "cancelled"
    HALTED = "halted"
    LEASE_LOST = "lease_lost"
    WORKER_STOPPING = "worker_stopping"


class Flight:
    """One attempt in progress: what has arrived, and the way to stop it."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.key = (claim.run.pk, claim.attempt.number)
        self._text: list[str] = []
        self._token_ids: list[int] = []
        self._ends: list[tuple[int, int]] = []
        self._length = 0
        self.stopped: Stop | None = None
        self._lock = threading.Lock()
        self._splitter = StreamSplitter(ThinkForm(claim.run.deployment.think_form))
        self._pieces: list[tuple[str, str]] = []
        self._kept_chunks = 0
        self._kept_ids = 0
        self._sequence = 0
        self._probing = claim.probe
        self._task: asyncio.Task[object] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    # On the engine loop

    def board(self) -> None:
        """Remember the running task, so that ``stop`` can end it. Called on the engine loop."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self.stopped and self._task:
            self._task.cancel()

    def receive(self, chunk: Chunk) -> None:
        """Take one chunk. Called on the engine loop, so it only appends."""
        with self._lock:
            self._text.append(chunk.text)
            self._token_ids.extend(chunk.token_ids)
            self._length += len(chunk.text)
            self._ends.append((self._length, len(self._token_ids)))
            if chunk.channel is not None:
                self._pieces.append((chunk.channel.value, chunk.text))
            else:
                self._pieces += [
                    (piece.channel, piece.text) for piece in self._splitter.feed(chunk.text)
                ]

    # From the pulse and the answering thread

    def stop(self, why: Stop) -> None:
        """Ask the attempt to end; what has arrived is kept."""
        self.stopped = self.stopped or why
        if self._loop and self._task:
            self._loop.call_soon_threadsafe(self._task.cancel)

    def arrived(self) -> Arrived:
        """All that has come so far."""
        with self._lock:
            return Arrived("".join(self._text), tuple(self._token_ids), tuple(self._ends))

    def live_events(self) -> list[live.Event]:
        """What watchers have not seen yet, joined by channel."""
        with self._lock:
            pieces, self._pieces = self._pieces, []
        events: list[live.Event] = []
        for channel, text in pieces:
            if channel == "marker":
                continue
            if events and events[-1].name == channel:
                events[-1].data["text"] += text
            else:
                events.append(live.Event(channel, {"text": text}))
        return events

    def fragment(self) -> Fragment | None:
        """What has arrived and is not kept in the database yet."""
        with self._lock:
            chunks = self._text[self._kept_chunks :]
            ids = self._token_ids[self._kept_ids :]
        return (
            Fragment(self._sequence, "".join(chunks), tuple(ids), len(chunks)) if chunks else None
        )

    def has_shown(self) -> bool:
        """Whether a probe has begun to be answered; True once."""
        shown = self._probing and bool(self._text)
        self._probing = self._probing and not shown
        return shown

    def kept(self, fragment: Fragment) -> None:
        """The fragment is in the database: the next one begins behind it."""
        self._kept_chunks += fragment.chunks
        self._kept_ids += len(fragment.token_ids)
        self._sequence += 1


class FlightDeck:
    """All flights of this process. The pulse thread starts with the first one."""

    def __init__(self) -> None:
        self._flights: dict[tuple[UUID, int], Flight] = {}
        self._lock = threading.Lock()
        self._pulse: threading.Thread | None = None

    def take_off(self, claim: Claim) -> Flight:
        """Register an attempt: from now on its lease is renewed."""
        flight = Flight(claim)
        with self._lock:
            self._flights[flight.key] = flight
            if self._pulse is None or not self._pulse.is_alive():
                self._pulse = threading.Thread(target=self._beat, name="pulse", daemon=True)
                self._pulse.start()
        return flight

    def land(self, flight: Flight) -> None:
        """The attempt is over: its lease is no longer renewed."""
        with self._lock:
            self._flights.pop(flight.key, None)
        self._send_live([flight])

    def stop_all(self, why: Stop) -> None:
        """Ask every attempt in this process to end."""
        for flight in self._aloft():
            flight.stop(why)

    def _aloft(self) -> list[Flight]:
        with self._lock:
            return list(self._flights.values())

    def _beat(self) -> None:
        renewed = 0.0
        while True:
            time.sleep(LIVE_SECONDS)
            flights = self._aloft()
            self._send_live(flights)
            if flights and time.monotonic() - renewed >= settings.HEARTBEAT_SECONDS:
                renewed = time.monotonic()
                self._renew(flights)

    def _send_live(self, flights: list[Flight]) -> None:
        events = [(flight.key[0], event) for flight in flights for event in flight.live_events()]
        if events:
            live.publish_all(events)

    def _renew(self, flights: list[Flight]) -> None:
        """One beat. A database that is away costs nothing yet: the lease lasts several beats."""
        fragments = {flight.key: (flight.claim.attempt, flight.fragment()) for flight in flights}
        try:
            beats = {(beat.run_id, beat.fence): beat for beat in leases.renew(fragments)}
            for flight in flights:
                if flight.has_shown():
                    gates.accepted(flight.claim.attempt.base_url)
        except (DatabaseError, InterfaceError) as error:
            log.warning("lease renewal: %s", type(error).__name__)
            return
        finally:
            connection.close()
        for flight in flights:
            self._heed(flight, beats.get(flight.key), fragments[flight.key][1])

    def _heed(self, flight: Flight, beat: Beat | None, fragment: Fragment | None) -> None:
        if beat is None:
            flight.stop(Stop.LEASE_LOST)
            return
        if fragment:
            flight.kept(fragment)
        if beat.cancel or beat.halt:
            flight.stop(Stop.CANCELLED if beat.cancel else Stop.HALTED)


deck = FlightDeck()
