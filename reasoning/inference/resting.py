"""Leaving what comes in the socket for a while, so that it is read all at once.

Reading is what costs, not what is read. One clock of the loop wakes all sockets that are due: a
timer and a turn of the loop for each of them would cost half of what resting saves.
"""

import asyncio
import weakref

import aiohttp

TICK = 0.05
"""Seconds. A shorter rest is none, and no rest is longer than asked for."""


class _Clock:
    """Belongs to one loop, whose thread alone uses it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._call_later, self._time = loop.call_later, loop.time
        self._due: dict[int, list[asyncio.Transport]] = {}

    def pause(self, transport: asyncio.Transport, seconds: float) -> None:
        now = self._time()
        tick = int((now + seconds) / TICK)
        if tick <= int(now / TICK):
            return
        transport.pause_reading()
        if not self._due:
            self._call_later(TICK, self._strike)
        self._due.setdefault(tick, []).append(transport)

    def _strike(self) -> None:
        now = int(self._time() / TICK)
        for tick in [tick for tick in self._due if tick <= now]:
            for transport in self._due.pop(tick):
                if not transport.is_closing():
                    transport.resume_reading()
        if self._due:
            self._call_later(TICK, self._strike)


_clocks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Clock] = weakref.WeakKeyDictionary()


def rest(response: aiohttp.ClientResponse, seconds: float) -> None:
    """Read no more of a response for at most so long; whoever waits for bytes waits on."""
    transport = response.connection.transport if response.connection else None
    if transport is None or transport.is_closing():
        return  # all has come
    loop = asyncio.get_running_loop()
    clock = _clocks.get(loop)
    if clock is None:
        clock = _clocks[loop] = _Clock(loop)
    clock.pause(transport, seconds)
