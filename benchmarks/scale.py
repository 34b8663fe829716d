"""Pages at many traces of 30 KB, a million say, against the same pages at a thousand, in one run.

    python -m benchmarks.scale [--traces 1000000] [--keep DIR] [--only WORD]

Two databases in one durable server, one made from the other: the same records made through the
services (records.py), and copies of them (copies.py) up to a thousand and up to so many. The log
has all of them. Whole requests are timed, from the first middleware to the last byte, in this
process, by people who have signed in; what is promised is less than 200 ms a page, and less than
twice the time of a thousand.

Filling takes most of the time: with ``--keep`` the server's files stay in a directory, and the next
run with it only measures. A million takes 36 GB.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import copies, pages, records
from benchmarks.copies import Numbers
from benchmarks.service import process
from benchmarks.stage import (
    APPLICATION,
    OWNER,
    SEQUENCER,
    SETTINGS,
    Row,
    Stage,
    arguments,
    connect,
    server,
    set_up,
    tell,
)
from quickstart import database, postgres, valkey
from quickstart.layout import CHECKOUT
from quickstart.ports import free_port

FEW, MANY = "few", "many"
FILLING = {
    **postgres.FAST,
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "1500MB",
    "autovacuum": "off",
}
ORIGINALS = 100
LITTLE = 10
"""Records that are made, and how often each is there among a thousand: itself and its copies."""
BACKLOG = 20_000
MOST_MS, MOST_RATIO = 200, 2.0
SLOW_SECONDS = 2

Times = dict[str, dict[str, list[float]]]
"""Milliseconds of each turn, by page and database."""


def main() -> None:
    parser = arguments("Pages at a million traces.")
    parser.add_argument("--traces", type=int, default=100_000, help="(default 100000)")
    parser.add_argument("--keep", type=Path, help="keep the databases here, or use those kept")
    parser.add_argument("--turns", type=int, default=5, help="of each page in each round")
    parser.add_argument("--rounds", type=int, default=2, help="through both databases")
    parser.add_argument("--only", default="", help="only pages whose names have this")
    options = parser.parse_args()
    with home(options.keep) as directory, broker(directory):
        if not (directory / "filled").exists():
            with server(directory, FILLING) as cluster:
                fill(Stage(cluster, directory), options.traces)
            os.sync()
            (directory / "filled").touch()
        with server(directory, SETTINGS) as cluster:
            times = measured(Stage(cluster, directory), options)
    tell(list(rows(times)), options.json)


@contextmanager
def home(kept: Path | None) -> Iterator[Path]:
    """Where everything lies: the given directory, or one that is removed at the end."""
    directory = kept or Path(tempfile.mkdtemp(prefix="magistral-benchmark-"))
    directory.mkdir(exist_ok=True)
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        if not kept:
            shutil.rmtree(directory)


@contextmanager
def broker(directory: Path) -> Iterator[None]:
    """Valkey, which counts what people may do how often."""
    made = valkey.Broker.at(directory / "valkey", free_port())
    os.environ |= {"REDIS_URL": made.url, "METRICS_TOKEN": "benchmark"}
    with process(made.program(), directory):
        valkey.wait_until_up(made, time.sleep)
        yield


# Filling ----------------------------------------------------------------------------------------


def fill(made: Stage, traces: int) -> None:
    """Both databases, their logs signed."""
    few, many = one_of(made, FEW), one_of(made, MANY)
    make_few(few)
    say("copying the database")
    run_sql(made.cluster, f"CREATE DATABASE {MANY} TEMPLATE {FEW} STRATEGY file_copy")
    database.make(made.cluster, MANY)
    shutil.copytree(few.directory, many.directory)
    finish(few)
    waiting, others = shares(traces)
    say(f"copies: each record that waits {waiting} times, each other {others} times")
    copies.copy(superuser(many), Numbers(LITTLE, waiting, others))
    finish(many)
    run_sql(made.cluster, "CHECKPOINT")


def one_of(made: Stage, name: str) -> Stage:
    """One of the two databases, whose log has a directory of its own."""
    return Stage(made.cluster, made.directory / name, name)


def make_few(few: Stage) -> None:
    """The records, a few copies of each, and their log."""
    say("records")
    few.directory.mkdir()
    database.make(few.cluster, FEW)
    set_up(few, OWNER)
    from reasoning.services import search_index

    records.make(ORIGINALS)
    search_index.catch_up(seconds=300)
    connect(few, OWNER)
    sequence(few)
    copies.keep_originals(superuser(few), records.RARELY)
    copies.copy(superuser(few), Numbers(1, LITTLE - 1, LITTLE - 1))
    sequence(few)


def shares(traces: int) -> tuple[int, int]:
    """The number of the last copy of each record that waits, and of each other."""
    waiting = sum(records.kind_of(n) == records.IN_REVIEW for n in range(ORIGINALS))
    backlog = max(min(BACKLOG, traces // 50), waiting * LITTLE)
    return backlog // waiting - 1, (traces - backlog) // (ORIGINALS - waiting) - 1


def finish(made: Stage) -> None:
    """What follows from the records: the log, the figures, and what the planner knows."""
    from reasoning.services import tallies

    copies.forget_originals(superuser(made))
    say(f"{made.name}: log")
    sequence(made)
    say(f"{made.name}: figures")
    connect(made, OWNER)
    tallies.rebuild()
    connect(made, OWNER)
    say(f"{made.name}: vacuum")
    run_sql(made.cluster, "VACUUM (ANALYZE, PARALLEL 2)", made.name)


def sequence(made: Stage) -> None:
    """Take all entries into the log, as the sequencer does."""
    command = [sys.executable, "manage.py", "sequence", "--once"]
    subprocess.run(command, env=made.environment(SEQUENCER), cwd=CHECKOUT, check=True)


def superuser(made: Stage) -> str:
    return made.url(postgres.SUPERUSER)


def run_sql(cluster: postgres.Cluster, statement: str, name: str = "postgres") -> None:
    import psycopg

    with psycopg.connect(cluster.url(postgres.SUPERUSER, name), autocommit=True) as connection:
        connection.execute(statement)


def say(step: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {step}", flush=True)


# Measuring --------------------------------------------------------------------------------------


def measured(made: Stage, options: argparse.Namespace) -> Times:
    """Every page in both databases, by turns."""
    times: Times = {}
    for name in (FEW, MANY):
        set_up(one_of(made, name), APPLICATION)
    for turn in range(options.rounds):
        for name in (FEW, MANY):
            say(f"{name}, round {turn + 1}")
            for page, taken in visits(one_of(made, name), options):
                times.setdefault(page, {FEW: [], MANY: []})[name] += taken
    return times


def visits(made: Stage, options: argparse.Namespace) -> Iterator[tuple[str, list[float]]]:
    """The times of each page, in milliseconds."""
    connect(made, APPLICATION)
    clients: dict[str, Any] = {}
    for page in pages.listed():
        if options.only in page.name:
            if page.person not in clients:
                clients[page.person] = signed_in(page.person)
            yield page.name, timed(clients[page.person], page, options.turns)


def signed_in(person: str) -> Any:
    from django.test import Client

    from reasoning.models import User

    headers = {} if person else {"Authorization": "Bearer benchmark"}
    client = Client(headers=headers, SERVER_NAME="localhost")
    if person:
        client.force_login(User.objects.get(username=person))
    return client


def timed(client: Any, page: pages.Page, turns: int) -> list[float]:
    """Milliseconds of each turn but the first; one turn of what takes seconds."""
    first = visit(client, page)
    return [visit(client, page) for _ in range(1 if first > SLOW_SECONDS * 1000 else turns)]


def visit(client: Any, page: pages.Page) -> float:
    started = time.perf_counter()
    answer = client.get(page.address)
    taken = time.perf_counter() - started
    assert answer.status_code == 200, (page, answer.status_code, answer.content[:500])
    return taken * 1000


def rows(times: Times) -> Iterator[Row]:
    """A row a page, and how many keep what is promised."""
    slow = steep = 0
    for name, taken in times.items():
        few, many = (statistics.median(taken[database]) for database in (FEW, MANY))
        ratio = many / few
        faults = [f"over {MOST_MS} ms"] * (many > MOST_MS) + ["over twice"] * (ratio > MOST_RATIO)
        slow, steep = slow + (many > MOST_MS), steep + (ratio > MOST_RATIO)
        note = ", ".join([f"ratio {ratio:.2f}", *faults])
        yield Row(name, many, "ms", against=f"{few:,.3g} ms at a thousand", note=note)
    yield Row(f"pages over {MOST_MS} ms", slow, f"of {len(times)}")
    yield Row("pages over twice the time of a thousand", steep, f"of {len(times)}")


if __name__ == "__main__":
    main()
