"""One worker of the whole service with hundreds of streams, against what people would use.

    python -m benchmarks.worker_streams [--streams 512] [--seconds 60] [--json FILE]

(30 seconds at least.)

A paced engine (paced.py) sends 20 tokens a second in each stream, each token by itself although
unwatched runs ask for sixteen a piece. So many questions are asked over half of a trace's length,
as they come in real use, and then all are in flight at once. CPU is that of the worker process and
of the one beside it, all in: claiming, rendering, streaming, checks and storing. Time lost is what
lies between the claim and the stored row beyond the engine's own time, in the database's clock.
Connections are those of all parts of the service to PostgreSQL.

The others: a Celery prefork worker whose tasks stream with the ``openai`` package and store nothing
(prefork_streams.py, in an environment of its own). Their memory is what the processes do not share.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from benchmarks.client_cpu import HERE, RATE, openai_python, paced
from benchmarks.overhead import children_of, spent
from benchmarks.service import QUESTION, Running, process, service
from benchmarks.stage import Row, arguments, tell
from quickstart.processes import Program
from tests.stack import embedded_valkey

FEW = 64
"""Streams with which the number of connections is compared, and processes of the others."""
OTHER_SECONDS = 15.0
STEP = 0.5
SETTLED = 5.0
"""Seconds after the last question until its answer has begun for sure."""
LOST = """
SELECT percentile_cont(%s) WITHIN GROUP (
         ORDER BY extract(epoch FROM trace.recorded_at - attempt.recorded_at)::float8)
  FROM reasoning_trace trace JOIN reasoning_attempt attempt ON attempt.id = trace.attempt_id
 WHERE trace.ending = 'finished'
"""
LEASES_LOST = "SELECT count(*) FROM reasoning_trace WHERE ending = 'worker_lost'"
NOW = """
SELECT (SELECT count(*) FROM reasoning_runstate WHERE status = 'running'),
       (SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid())
"""


@dataclass(frozen=True)
class Taken:
    """What a worker took: seconds of CPU, chunks heard, megabytes at most."""

    cpu: float
    chunks: int
    megabytes: float

    @property
    def per_chunk(self) -> float:
        """Microseconds."""
        return 1e6 * self.cpu / self.chunks


def main() -> None:
    parser = arguments("One worker with hundreds of streams.")
    parser.set_defaults(seconds=60.0)
    parser.add_argument("--streams", type=int, default=512)
    options = parser.parse_args()
    tokens = int(options.seconds * RATE)
    with paced(tokens, "--single", "--first", "20") as url:
        engine = {"INFERENCE_URL": url, "INFERENCE_ENGINE": "vllm", "INFERENCE_MODEL": "paced"}
        with service(engine, streams=options.streams) as running:
            warm(running)
            ours = held(running, options.streams, tokens)
    with paced(int(OTHER_SECONDS * RATE), "--single") as url:
        theirs = prefork(url)
    note = f"prefork, {FEW} processes with openai"
    rows = [
        *ours,
        Row("theirs: CPU per chunk", theirs.per_chunk, "us", note=note),
        Row("CPU per chunk", theirs.per_chunk / ours[0].value, "ratio", "ours", note),
        Row("theirs: memory of all processes", theirs.megabytes, "MB", note=note),
        Row(
            "memory per stream",
            (theirs.megabytes / FEW) / ((ours[1].value + ours[2].value) / options.streams),
            "ratio",
            "ours, both processes",
            note,
        ),
    ]
    tell(rows, options.json)


def warm(running: Running) -> None:
    """One answer, after which everything has been loaded."""
    ask(running, 0, 1)
    wait_for_traces(running, 1)


def held(running: Running, streams: int, tokens: int) -> list[Row]:
    """As many questions, asked over half of an answer's length; what their worker took."""
    worker = running.processes["worker"].pid
    (beside,) = children_of(worker)
    before = spent({"worker": worker})["worker"]
    with watching(running) as seen:
        spread(running, streams, tokens / RATE / 2)
        steady = while_all_stream(running, streams, tokens / RATE / 2)
        wait_for_traces(running, streams + 1)
    taken = Taken(spent({"worker": worker})["worker"] - before, streams * tokens, peak(worker))
    length = tokens / RATE
    note = f"{streams} streams of {tokens} tokens, {max(seen)} at once"
    few = max(seen[running_now] for running_now in seen if running_now <= FEW)
    return [
        Row("ours: CPU per chunk, all in", taken.per_chunk, "us", note=note),
        Row("ours: peak memory", taken.megabytes, "MB", note=note),
        Row("ours: peak memory of the process beside", peak(beside), "MB", note=note),
        Row("ours: CPU per chunk while all stream", steady.per_chunk, "us", note=note),
        *(
            Row(f"ours: time lost of a trace, {name}", share, "of its length", note=note)
            for name, share in lost(running, length)
        ),
        Row("connections to PostgreSQL", max(seen.values()), "", note=f"{few} at {FEW} streams"),
        Row("leases lost", running.count(LEASES_LOST), "", note=note),
    ]


def while_all_stream(running: Running, streams: int, seconds: float) -> Taken:
    """What the worker takes while nothing begins or ends, as in the most of a long answer: between
    the last question's beginning and the first answer's end, which lie so many seconds apart."""
    worker = running.processes["worker"].pid
    time.sleep(SETTLED)
    before, began = spent({"worker": worker})["worker"], time.monotonic()
    time.sleep(seconds - 2 * SETTLED)
    cpu, lasted = spent({"worker": worker})["worker"] - before, time.monotonic() - began
    return Taken(cpu, round(lasted * RATE * streams), peak(worker))


def lost(running: Running, length: float) -> Iterator[tuple[str, float]]:
    with psycopg.connect(running.stage.url("magistral_owner")) as database:
        for name, share in (("median", 0.5), ("99 of 100", 0.99)):
            row: Any = database.execute(LOST, [share]).fetchone()
            yield name, (row[0] - length) / length


def spread(running: Running, streams: int, seconds: float) -> None:
    """Ask evenly over so many seconds."""
    started, asked = time.monotonic(), 0
    while asked < streams:
        due = min(streams, int(streams * (time.monotonic() - started + STEP) / seconds))
        for first in range(asked, due, 64):
            ask(running, first, min(64, due - first))
        asked = max(asked, due)
        time.sleep(STEP)


def ask(running: Running, first: int, count: int) -> None:
    questions = [
        {"workspace": "finance", "text": f"{QUESTION} ({number})"}
        for number in range(first, first + count)
    ]
    requests.post(
        f"{running.url}/api/v1/questions/batch/",
        json={"questions": questions},
        headers=running.headers("analyst"),
        timeout=300,
    ).raise_for_status()


def wait_for_traces(running: Running, count: int) -> None:
    while running.count("SELECT count(*) FROM reasoning_runstate WHERE status='finished'") < count:
        time.sleep(0.5)


@contextmanager
def watching(running: Running) -> Iterator[dict[int, int]]:
    """How many connections there were at most, by how many runs were in flight."""
    seen: dict[int, int] = {}
    over = threading.Event()

    def look() -> None:
        with psycopg.connect(running.stage.url("magistral_owner"), autocommit=True) as database:
            while not over.wait(STEP):
                row: Any = database.execute(NOW).fetchone()
                seen[row[0]] = max(row[1], seen.get(row[0], 0))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def peak(pid: int) -> float:
    """Megabytes that a process held at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def unshared(pid: int) -> float:
    """Megabytes of a process and its children, what they share counted once."""
    pages = Path(f"/proc/{pid}/smaps_rollup").read_text()
    own = int(pages.partition("\nPss:")[2].split()[0]) / 1024
    return own + sum(map(unshared, children_of(pid)))


def prefork(url: str) -> Taken:
    """The others' worker, one stream in each process."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        python = openai_python(directory / "environment")
        with embedded_valkey(directory) as broker:
            environment = {**os.environ, "REDIS_URL": broker}
            environment.pop("DJANGO_SETTINGS_MODULE", None)
            worker = Program(
                name="prefork",
                command=[
                    *(python, "-m", "celery", "-A", "prefork_streams", "worker"),
                    *("-P", "prefork", "-c", str(FEW), "--prefetch-multiplier", "1"),
                    *("--without-mingle", "--without-gossip"),
                ],
                environment=environment,
                directory=HERE,
                grace=10.0,
            )
            asked = [python, HERE / "prefork_streams.py", url]
            with process(worker, directory) as running:
                heard([*asked, str(FEW), "5"], environment)
                before = spent({"worker": running.pid})["worker"]
                tokens = str(int(OTHER_SECONDS * RATE))
                chunks = heard([*asked, str(FEW), tokens], environment)
                cpu = spent({"worker": running.pid})["worker"] - before
                return Taken(cpu, chunks, unshared(running.pid))


def heard(command: list[Any], environment: dict[str, str]) -> int:
    """The pieces that the others say they have heard."""
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    return int(json.loads(done.stdout))


if __name__ == "__main__":
    sys.exit(main())
