"""The attempts in the air in this process, and the two threads that look after them.

A ``Flight`` belongs to the thread that answers its run; its pieces are added on the engine loop.
The pulse renews every lease in one statement, keeps partial text, and stops flights whose lease is
lost or that someone cancelled. The broadcast sends what arrived to watchers: a thread of its own,
so that a slow database does not make the live view slow.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from reasoning.core.think import StreamSplitter, ThinkForm
from reasoning.inference.pieces import Pieces
from reasoning.inference.requests import Channel
from reasoning.services import gates, leases, live, watching
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
        self.pieces = Pieces()
        self.stopped: Stop | None = None
        self._splitter: StreamSplitter | None = None
        self._shown = 0
        self._kept = 0
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

    # From the pulse and the answering thread

    def stop(self, why: Stop) -> None:
        """Ask the attempt to end; what has arrived is kept."""
        self.stopped = self.stopped or why
        if self._loop and self._task:
            self._loop.call_soon_threadsafe(self._task.cancel)

    def arrived(self) -> Arrived:
        """All that has come so far."""
        text, ids = self.pieces.since(0, 0)
        return Arrived(text, tuple(ids), tuple(zip(*self.pieces.ends(), strict=True)))

    def unseen(self) -> live.Batch | None:
        """What watchers have not been sent yet, taken apart only now: most runs nobody watches."""
        begins = self._splitter is None
        if self._splitter is None:
            self._splitter = StreamSplitter(ThinkForm(self.claim.run.deployment.think_form))
            self._shown = 0
        runs = list(self.pieces.runs(self._shown))
        self._shown += sum(len(text) for _channel, text in runs)
        events = self._events(self._splitter, runs)
        if begins:
            running = {"status": "running", "attempt": self.claim.attempt.number}
            events.insert(0, live.Event("status", running))
        return live.Batch(self.key[0], tuple(events), begins) if events else None

    def show_again(self) -> None:
        """What was sent is gone: watchers begin anew."""
        self._splitter = None

    def _events(
        self, splitter: StreamSplitter, runs: Iterable[tuple[Channel | None, str]]
    ) -> list[live.Event]:
        """Joined by channel."""
        events: list[live.Event] = []
        for known, text in runs:
            for channel, part in [(known.value, text)] if known else _parts(splitter, text):
                if channel == "marker":
                    continue
                if not events or events[-1].name != channel:
                    events.append(live.Event(channel, {"text": ""}))
                events[-1].data["text"] += part
        return events

    def fragment(self) -> Fragment | None:
        """What has arrived and is not kept in the database yet."""
        text, ids = self.pieces.since(self._kept, self._kept_ids)
        return Fragment(self._sequence, text, ids) if text or ids else None

    def has_shown(self) -> bool:
        """Whether a probe has begun to be answered; True once."""
        shown = self._probing and self.pieces.length > 0
        self._probing = self._probing and not shown
        return shown

    def kept(self, fragment: Fragment) -> None:
        """The fragment is in the database: the next one begins behind it."""
        self._kept += len(fragment.text)
        self._kept_ids += len(fragment.token_ids)
        self._sequence += 1


def _parts(splitter: StreamSplitter, text: str) -> list[tuple[str, str]]:
    return [(piece.channel, piece.text) for piece in splitter.feed(text)]


class FlightDeck:
    """All flights of this process. The threads start with the first one."""

    def __init__(self) -> None:
        self._flights: dict[tuple[UUID, int], Flight] = {}
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._watched: frozenset[UUID] = frozenset()
        self._sending = threading.Lock()

    def take_off(self, claim: Claim) -> Flight:
        """Register an attempt: from now on its lease is renewed."""
        flight = Flight(claim)
        with self._lock:
            self._flights[flight.key] = flight
            self._look_after(self.pulse)
            self._look_after(self.broadcast)
        return flight

    def _look_after(self, loop: Callable[[], None]) -> None:
        """See that the thread of this loop runs."""
        thread = self._threads.get(loop.__name__)
        if thread is None or not thread.is_alive():
            thread = threading.Thread(target=loop, name=loop.__name__, daemon=True)
            self._threads[loop.__name__] = thread
            thread.start()

    def land(self, flight: Flight) -> None:
        """The attempt is over: its lease is no longer renewed, and watchers get the rest."""
        with self._lock:
            self._flights.pop(flight.key, None)
        self.send([flight])

    def stop_all(self, why: Stop) -> None:
        """Ask every attempt in this process to end."""
        for flight in self._aloft():
            flight.stop(why)

    def _aloft(self) -> list[Flight]:
        with self._lock:
            return list(self._flights.values())

    def pulse(self) -> None:
        """Renew every lease, for as long as the process lives."""
        while True:
            time.sleep(settings.HEARTBEAT_SECONDS)
            if self._aloft():
                with leases.own_connection():
                    self._beat()

    def _beat(self) -> None:
        """Renew for as long as anything is in the air."""
        while flights := self._aloft():
            self._renew(flights)
            time.sleep(settings.HEARTBEAT_SECONDS)

    def broadcast(self) -> None:
        """Send to watchers what has come, for as long as the process lives."""
        while True:
            time.sleep(LIVE_SECONDS)
            if flights := self._aloft():
                self.look_for_watchers()
                if self._watched:
                    self.send(flights)

    def look_for_watchers(self) -> None:
        """Ask which runs are watched."""
        self._watched = watching.watched()

    def is_watched(self, flight: Flight) -> bool:
        """Whether somebody watched this run a moment ago."""
        return flight.key[0] in self._watched

    def send(self, flights: list[Flight]) -> None:
        """Send what is new of those that are watched; one sender at a time keeps the order."""
        with self._sending:
            watched = [flight for flight in flights if self.is_watched(flight)]
            batches = [batch for flight in watched if (batch := flight.unseen())]
            lost = live.send(batches) if batches else set()
            for flight in watched:
                if flight.key[0] in lost:
                    flight.show_again()

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
            connection.close()
            return
        for flight in flights:
            self._heed(flight, beats.get(flight.key), fragments[flight.key][1])

    def _heed(self, flight: Flight, beat: Beat | None, fragment: Fragment | None) -> None:
        if beat is None:
            flight.stop(Stop.LEASE_LOST)
            return
        if fragment and beat.renewed:
            flight.kept(fragment)
        if beat.cancel or beat.halt:
            flight.stop(Stop.CANCELLED if beat.cancel else Stop.HALTED)


deck = FlightDeck()
