"""A process beside a worker, which computes for it what takes long or needs the models.

Rendering a prompt and reading an answer take milliseconds of pure computing, in which no other
thread of a process gets on, and 120 MB of tokenizers, language detectors and numpy. A worker has
both done by one child (``start``) that knows ``reasoning.core`` and nothing of Django. In the web
server and in commands ``call`` is an ordinary call, and models load where they are first used.

A pair of sockets without a name is all that joins the two. When the worker ends, however it does,
the child finds its socket at an end and ends too; no signal that is meant for the worker ends it
before. When the child ends, the call that was in it is made again in a new one.
"""

import atexit
import logging
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, ParamSpec, TypeVar

from reasoning import memory
from reasoning.core.errors import AuditError

log = logging.getLogger(__name__)

TRIES = 3
"""So many children are given a call. If all of them end in it, it may be what ends them."""
MEANT_FOR_THE_WORKER = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

P = ParamSpec("P")
T = TypeVar("T")


class Gone(RuntimeError):
    """The process beside ended in each try of a call."""


def start(prepare: Callable[[], object]) -> int:
    """Have calls be made beside from now on; the new process's id once it is ready.

    ``prepare`` is the first that each new child does.
    """
    global _beside  # noqa: PLW0603
    _beside = Beside(prepare)
    atexit.register(_beside.end)
    return _beside.call(os.getpid)


def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """``function``'s answer, from the process beside if there is one. It is one of
    ``reasoning.core``, and so is what it is given.

    Raises what it raises (an error that is not ours as a RuntimeError with its traceback) and Gone.
    """
    if _beside is None or _beside.owner != os.getpid():
        return function(*args, **kwargs)
    return _beside.call(function, *args, **kwargs)


class Beside:
    """One child at a time, for all threads of the process ``owner``; a forked one has no part in
    it. ``lock`` guards ``child``, and is held while the child computes: it does one thing after
    the other."""

    def __init__(self, prepare: Callable[[], object]) -> None:
        self.owner = os.getpid()
        self._prepare = prepare
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """``function``'s answer from the child, or from one that takes its place."""
        with self._lock:
            raised, found = self._tried(function, args, kwargs)
        if raised:
            raise found
        answer: T = found
        return answer

    def end(self) -> None:
        """End the child, unless it is computing."""
        if self._child and self.owner == os.getpid():
            self._child.end()

    def _tried(self, *asked: object) -> tuple[bool, Any]:
        for _try in range(TRIES):
            try:
                return self._asked(asked)
            except (EOFError, OSError) as error:
                log.warning("the process beside has ended (%r): starting another", error)
        raise Gone(f"{asked[0]!r}")

    def _asked(self, asked: object) -> tuple[bool, Any]:
        """Whoever breaks off in here, for whatever reason, leaves no child that is about to answer
        something else."""
        child, self._child = self._child or _Child(self._prepare), None
        found = child.ask(asked)
        self._child = child
        return found


class _Child:
    """A running child, and our end of what joins us."""

    def __init__(self, prepare: Callable[[], object]) -> None:
        self._ours, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  (this very module)
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._ours.send(prepare)

    def ask(self, asked: object) -> tuple[bool, Any]:
        """Whether it raised, and what it raised or gave. Raises EOFError or OSError once the child
        has ended."""
        try:
            self._ours.send(asked)
            found: tuple[bool, Any] = self._ours.recv()
        except BaseException:
            self.end()
            raise
        return found

    def end(self) -> None:
        self._ours.close()
        self._process.kill()
        self._process.wait()


_beside: Beside | None = None


# In the child -----------------------------------------------------------------------------------


def _main(descriptor: int) -> None:
    for number in MEANT_FOR_THE_WORKER:
        signal.signal(number, signal.SIG_IGN)
    memory.spare()
    with Connection(descriptor) as worker, suppress(EOFError, ConnectionError):
        worker.recv()()
        memory.settle()
        while True:
            worker.send(_found(*worker.recv()))


def _found(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[bool, Any]:
    """Whether it raised, and what it raised or gave."""
    try:
        return False, function(*args, **kwargs)
    except AuditError as error:
        return True, error
    except Exception:
        return True, RuntimeError(traceback.format_exc())


if __name__ == "__main__":
    _main(int(sys.argv[1]))
