"""The embedded parts for tests: the launcher's own code, in directories of their own.

Each is a context manager that yields once the part answers and ends it whatever happened. Nothing
survives a killed test run either: the kernel ends the parts together with it.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from quickstart import database, engines, postgres, valkey
from quickstart.ports import free_port
from quickstart.processes import Process, Program

PREFIX = "magistral-test-"
SHARED_MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""Bytes that must be free: one server takes a tenth of it."""
A_DAY = 24 * 3600


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server; ``process`` can be killed by tests that mean it."""

    cluster: postgres.Cluster
    process: Process

    def url(self, role: str, name: str = database.DATABASE) -> str:
        """The address of a database for ``postgres``, ``magistral_owner`` or ``magistral_app``."""
        return self.cluster.url(role, name)

    def create_database(self, name: str) -> bool:
        """Make a database as ``make run`` does unless it is there, and see to its roles. Whether it
        is new: it has no tables yet."""
        return database.make(self.cluster, name)


@contextmanager
def embedded_postgres(directory: Path, *, durable: bool = False) -> Iterator[Server]:
    """PostgreSQL with its log in ``directory``; ``durable`` for tests that pull the plug.

    Its data lie in memory or, if they are to last, in /tmp, in a directory that its own user can
    reach: pytest's are closed to others.
    """
    home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=None if durable else memory()))
    try:
        home.chmod(0o755)
        cluster = postgres.settle(home)
        cluster.make(*([] if durable else ["--no-sync"]))
        program = cluster.program(postgres.DURABLE if durable else postgres.FAST)
        with running(program, directory) as process:
            database.wait_until_up(cluster, still_running(process))
            yield Server(cluster, process)
    finally:
        shutil.rmtree(home)


def memory() -> Path | None:
    """A directory in memory, if there is one with room: a database is copied there thirty times as
    fast as on a disk, and hundreds of tests begin with a copy. What was left in it by test runs
    that were killed goes after a day."""
    if not SHARED_MEMORY.is_dir():
        return None
    for left in SHARED_MEMORY.glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):  # another run was quicker
            if time.time() - left.stat().st_mtime > A_DAY:
                shutil.rmtree(left, ignore_errors=True)
    return SHARED_MEMORY if shutil.disk_usage(SHARED_MEMORY).free > ROOM else None


@contextmanager
def embedded_valkey(directory: Path) -> Iterator[str]:
    """Valkey with its data and log in ``directory``; its URL."""
    broker = valkey.Broker.at(directory / "valkey", free_port())
    with running(broker.program(), directory) as process:
        valkey.wait_until_up(broker, still_running(process))
        yield broker.url


@contextmanager
def embedded_engine(directory: Path) -> Iterator[engines.Engine]:
    """The real model on llama.cpp with its log in ``directory``."""
    port = free_port()
    with running(engines.program(port), directory) as process:
        yield engines.wait_until_up(process, still_running(process))


@contextmanager
def running(program: Program, directory: Path) -> Iterator[Process]:
    """A started program with its log and record in ``directory``; ended at the end."""
    process = Process(program, directory / f"{program.name}.log", directory / f"{program.name}.pid")
    try:
        yield process
    finally:
        process.stop()


def still_running(process: Process) -> Callable[[float], None]:
    """A pause for waiting loops that fails with the log as soon as the process has ended."""

    def pause(seconds: float) -> None:
        if (code := process.ended()) is not None:
            raise AssertionError(
                f"{process.program.name} ended ({code}):\n{process.last_lines(30)}"
            )
        time.sleep(seconds)

    return pause
