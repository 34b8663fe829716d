"""How late words reach those who watch, and what a run costs that nobody watches.

    python -m benchmarks.live [--watchers 1 50 200] [--seconds 20] [--json FILE]

An engine in this process sends 20 pieces a second and remembers when; watchers read server-sent
events of the whole service (web server, worker, Valkey, each a process of its own). Lateness is
from the moment the engine sent a piece to the moment a watcher had all of it. At last runs are
asked that nobody watches, and what was sent for them is counted.
"""

import asyncio
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import redis
import requests
import uvloop

from benchmarks.goodput import PIECES_PER_SECOND, WORDS
from benchmarks.service import QUESTION, Running, rendered_probe, service
from benchmarks.stage import Row, arguments, tell
from tests.engine import fake
from tests.engine.fake import FakeEngine, Plan
from tests.engine.scenarios import Stage
from tests.engine.voices import Voice

PIECE = 8
OPENING = len("<think>")
UNWATCHED = 32


class Timed:
    """The engine's usual answer, with the time at which each piece was sent."""

    def __init__(self) -> None:
        self.sent: list[float] = []

    async def __call__(self, stage: Stage, voice: Voice, events: list[bytes]) -> None:
        self.sent.clear()
        for piece in events:
            self.sent.append(time.monotonic())
            await stage.response.write(piece)
            await asyncio.sleep(1 / PIECES_PER_SECOND)
        for piece in voice.closing():
            await stage.response.write(piece)


@contextmanager
def timed_engine(seconds: float) -> Iterator[tuple[FakeEngine, Timed]]:
    timed = Timed()
    fake.SCENARIOS["timed"] = timed  # type: ignore[index]
    letters = int(seconds * PIECES_PER_SECOND) * PIECE
    text = "<think>" + (WORDS * (letters // len(WORDS) + 1))[:letters] + "</think>Gewahrt."
    with fake.serving() as engine:
        engine.plan, engine.rendered = Plan("timed", text=text), rendered_probe()
        yield engine, timed


def main() -> None:
    parser = arguments("Lateness of the live view.")
    parser.set_defaults(seconds=20.0)
    parser.add_argument("--watchers", type=int, nargs="+", default=[1, 50, 200])
    options = parser.parse_args()
    rows: list[Row] = []
    with timed_engine(options.seconds) as (engine, timed):
        parts = {"INFERENCE_URL": engine.url, "INFERENCE_ENGINE": "vllm", "INFERENCE_MODEL": "fake"}
        with service(parts, streams=64) as running:
            lateness(running, timed, 1)  # everything has been loaded after that
            for watchers in options.watchers:
                rows += lateness(running, timed, watchers)
            rows += commands(running)
    tell(rows, options.json)


def lateness(running: Running, timed: Timed, watchers: int) -> list[Row]:
    run = ask(running)
    late = sorted(uvloop.run(watch_all(running, run, timed, watchers)))
    note = f"{watchers} watchers of one run, {len(late):,} pieces"
    return [
        Row("lateness, median", statistics.median(late) * 1000, "ms", note=note),
        Row("lateness, 99 of 100", late[int(len(late) * 0.99)] * 1000, "ms", note=note),
        Row("lateness, worst", late[-1] * 1000, "ms", note=note),
    ]


def ask(running: Running) -> str:
    body = {"workspace": "finance", "text": f"{QUESTION} {time.time_ns()}"}
    answer = requests.post(
        f"{running.url}/api/v1/questions/",
        json=body,
        headers=running.headers("analyst"),
        timeout=30,
    )
    answer.raise_for_status()
    return str(answer.json()["runs"][0]["id"])


async def watch_all(running: Running, run: str, timed: Timed, watchers: int) -> list[float]:
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(
        running.url, headers=running.headers("analyst"), connector=connector, timeout=timeout
    ) as session:
        late = await asyncio.gather(*(watch(session, run, timed) for _each in range(watchers)))
    return [one for each in late for one in each]


async def watch(session: aiohttp.ClientSession, run: str, timed: Timed) -> list[float]:
    """For each piece that was sent after the watcher was let in, how late all of it was here."""
    late: list[float] = []
    came, letters, known = 0.0, 0, 0
    async with session.get(f"/api/v1/runs/{run}/events/") as answer:
        name = ""
        async for line in answer.content:
            if line.startswith(b"event: "):
                name = line[7:].strip().decode()
                came = came or time.monotonic()
            elif line.startswith(b"data: ") and name == "thinking":
                letters += len(json.loads(line[6:])["text"])
                now = time.monotonic()
                whole = (letters + OPENING) // PIECE
                late += [now - sent for sent in timed.sent[known:whole] if sent > came]
                known = whole
            if name == "done":
                break
    return late


def commands(running: Running) -> list[Row]:
    """Commands of Valkey's for each run that nobody watches, beyond those of an idle service."""
    client: Any = redis.Redis.from_url(running.redis_url)
    runs = [ask(running) for _each in range(UNWATCHED)]
    finished = f"SELECT count(*) FROM reasoning_trace WHERE run_id IN ({_quoted(runs)})"
    before = _streamed(client)
    while running.count(finished) < UNWATCHED:
        time.sleep(0.2)
    sent = _streamed(client) - before
    note = f"{UNWATCHED} runs at once, of {PIECES_PER_SECOND} pieces a second"
    return [Row("events sent for runs that nobody watches", sent, "events", note=note)]


def _streamed(client: Any) -> int:
    return int(client.info("commandstats").get("cmdstat_xadd", {}).get("calls", 0))


def _quoted(identifiers: list[str]) -> str:
    return ", ".join(f"'{one}'" for one in identifiers)


if __name__ == "__main__":
    main()
