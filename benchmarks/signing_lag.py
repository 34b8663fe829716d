"""How long a trace waits for its place under a signed checkpoint, at normal load.

    python -m benchmarks.signing_lag [--seconds 60] [--json FILE]

Ten traces of 30 KB are committed a second, some five times what 512 answers of four minutes bring,
and fifty other entries, each in a transaction of its own. The sequencer is the process it is in
production, and the server's disk syncs count. Waiting is measured from outside: from the moment a
commit has returned to the moment another connection first sees a checkpoint over the trace.
"""

import bisect
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg

from benchmarks.evidence_cost import make_trace, prepared, record_as_evidence
from benchmarks.sequencer import INSERT, asleep, wait_until
from benchmarks.stage import APPLICATION, SEQUENCER, Row, Stage, arguments, stage, tell

TRACES, OTHERS = 10, 50
"""Committed a second."""
PROMISED = 2.0
LOOK = 0.005
LATEST = "SELECT coalesce(max(size), 0) FROM reasoning_checkpoint"
PLACES = """
SELECT entry.subject_id, leaf.index FROM reasoning_leaf leaf
  JOIN reasoning_entry entry ON entry.id = leaf.entry_id WHERE entry.subject_id = ANY(%s)
"""


def main() -> None:
    parser = arguments("From the commit to a signed checkpoint.")
    parser.set_defaults(seconds=60.0)
    options = parser.parse_args()
    with stage(APPLICATION) as made, sequencing(made), watching(made) as seen:
        committed = commit_evenly(made, options.seconds)
        indexes = places(made, list(committed))
        wait_until(lambda: seen and seen[-1][0] > max(indexes.values()))
        waits = [first_seen(seen, indexes[one]) - moment for one, moment in committed.items()]
    tell(rows(waits), options.json)


def rows(waits: list[float]) -> list[Row]:
    note = f"{len(waits):,} traces, {TRACES} and {OTHERS} other entries a second"
    told = (
        ("median", statistics.median(waits)),
        ("99 of 100", statistics.quantiles(waits, n=100)[-1]),
        ("longest", max(waits)),
    )
    return [
        *(Row(f"until it is signed, {name}", 1000 * wait, "ms", note=note) for name, wait in told),
        Row("longest", max(waits) / PROMISED, "ratio", against="the two seconds that are promised"),
    ]


@contextmanager
def sequencing(made: Stage) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sequence"], env=made.environment(SEQUENCER)
    )
    try:
        wait_until(asleep)
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def watching(made: Stage) -> Iterator[list[tuple[int, float]]]:
    """Each size that was signed, and when another connection first saw it."""
    seen: list[tuple[int, float]] = []
    over = threading.Event()

    def look() -> None:
        with psycopg.connect(made.url(APPLICATION), autocommit=True) as database:
            while not over.wait(LOOK):
                (size,) = database.execute(LATEST).fetchall()[0]
                if not seen or size > seen[-1][0]:
                    seen.append((size, time.monotonic()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def commit_evenly(made: Stage, seconds: float) -> dict[UUID, float]:
    """When each trace's commit had returned; others commit beside it."""
    traces = prepared(make_trace(), int(seconds * TRACES))
    committed: dict[UUID, float] = {}

    def write_trace(trace: Any) -> None:
        record_as_evidence(trace)
        committed[trace.pk] = time.monotonic()

    with psycopg.connect(made.url(APPLICATION), autocommit=True) as database:
        one = INSERT.format(repeats=16, rows=1).encode()
        others = iter(range(int(seconds * OTHERS)))
        beside = threading.Thread(
            target=evenly, args=(OTHERS, others, lambda _number: database.execute(one))
        )
        beside.start()
        evenly(TRACES, traces, write_trace)
        beside.join()
    return committed


def evenly(rate: int, items: Iterator[Any], work: Callable[[Any], object]) -> None:
    """So many a second, late ones made up for."""
    started = time.monotonic()
    for number, item in enumerate(items):
        time.sleep(max(0.0, started + number / rate - time.monotonic()))
        work(item)


def places(made: Stage, traces: list[UUID]) -> dict[UUID, int]:
    """The index of each, once all have one."""
    with psycopg.connect(made.url(APPLICATION), autocommit=True) as database:

        def placed() -> bool:
            return len(database.execute(PLACES, [traces]).fetchall()) == len(traces)

        wait_until(placed)
        return dict(database.execute(PLACES, [traces]).fetchall())


def first_seen(seen: list[tuple[int, float]], index: int) -> float:
    """When a checkpoint over the leaf with this index was there."""
    return seen[bisect.bisect_right(seen, (index, float("inf")))][1]


if __name__ == "__main__":
    main()
