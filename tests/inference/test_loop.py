"""One loop for a process and all its threads."""

import asyncio
import concurrent.futures
import gc
import os
import threading
import weakref

import pytest
import uvloop

from reasoning.inference import loop


async def here() -> tuple[asyncio.AbstractEventLoop, int]:
    return asyncio.get_running_loop(), threading.get_ident()


def test_all_threads_share_one_uvloop():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        places = set(pool.map(lambda _number: loop.run(here()).result(10), range(32)))
    ((running, thread),) = places
    assert isinstance(running, uvloop.Loop)
    assert thread != threading.get_ident()


def test_an_exception_comes_back():
    async def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        loop.run(fail()).result(10)


def test_cancelling_the_future_cancels_the_coroutine():
    begun, cancelled = threading.Event(), threading.Event()

    async def wait() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    future = loop.run(wait())
    assert begun.wait(10)
    assert future.cancel()
    assert cancelled.wait(10)


def test_a_result_goes_when_nobody_holds_it_any_more():
    class Answer:
        """Something that can be referred to weakly."""

    async def answer() -> Answer:
        return Answer()

    gc.disable()
    try:
        held = loop.run(answer()).result(10)
        known = weakref.ref(held)
        loop.run(here()).result(10)  # the loop has forgotten the task by now
        del held
        assert known() is None
    finally:
        gc.enable()


def test_a_coroutine_that_is_cancelled_says_so():
    async def give_up() -> None:
        raise asyncio.CancelledError

    with pytest.raises(concurrent.futures.CancelledError):
        loop.run(give_up()).result(10)


def test_a_forked_child_has_a_loop_of_its_own():
    loop.run(here()).result(10)
    child = os.fork()
    if child == 0:
        # Only its exit status leaves the child; it must not run pytest's own ending.
        try:
            loop.run(here()).result(10)
            os._exit(7)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 7
