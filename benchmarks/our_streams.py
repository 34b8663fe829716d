"""Our client as the worker uses it: its loop, its flights' buffers, its transcripts.

Run by ``benchmarks.client_cpu``; prints what it took. Django is loaded as in a worker, so that the
memory is a worker's; no database is asked. ``--profile FILE`` writes what the loop's thread did.
"""

import argparse
import asyncio
import cProfile
import json
import os
import time
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

os.environ.update(
    SECRET_KEY="benchmark",
    DATABASE_URL="postgresql:///none",
    DJANGO_SETTINGS_MODULE="magistral_audit.settings",
)

import django

django.setup()

from reasoning.inference import client, loop  # noqa: E402
from reasoning.inference.requests import (  # noqa: E402
    EngineAddress,
    EngineKind,
    Fidelity,
    GenerationRequest,
)
from reasoning.inference.transcript import Transcript  # noqa: E402
from reasoning.services.flights import Flight  # noqa: E402

PROMPT = tuple(range(1000, 1400))


def a_request(number: int, tokens: int, interval: int) -> GenerationRequest:
    return GenerationRequest(
        request_id=f"run-{number}",
        prompt_token_ids=PROMPT,
        messages=(),
        temperature=Decimal("0.7"),
        top_p=Decimal("0.95"),
        max_tokens=tokens,
        seed=5,
        stream_interval=interval,
        read_timeout=600.0,
        total_timeout=3600.0,
    )


async def stream(url: str, number: int, tokens: int, interval: int) -> int:
    """One answer; the number of its pieces."""
    wanted = a_request(number, tokens, interval)
    attempt = SimpleNamespace(number=1)
    flight = Flight(SimpleNamespace(run=SimpleNamespace(pk=number), attempt=attempt, probe=False))
    flight.board()
    address = EngineAddress(EngineKind.VLLM, url, "paced")
    answer = await client.generate(
        address, wanted, transcript=Transcript(wanted, flight.pieces), hurried=lambda: False
    )
    if answer.fidelity is not Fidelity.RAW_IDS or len(answer.token_ids) < tokens:
        raise RuntimeError(f"{answer.fidelity}: {len(answer.token_ids)} ids of {tokens}")
    return len(flight.arrived().ends)


async def streams(given: argparse.Namespace) -> int:
    """All of them at once; how many pieces came."""
    work = (
        stream(given.url, number, given.tokens, given.interval) for number in range(given.count)
    )
    return sum(await asyncio.gather(*work))


async def profiled(given: argparse.Namespace) -> int:
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    chunks = await streams(given)
    profile.disable()
    profile.dump_stats(given.profile)
    return chunks


def peak() -> float:
    """Megabytes at most. (What getrusage says begins with the parent's.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("count", type=int)
    parser.add_argument("tokens", type=int)
    parser.add_argument("--interval", type=int, default=1)
    parser.add_argument("--profile")
    given = parser.parse_args()
    before, started = time.process_time(), time.perf_counter()
    chunks = loop.run((profiled if given.profile else streams)(given)).result()
    taken = {
        "cpu": time.process_time() - before,
        "seconds": time.perf_counter() - started,
        "chunks": chunks,
        "megabytes": peak(),
    }
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
