"""One event loop for a whole process, in a thread of its own, for callers that are not
asynchronous.

A worker's threads hand their coroutines over here, so that hundreds of streams share one thread and
one session. A child process that was forked starts a loop of its own when it first needs one.
"""

import asyncio
import atexit
import concurrent.futures
import os
import threading
from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

import uvloop

from reasoning.inference import transport

CLOSING_SECONDS = 2
T = TypeVar("T")


class _Shared:
    """The process's loop. ``lock`` guards ``loop`` until it is set; afterwards it never changes."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.loop: asyncio.AbstractEventLoop | None = None

    def running(self) -> asyncio.AbstractEventLoop:
        """The loop, started on the first call."""
        with self.lock:
            if self.loop is None:
                self.loop = uvloop.new_event_loop()
                threading.Thread(target=self.loop.run_forever, name="engines", daemon=True).start()
            return self.loop


_shared = _Shared()
_left_to_parents: list[_Shared] = []
"""Loops that a forked child inherited. Kept, since collecting them would touch the parent's
sockets."""


def run(coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
    """Start a coroutine on the shared loop. Cancelling the future cancels the coroutine.

    What asyncio has for this leaves future and task in a circle, so that an answer of megabytes
    stays in memory until garbage is collected. Here only the future knows the task.
    """
    future: concurrent.futures.Future[T] = concurrent.futures.Future()
    loop = _shared.running()
    loop.call_soon_threadsafe(_begin, coroutine, future)
    return future


def _begin(coroutine: Coroutine[Any, Any, T], future: concurrent.futures.Future[T]) -> None:
    loop = asyncio.get_running_loop()
    task = loop.create_task(coroutine)
    task.add_done_callback(partial(_tell, future))
    future.add_done_callback(partial(_heed, loop, task))


def _tell(future: concurrent.futures.Future[T], task: asyncio.Task[T]) -> None:
    """How the coroutine ended."""
    if task.cancelled():
        future.cancel()
    if not future.set_running_or_notify_cancel():
        return
    error = task.exception()
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(task.result())


def _heed(
    loop: asyncio.AbstractEventLoop, task: asyncio.Task[T], future: concurrent.futures.Future[T]
) -> None:
    """If nobody wants the result any more, end the coroutine."""
    if future.cancelled():
        loop.call_soon_threadsafe(task.cancel)


def _close() -> None:
    """At the end of the process: hand the engine's connections back in order."""
    if _shared.loop is not None:
        run(transport.close()).result(CLOSING_SECONDS)


def _start_afresh() -> None:
    """In a forked child, which has the parent's loop without the thread that ran it."""
    global _shared  # noqa: PLW0603
    _left_to_parents.append(_shared)
    _shared = _Shared()


atexit.register(_close)
os.register_at_fork(after_in_child=_start_afresh)
