"""How much of an engine's rate is left on the way through the whole service.

    python -m benchmarks.goodput [--streams 256] [--seconds 60] [--rounds 2] [--json FILE]

A paced engine (tests/engine/fake.py, 20 pieces a second in each stream) answers so many questions
at once, each for about so many seconds: from half to one and a half times as many, as answers do
not all end together. First a bare client sends the requests, as many at once; then the
same number of questions is asked over the API, in batches, and goes through queue, worker and
store. The goodput is the bare client's time over ours, from the first question to the last trace.
One short answer comes before: starting a worker, which takes seconds, is not what is measured.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import requests
import uvloop

from benchmarks.service import QUESTION, Running, rendered_probe, service
from benchmarks.stage import Row, arguments, tell
from quickstart.layout import CHECKOUT

PIECES_PER_SECOND = 20
BATCH = 64
LENGTHS = 67
"""Different ones. A prime number: which places get long answers is another each round."""
LOOK_SECONDS = 0.5
"""Between looks at how many were answered: all share the cores, and looking costs."""
TRACES = "SELECT count(*) FROM reasoning_trace"
WORDS = "Die Frist endet am Monatsende, sofern der Vertrag nichts anderes bestimmt. "


def main() -> None:
    parser = arguments("Goodput through the whole service.")
    parser.set_defaults(seconds=60.0)
    parser.add_argument("--streams", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    total = options.streams * options.rounds
    with fake_engine() as url:
        plan(url, options.seconds)
        bare = uvloop.run(ask_directly(url, options.streams, total))
        engine = {
            "INFERENCE_URL": url,
            "INFERENCE_ENGINE": "vllm",
            "INFERENCE_MODEL": "fake",
        }
        with service(engine, streams=options.streams) as running:
            warm(running, url)
            plan(url, options.seconds)
            ours = ask_the_service(running, total)
    note = f"{total} answers of about {options.seconds:.0f} s, {options.streams} at once"
    tell(
        [
            Row("a bare client", bare, "s", note=note),
            Row("through the service", ours, "s", note=note),
            Row("goodput", bare / ours, "ratio", "a bare client", note),
        ],
        options.json,
    )


@contextmanager
def fake_engine() -> Iterator[str]:
    """A paced engine in a process of its own; its address."""
    rendered = json.dumps(rendered_probe())
    command = [sys.executable, "-m", "tests.engine.fake", "--port", "0", "--rendered", rendered]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT, text=True) as process:
        try:
            yield json.loads(process.stdout.readline())["url"]  # type: ignore[union-attr]
        finally:
            process.kill()


def warm(running: Running, url: str) -> None:
    """One short answer, after which every process has loaded what it needs."""
    requests.delete(f"{url}/fake/plan", timeout=10).raise_for_status()
    ask_the_service(running, 1)


def plan(url: str, seconds: float) -> None:
    """Have the answers take so many seconds on average."""
    texts = [answer_of(seconds * (0.5 + number / LENGTHS)) for number in range(LENGTHS)]
    requests.post(
        f"{url}/fake/plan", json={"texts": texts, "pace": 1 / PIECES_PER_SECOND}, timeout=10
    ).raise_for_status()


def answer_of(seconds: float) -> str:
    """One that takes so long. The fake cuts texts into pieces of eight letters."""
    letters = int(seconds * PIECES_PER_SECOND) * 8
    thinking = (WORDS * (letters // len(WORDS) + 1))[: letters - 60]
    return f"<think>\n{thinking}\n</think>\n\nDie Frist ist gewahrt."


async def ask_directly(url: str, streams: int, total: int) -> float:
    """Seconds that a bare client takes."""
    body = {"model": "fake", "prompt": [1, 2, 3], "stream": True, "return_token_ids": True}
    free = asyncio.Semaphore(streams)
    timeout = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=0)

    async def one(session: aiohttp.ClientSession) -> None:
        async with free, session.post(f"{url}/v1/completions", json=body) as answer:
            async for _piece in answer.content.iter_any():
                pass

    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        started = time.perf_counter()
        await asyncio.gather(*(one(session) for _number in range(total)))
        return time.perf_counter() - started


def ask_the_service(running: Running, total: int) -> float:
    """Seconds from the first question to the last stored trace."""
    session = requests.Session()
    session.headers.update(running.headers("analyst"))
    already = running.count(TRACES)
    started = time.perf_counter()
    for first in range(0, total, BATCH):
        batch: list[dict[str, Any]] = [
            {"workspace": "finance", "text": f"{QUESTION} ({number})"}
            for number in range(first, min(first + BATCH, total))
        ]
        answer = session.post(
            f"{running.url}/api/v1/questions/batch/", json={"questions": batch}, timeout=300
        )
        answer.raise_for_status()
    while running.count(TRACES) < already + total:
        time.sleep(LOOK_SECONDS)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
