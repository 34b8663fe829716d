"""What the whole path costs where the engine costs nothing, and where the time goes.

    python -m benchmarks.overhead [--runs 2000] [--streams 64] [--json FILE]

An engine (tests/engine/fake.py) says an answer of 20 KB at once, in pieces as large as unwatched
runs get (16 tokens). After a short answer, with which everything is loaded, so many questions are
asked over the API, and go through queue, worker, store and log: runs per second from the first
question to the last trace, and the processor time of each part for one run, from /proc. The
engine's own share is told too: it is on the same machine.
"""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import redis
import requests

from benchmarks.goodput import WORDS, ask_the_service, fake_engine, warm
from benchmarks.service import Running, service
from benchmarks.stage import Row, arguments, tell

LETTERS = 20_000
PIECE = 64
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = arguments("Overhead without an engine.")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--streams", type=int, default=64)
    options = parser.parse_args()
    with fake_engine() as url:
        engine = {"INFERENCE_URL": url, "INFERENCE_ENGINE": "vllm", "INFERENCE_MODEL": "fake"}
        with service(engine, streams=options.streams) as running:
            warm(running, url)
            say_at_once(url)
            pids = parts_of(running)
            before = spent(pids)
            seconds = ask_the_service(running, options.runs)
            after = spent(pids)
    used = {name: after[name] - before[name] for name in pids}
    tell(rows(used, seconds, options.runs), options.json)


def rows(used: Mapping[str, float], seconds: float, runs: int) -> list[Row]:
    """The rate, and milliseconds of processor time a run for each part, the largest first."""
    total = sum(used.values())
    note = f"{runs} runs of {LETTERS:,} letters, {total / seconds:.2f} cores busy"
    return [
        Row("runs through the whole path", runs / seconds, "a second", note=note),
        *(
            Row(
                f"processor time: {name}",
                1000 * time / runs,
                "ms a run",
                note=f"{time / total:.0%}",
            )
            for name, time in sorted(used.items(), key=lambda item: -item[1])
        ),
    ]


def say_at_once(url: str) -> None:
    """Have every answer be said without a pause."""
    thinking = (WORDS * (LETTERS // len(WORDS) + 1))[: LETTERS - 60]
    text = f"<think>\n{thinking}\n</think>\n\nDie Frist ist gewahrt."
    body = {"text": text, "piece": PIECE}
    requests.post(f"{url}/fake/plan", json=body, timeout=10).raise_for_status()


def parts_of(running: Running) -> dict[str, int]:
    """The first process of each part, by name."""
    pids = {name: process.pid for name, process in running.processes.items()}
    with redis.Redis.from_url(running.redis_url) as broker:
        valkey = int(broker.info()["process_id"])
    postmaster = Path(running.stage.cluster.data, "postmaster.pid").read_text().split()[0]
    return pids | {"Valkey": valkey, "PostgreSQL": int(postmaster), "engine": _engine()}


def _engine() -> int:
    """The fake engine: the child of this process that is it."""
    for pid, (parent, _ticks) in _processes().items():
        if (
            parent == os.getpid()
            and b"tests.engine.fake" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ):
            return pid
    raise LookupError("no engine is running")


def spent(pids: Mapping[str, int]) -> dict[str, float]:
    """Seconds of processor time of each part so far: its processes, and those that have ended."""
    known = _processes()
    children = _by_parent(known)

    def whole(pid: int) -> int:
        return known[pid][1] + sum(whole(child) for child in children[pid])

    return {name: whole(pid) / TICKS for name, pid in pids.items()}


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    return _by_parent(_processes())[pid]


def _by_parent(known: Mapping[int, tuple[int, int]]) -> defaultdict[int, list[int]]:
    children = defaultdict(list)
    for pid, (parent, _ticks) in known.items():
        children[parent].append(pid)
    return children


def _processes() -> dict[int, tuple[int, int]]:
    """Parent and ticks of every process, its ended children's included (proc_pid_stat(5))."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        found[int(path.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    return found


if __name__ == "__main__":
    main()
