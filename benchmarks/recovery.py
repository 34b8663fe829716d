"""Seconds from ``kill -9`` of a worker until its runs go on, and that nothing of them is lost.

    python -m benchmarks.recovery [--runs 64] [--seconds 30] [--json FILE]

A paced engine answers so many questions at once, each for so many seconds. Once some text of every
one is in the database their worker is killed, and another started in its place, as systemd or
Kubernetes does. The clock runs until the last of them has been claimed again; then all are
answered, and it is checked that each was answered exactly once, and that what had been kept is in a
trace of its run. The times are those of the service's settings: leases of 10 s, a sweep each
second.
"""

import os
import signal
import time
from typing import Any

import psycopg

from benchmarks.client_cpu import RATE, paced
from benchmarks.service import Running, service
from benchmarks.stage import Row, arguments, tell
from benchmarks.worker_streams import ask, wait_for_traces
from quickstart.processes import Process

BATCH = 64
STEP = 0.05
KEPT = """
SELECT run_id, string_agg(text, '' ORDER BY sequence)
  FROM reasoning_partialoutput partial JOIN reasoning_attempt attempt ON attempt.id = attempt_id
 GROUP BY 1
"""
AGAIN = """
SELECT count(DISTINCT run_id), min(recorded_at) FROM reasoning_attempt WHERE number > 1
"""
TRACES = """
SELECT attempt.number, trace.ending, trace.raw_text
  FROM reasoning_trace trace JOIN reasoning_attempt attempt ON attempt.id = trace.attempt_id
 WHERE trace.run_id = %s ORDER BY 1
"""


def main() -> None:
    parser = arguments("Recovery from kill -9 of a worker.")
    parser.set_defaults(seconds=30.0)
    parser.add_argument("--runs", type=int, default=64)
    options = parser.parse_args()
    with paced(int(options.seconds * RATE), "--single") as url:
        engine = {"INFERENCE_URL": url, "INFERENCE_ENGINE": "vllm", "INFERENCE_MODEL": "paced"}
        with service(engine, streams=options.runs) as running:
            rows = recovered(running, options.runs)
    tell(rows, options.json)


def recovered(running: Running, runs: int) -> list[Row]:
    for first in range(0, runs, BATCH):
        ask(running, first, min(BATCH, runs - first))
    with psycopg.connect(running.stage.url("magistral_owner"), autocommit=True) as database:
        while len(kept := dict(database.execute(KEPT).fetchall())) < runs:
            time.sleep(STEP)
        killed = kill(running)
        first = last = 0.0
        while not last:
            row: Any = database.execute(AGAIN.encode()).fetchone()
            first = first or (time.monotonic() - killed if row[0] else 0.0)
            last = time.monotonic() - killed if row[0] == runs else 0.0
            time.sleep(STEP)
        wait_for_traces(running, runs)
        for run, text in kept.items():
            require_whole(database.execute(TRACES, [run]).fetchall(), text)
    note = (
        f"{runs} runs in flight, each answered once, {sum(map(len, kept.values())):,} letters kept"
    )
    return [
        Row("from kill -9 to the first run going on", first, "s", note=note),
        Row("from kill -9 to the last run going on", last, "s", note=note),
    ]


def kill(running: Running) -> float:
    """Kill the worker and start another; when it was killed."""
    worker = running.processes["worker"]
    os.kill(worker.pid, signal.SIGKILL)
    killed = time.monotonic()
    worker.finish(killed + 10)
    log, record = (running.stage.directory / f"worker-2.{end}" for end in ("log", "pid"))
    running.processes["worker"] = Process(running.programs["worker"], log, record)
    return killed


def require_whole(traces: list[Any], kept: str) -> None:
    """One whole answer, and the kept text in the trace of the attempt that was killed."""
    endings = [ending for _number, ending, _text in traces]
    if endings.count("finished") != 1 or endings[-1] != "finished":
        raise RuntimeError(f"answered otherwise than once: {endings}")
    if not any(text.startswith(kept) for _number, _ending, text in traces):
        raise RuntimeError("text that had been kept is in no trace")


if __name__ == "__main__":
    main()
