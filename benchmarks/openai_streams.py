"""What people would use instead: the ``openai`` package, asked for the same streams.

Run by ``benchmarks.client_cpu`` in the environment of requirements.txt; prints what it took.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import openai
import uvloop

PROMPT = list(range(1000, 1400))


async def stream(client: openai.AsyncOpenAI, tokens: int) -> int:
    """One answer, with what of it is kept; the number of its pieces."""
    texts: list[str] = []
    ids: list[int] = []
    answer: Any = await client.completions.create(
        model="paced",
        prompt=PROMPT,
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=tokens,
        seed=5,
        extra_body={"return_token_ids": True},
    )
    async for event in answer:
        for choice in event.choices:
            texts.append(choice.text)
            ids.extend(choice.token_ids or ())
    if len(ids) < tokens:
        raise RuntimeError(f"{len(ids)} ids of {tokens}")
    return len(texts)


async def streams(url: str, count: int, tokens: int) -> dict[str, float]:
    """All of them at once."""
    client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=3600)
    before, started = time.process_time(), time.perf_counter()
    heard = await asyncio.gather(*(stream(client, tokens) for _number in range(count)))
    return {
        "cpu": time.process_time() - before,
        "seconds": time.perf_counter() - started,
        "chunks": sum(heard),
        "megabytes": peak(),
    }


def peak() -> float:
    """Megabytes at most. (What getrusage says begins with the parent's.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    url, count, tokens = sys.argv[1:]
    print(json.dumps(uvloop.run(streams(url, int(count), int(tokens)))))
